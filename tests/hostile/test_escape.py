"""TEST: attempts to get out: to the network, to the host's files and secrets, to another user, into the kernel.

Each attempt is made inside by a sandbox that was taken over; the proof is taken outside: a listener that heard nothing,
files that are not there, what the host's kernel says of the process.
"""

import os
import secrets
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from tests.hostile.attacker import SHORT, Attacker, report_of


@dataclass
class Ears:
    """Sockets of the host on every address and family; `heard` empties what arrived."""

    ports: dict[str, int]
    abstract: str
    selector: selectors.DefaultSelector = field(repr=False)

    def heard(self) -> list[object]:
        return [key.data for key, _ in self.selector.select(0)]


@pytest.fixture
def ears() -> Iterator[Ears]:
    selector = selectors.DefaultSelector()
    abstract = f"canary-{secrets.token_hex(16)}"
    opened = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0)),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0)),
        "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract),
    }
    if socket.has_ipv6:
        opened["tcp6"] = (socket.AF_INET6, socket.SOCK_STREAM, ("::", 0))
    sockets = {}
    for name, (family, kind, address) in opened.items():
        sockets[name] = socket.socket(family, kind)
        sockets[name].bind(address)
        if kind == socket.SOCK_STREAM:
            sockets[name].listen()
        selector.register(sockets[name], selectors.EVENT_READ, name)
    ports = {name: ear.getsockname()[1] for name, ear in sockets.items() if name != "abstract"}
    yield Ears({"tcp6": 1} | ports, abstract, selector)
    selector.close()
    for ear in sockets.values():
        ear.close()


def own_addresses() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks the routing table for our own address
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def test_the_ears_hear(ears: Ears) -> None:
    """Else silence would prove nothing."""
    with socket.create_connection(("127.0.0.1", ears.ports["tcp"])):
        assert ears.heard() == ["tcp"]


