"""TEST: the golden body of a sandbox: whoever weakens it changes a file that a reviewer reads."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import ConfigurationError
from ingest.sandbox.base import Limits, Profile, Tier
from ingest.sandbox.hardening import GVISOR_PIDS_MIN, engine_arguments

PROFILE = Profile("pdf", "sha256:" + "a" * 64, "digest", preload=("pdf", "text"))
SECCOMP = json.loads((Path(__file__).parents[3] / "ingest/sandbox/seccomp.json").read_text())

# From the kernel's history of sandbox escapes and Docker's own list of what its default profile blocks, plus our own.
FORBIDDEN = {
    "accept", "accept4", "acct", "add_key", "bind", "bpf", "capset", "chown", "chroot", "clock_adjtime",
    "clock_settime", "connect", "copy_file_range", "create_module", "delete_module", "execveat", "fanotify_init",
    "fchown", "fchownat", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_mempolicy", "init_module",
    "io_setup", "io_submit", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp",
    "kexec_file_load", "kexec_load", "keyctl", "lchown", "link", "linkat", "listen", "lookup_dcookie", "mbind",
    "memfd_create", "memfd_secret", "migrate_pages", "mknod", "mknodat", "mount", "mount_setattr", "move_mount",
    "move_pages", "mq_open", "msgget", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree",
    "perf_event_open", "personality", "pidfd_getfd", "pidfd_open", "pivot_root", "process_madvise",
    "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "recvfrom", "recvmsg", "request_key",
    "seccomp", "semget", "sendfile", "sendmsg", "sendto", "set_mempolicy", "setdomainname", "setgid", "setgroups",
    "sethostname", "setns", "setresuid", "settimeofday", "setuid", "shmget", "socket", "socketpair", "splice",
    "swapoff", "swapon", "symlink", "symlinkat", "syslog", "tee", "umount", "umount2", "unshare", "userfaultfd",
    "vhangup", "vmsplice",
}  # fmt: skip


def without_seccomp(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the file's name in the place of its content, which is a golden file itself."""
    options = body["HostConfig"]["SecurityOpt"]
    body["HostConfig"]["SecurityOpt"] = [
        "seccomp=<seccomp.json>" if option.startswith("seccomp=") else option for option in options
    ]
    return body


@pytest.mark.parametrize("tier", list(Tier))
def test_the_golden_body(tier: Tier) -> None:
    body = without_seccomp(engine_arguments(replace(PROFILE, tier=tier), {"gloveport.owner": "me"}))
    golden = Path(__file__).parent / "golden" / f"{tier}.json"
    assert body == json.loads(golden.read_text()), json.dumps(body, indent=2, sort_keys=True)


def test_the_seccomp_profile_is_passed_in_full() -> None:
    options = engine_arguments(PROFILE, {})["HostConfig"]["SecurityOpt"]
    assert json.loads(options[1].removeprefix("seccomp=")) == SECCOMP


def test_the_seccomp_profile_is_an_allow_list_without_what_escapes_are_made_of() -> None:
    assert SECCOMP["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {name for rule in SECCOMP["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    assert allowed & FORBIDDEN == set()
    assert all(not arch["subArchitectures"] for arch in SECCOMP["archMap"])  # no 32-bit back door


def test_clone_may_not_make_namespaces_and_clone3_is_not_there() -> None:
    (clone,) = [rule for rule in SECCOMP["syscalls"] if "clone" in rule["names"]]
    assert clone["args"] == [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    (clone3,) = [rule for rule in SECCOMP["syscalls"] if "clone3" in rule["names"]]
    assert (clone3["action"], clone3["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_ioctl_and_prctl_are_open_for_named_requests_only() -> None:
    rules = [rule for rule in SECCOMP["syscalls"] if {"ioctl", "prctl"} & set(rule["names"])]
    assert all(len(rule["args"]) == 1 and rule["args"][0]["op"] == "SCMP_CMP_EQ" for rule in rules)


@pytest.mark.parametrize("image", ["gloveport/documents:latest", "sha256:abc", "x@sha256:" + "a" * 64, ""])
def test_an_image_is_a_digest_and_nothing_else(image: str) -> None:
    with pytest.raises(ConfigurationError):
        engine_arguments(replace(PROFILE, image=image), {})


def test_limits_arrive_in_the_engines_units() -> None:
    limits = Limits(memory_bytes=1 << 28, tmpfs_bytes=1 << 23, pids=7, cpus=0.5, cpu_seconds=2.5, open_files=99)
    host = engine_arguments(replace(PROFILE, limits=limits), {})["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (1 << 28, 1 << 28, 7)
    assert host["NanoCpus"] == 500_000_000
    assert "size=8388608," in host["Tmpfs"]["/tmp"]
    ulimits = {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]}
    assert (ulimits["nofile"], ulimits["fsize"], ulimits["core"]) == (99, 1 << 23, 0)


def test_gvisor_gets_the_threads_its_kernel_needs() -> None:
    profile = replace(PROFILE, tier=Tier.SINGLE_USE_GVISOR, limits=Limits(pids=8))
    assert engine_arguments(profile, {})["HostConfig"]["PidsLimit"] == GVISOR_PIDS_MIN


def test_a_probe_changes_what_runs_and_nothing_else() -> None:
    plain, probe = engine_arguments(PROFILE, {}), engine_arguments(PROFILE, {}, ["python3", "-c", "pass"])
    assert {name for name in probe if probe[name] != plain.get(name)} == {"Cmd", "Entrypoint"}


def test_it_is_pure() -> None:
    assert engine_arguments(PROFILE, {"a": "b"}) == engine_arguments(PROFILE, {"a": "b"})
