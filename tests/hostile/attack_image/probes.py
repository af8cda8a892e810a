"""TEST: attempts at what a sandbox must not be able to do. Each returns what happened, as plain data."""

import ctypes
import errno
import os
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
CANARY = re.compile(rb"canary-[0-9a-f]{32}")

# x86-64 numbers, from the kernel's arch/x86/entry/syscalls/syscall_64.tbl.
FORBIDDEN_CALLS: dict[str, tuple[int, ...]] = {
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "fsopen": (430, 0, 0),
    "open_tree": (428, -100, 0, 0),
    "pivot_root": (155, 0, 0),
    "chroot": (161, 0),
    "unshare user": (272, 0x10000000),
    "unshare net": (272, 0x40000000),
    "setns": (308, 0, 0),
    "clone user": (56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone mount": (56, 0x00020000 | 17, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "keyctl": (250, 0, -3, 1),
    "add_key": (248, 0, 0, 0, 0, -3),
    "request_key": (249, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "userfaultfd": (323, 1),
    "io_uring_setup": (425, 1, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "memfd_create": (319, 0, 0),
    "execveat": (322, -100, 0, 0, 0, 0),
    "open_by_handle_at": (304, -100, 0, 0),
    "name_to_handle_at": (303, -100, 0, 0, 0, 0),
    "personality": (135, 0x0040000),
    "init_module": (175, 0, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "reboot": (169, 0, 0, 0, 0),
    "swapon": (167, 0, 0),
    "sethostname": (170, 0, 0),
    "clock_settime": (227, 0, 0),
    "mknod": (133, 0, 0, 0),
    "splice": (275, -1, 0, -1, 0, 1, 0),
    "vmsplice": (278, -1, 0, 0, 0),
    "socketpair": (53, 1, 1, 0, 0),
    "prctl set_mm": (157, 35, 0, 0, 0, 0),
    "ioctl TIOCSTI": (16, 0, 0x5412, 0),
    "mq_open": (240, 0, 0, 0, 0),
    "shmget": (29, 0, 4096, 0o1000),
    "setuid": (105, 0),
    "setgroups": (116, 0, 0),
    "capset": (126, 0, 0),
    "chown": (92, 0, 0, 0),
    "finit_module": (313, 0, 0, 0),
    "syslog": (103, 3, 0, 0),
    "acct": (163, 0),
    "iopl": (172, 3),
    "vhangup": (153,),
    "fanotify_init": (300, 0, 0),
    "lookup_dcookie": (212, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "remap_file_pages": (216, 0, 0, 0, 0, 0),
}


def _outcome(action: Callable[[], object]) -> str:
    """The error's name, or "succeeded"."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "succeeded"


def _raw(numbers: tuple[int, ...]) -> str:
    ctypes.set_errno(0)
    result = LIBC.syscall(*(ctypes.c_long(number) for number in numbers))
    if result == 0 and numbers[0] == 56:  # the child of a clone that should not have been
        os._exit(0)
    return "succeeded" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))


def system_calls() -> dict[str, str]:
    return {name: _raw(numbers) for name, numbers in FORBIDDEN_CALLS.items()}


def _connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as connection:
        connection.settimeout(1)
        connection.connect(address)
        connection.send(b"stolen")


def network(ports: dict[str, int], hosts: list[str], abstract: str) -> dict[str, str]:
    """Every way out: TCP and UDP to each address of the host, an abstract Unix socket, a name, a raw packet."""
    outcomes = {}
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        tcp, udp = (host, ports["tcp6" if ":" in host else "tcp"]), (host, ports["udp"])
        outcomes[f"tcp {host}"] = _outcome(lambda f=family, a=tcp: _connect(f, socket.SOCK_STREAM, a))
        outcomes[f"udp {host}"] = _outcome(lambda f=family, a=udp: _connect(f, socket.SOCK_DGRAM, a))
    outcomes["abstract"] = _outcome(lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract))
    outcomes["engine"] = _outcome(lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"))
    outcomes["dns"] = _outcome(lambda: socket.getaddrinfo("example.org", 80))
    outcomes["raw"] = _outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    outcomes["netlink"] = _outcome(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
    outcomes["vsock"] = _outcome(lambda: socket.socket(40, socket.SOCK_STREAM))
    return outcomes


def write(paths: list[str], token: str) -> dict[str, str]:
    """Try to create a file in each place."""
    return {path: _outcome(lambda p=path: Path(p, token).write_text(token)) for path in paths}


def writable_places() -> list[str]:
    """Every directory in which a file can be created."""
    found = []
    for folder, names, _ in os.walk("/"):
        names[:] = [name for name in names if (folder, name) != ("/", "proc")]
        path = Path(folder, ".attempt")
        if _outcome(lambda p=path: p.write_text("x")) == "succeeded":
            path.unlink()
            found.append(folder)
    return sorted(found)


def secrets() -> dict[str, Any]:
    """Look for planted secrets wherever a file can be read, in our environment and in every process we can see."""
    found: set[str] = set()
    for path in _readable_files():
        try:
            with path.open("rb") as file:
                found.update(match.decode() for match in CANARY.findall(file.read(1 << 20)))
        except OSError:
            continue
    return {"found": sorted(found), "environment": dict(os.environ), "processes": _processes()}


def _readable_files() -> list[Path]:
    roots = ["/etc", "/run", "/var", "/root", "/home", "/tmp", "/dev/shm", "/sys", "/proc/1", "/proc/self"]
    paths = [Path("/proc", name, part) for name in _processes() for part in ("environ", "cmdline", "mountinfo", "maps")]
    paths += [Path("/proc", name) for name in ("cmdline", "version", "keys", "kallsyms", "kcore", "mounts", "swaps")]
    for root in roots:
        for folder, _, names in os.walk(root):
            paths += [Path(folder, name) for name in names if "/task/" not in folder]
    return [path for path in paths if os.access(path, os.R_OK) and not path.is_fifo()]


def _processes() -> list[str]:
    return [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]


def masked(paths: list[str]) -> dict[str, str]:
    """What of the host's kernel can be read: "empty", the error, or how many bytes."""
    outcomes = {}
    for name in paths:
        path = Path(name)
        try:
            size = len(list(path.iterdir())) if path.is_dir() else len(path.read_bytes()[:100])
        except OSError as error:
            outcomes[name] = errno.errorcode.get(error.errno or 0, "error")
        else:
            outcomes[name] = str(size) if size else "empty"
    return outcomes


def become_root() -> dict[str, str]:
    """Every way to another user: the calls, and a set-user-id program of our own making."""
    outcomes = {
        "setuid": _outcome(lambda: os.setuid(0)),
        "setresuid": _outcome(lambda: os.setresuid(0, 0, 0)),
        "setgid": _outcome(lambda: os.setgid(0)),
        "chown": _outcome(lambda: os.chown("/tmp", 0, 0)),
        "chroot": _outcome(lambda: os.chroot("/tmp")),
    }
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return outcomes | {name: status.get(name, "") for name in ("Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}


def drop_and_run() -> dict[str, str]:
    """Write a program where we can write, and try to run it."""
    path = Path("/tmp/dropped")
    path.write_bytes(Path(os.path.realpath("/proc/self/exe")).read_bytes())
    path.chmod(0o4755)
    return {
        "run": _outcome(lambda: subprocess.run([path, "--version"], check=True)),
        "map": _outcome(lambda: ctypes.CDLL(str(path))),
    }