def test_there_is_no_way_out(attacker: Attacker, ears: Ears) -> None:
    hosts = ["127.0.0.1", "::1", "192.0.2.1", "169.254.169.254", *own_addresses()]
    arguments = {"ports": ears.ports, "hosts": hosts, "abstract": ears.abstract}
    outcomes = report_of(attacker.run("probe", probe="network", **{"with": arguments}))
    assert ears.heard() == []
    assert outcomes.pop("dns") != "succeeded"
    assert set(outcomes.values()) <= {"EPERM", "EACCES"}, outcomes  # no socket can even be made


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A secret where secrets are: in our environment, and in files of the host that anyone could read."""
    word = f"canary-{secrets.token_hex(16)}"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", word)
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", f"postgresql://owner:{word}@localhost/kb")
    paths = [Path("/tmp", word), Path("/var/tmp", word), Path("/dev/shm", word)]
    for path in paths:
        path.write_text(word)
        path.chmod(0o644)
    yield word
    for path in paths:
        path.unlink(missing_ok=True)


def test_there_are_no_secrets_to_find(attacker: Attacker, canary: str) -> None:
    report = report_of(attacker.run("probe", probe="secrets", **{"with": {}}))
    assert report["found"] == []
    assert set(report["environment"]) <= {"PATH", "HOSTNAME", "HOME", "LC_CTYPE"}
    assert report["environment"]["HOSTNAME"] == "sandbox"
    assert set(report["processes"]) <= {str(number) for number in range(1, 20)}  # the init and the parser, no other


def test_nothing_can_be_written_but_the_tmpfs(attacker: Attacker) -> None:
    token = f"canary-{secrets.token_hex(16)}"
    paths = ["/", "/etc", "/usr/bin", "/opt/attacks", "/dev", "/dev/shm", "/dev/mqueue", "/var/tmp", "/sys/fs/cgroup"]
    paths += ["/proc/sys/kernel", "/proc/self/root", "/run", "/home", "/tmp/../etc", "/tmp"]
    outcomes = report_of(attacker.run("probe", probe="write", **{"with": {"paths": paths, "token": token}}))
    assert outcomes.pop("/tmp") == "succeeded"
    assert "succeeded" not in outcomes.values(), outcomes
    for folder in ("/", "/etc", "/tmp", "/var/tmp", "/dev/shm", "/run"):
        assert not Path(folder, token).exists()
    assert report_of(attacker.run("probe", probe="writable_places", **{"with": {}})) == ["/tmp"]


def test_the_next_file_finds_an_empty_tmpfs(attacker: Attacker) -> None:
    token = f"canary-{secrets.token_hex(16)}"
    report_of(attacker.run("probe", probe="write", **{"with": {"paths": ["/tmp"], "token": token}}))
    assert report_of(attacker.run("probe", probe="masked", **{"with": {"paths": ["/tmp"]}})) == {"/tmp": "empty"}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the probe's system call numbers are those of x86-64")
def test_dangerous_system_calls_are_refused(attacker: Attacker) -> None:
    outcomes = report_of(attacker.run("probe", probe="system_calls", **{"with": {}}))
    assert outcomes.pop("clone3") == "ENOSYS"  # so that libc falls back on clone, whose flags can be judged
    assert {name: code for name, code in outcomes.items() if code != "EPERM"} == {}


def test_nobody_becomes_root(attacker: Attacker) -> None:
    outcomes = report_of(attacker.run("probe", probe="become_root", **{"with": {}}))
    assert {outcomes[name] for name in ("setuid", "setresuid", "setgid", "chown", "chroot")} == {"EPERM"}
    assert outcomes["Uid"].split() == ["65532"] * 4


def test_what_is_written_cannot_be_run(attacker: Attacker) -> None:
    outcomes = report_of(attacker.run("probe", probe="drop_and_run", **{"with": {}}))
    assert "succeeded" not in outcomes.values(), outcomes


def test_the_hosts_kernel_is_not_on_show(attacker: Attacker) -> None:
    paths = ["/sys", "/proc/kallsyms", "/proc/cmdline", "/proc/keys", "/proc/interrupts", "/proc/kcore", "/proc/acpi"]
    outcomes = report_of(attacker.run("probe", probe="masked", **{"with": {"paths": paths}}))
    assert set(outcomes.values()) <= {"empty", "ENOENT", "EACCES", "EPERM"}, outcomes


def test_what_the_hosts_kernel_says_of_a_waiting_sandbox(attacker: Attacker, client: docker.DockerClient) -> None:
    """The same from outside: user, capabilities, filter, mounts, interfaces and limits of the process itself."""
    with attacker.waiting() as container_id:
        pid = int(client.api.inspect_container(container_id)["State"]["Pid"])
        child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
        proc = Path("/proc", child)
        status = dict(row.split(":\t", 1) for row in (proc / "status").read_text().splitlines() if ":\t" in row)
        assert status["Uid"].split() == ["65532"] * 4
        assert status["Gid"].split() == ["65532"] * 4
        assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        assert [row.split(":")[0].strip() for row in (proc / "net/dev").read_text().splitlines()[2:]] == ["lo"]
        assert (proc / "net/route").read_text().count("\n") == 1  # the heading alone
        mounts = [row.split() for row in (proc / "mountinfo").read_text().splitlines()]
        assert next(row for row in mounts if row[4] == "/")[5].startswith("ro,")
        assert {"noexec", "nosuid", "nodev"} <= set(next(row for row in mounts if row[4] == "/tmp")[5].split(","))
        assert (proc / "oom_score_adj").read_text().strip() == "1000"
        for namespace in ("net", "pid", "ipc", "uts", "mnt", "cgroup"):
            assert (proc / "ns" / namespace).readlink() != Path("/proc/self/ns", namespace).readlink()
        limits = {row[:25].strip(): row[25:].split()[0] for row in (proc / "limits").read_text().splitlines()}
        assert limits["Max open files"] == str(SHORT.open_files)
        assert limits["Max core file size"] == "0"
        assert limits["Max file size"] == str(SHORT.tmpfs_bytes)
