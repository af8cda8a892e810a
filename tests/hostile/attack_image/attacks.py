"""TEST: what a parser might do once a document has taken it over. The document's first line is {"attack": …, …}."""

import ctypes
import errno
import hashlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import probes
from wire import done, emit, job, leave, progress, ready, say, take, take_line

from contract.frames import HEADER, FrameKind, encode

ATTACKS: dict[str, Any] = {}


def attack(function: Any) -> Any:
    ATTACKS[function.__name__] = function
    return function


@attack
def echo(order: dict[str, Any]) -> None:
    """No attack: an honest answer, to see that a next file is unaffected."""
    say(order["say"])
    done()
    leave()


@attack
def digest(order: dict[str, Any]) -> None:
    """No attack either: what arrived."""
    say(hashlib.sha256(order["body"]).hexdigest())
    done()
    leave()


@attack
def sleep_for_ever(_: dict[str, Any]) -> None:
    while True:
        time.sleep(3600)


@attack
def progress_for_ever(_: dict[str, Any]) -> None:
    for count in range(1 << 60):
        progress(count)
        time.sleep(0.05)


@attack
def ignore_signals(_: dict[str, Any]) -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    sleep_for_ever({})


@attack
def close_streams(_: dict[str, Any]) -> None:
    """Look ended to whoever listens, and live on."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    sleep_for_ever({})


@attack
def spin(_: dict[str, Any]) -> None:
    """Burn CPU while showing life."""
    threading.Thread(target=progress_for_ever, args=({},), daemon=True).start()
    while True:
        pass


@attack
def fork_bomb(_: dict[str, Any]) -> None:
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


@attack
def allocate(order: dict[str, Any]) -> None:
    held = [b"\x01" * (1 << 20) for _ in range(order["mebibytes"])]
    say(len(held))
    done()
    leave()


@attack
def child_out_of_memory(order: dict[str, Any]) -> None:
    """Let a child be killed for memory, and answer as if nothing had happened."""
    child = os.fork()
    if child == 0:
        Path("/proc/self/oom_score_adj").write_text("1000")
        allocate(order)
    os.waitpid(child, 0)
    say("well")
    done()
    leave()


@attack
def fill_disk(_: dict[str, Any]) -> None:
    """Fill /tmp with files below the file size limit; an honest parser answers with a refusal."""
    written = 0
    try:
        for number in range(1 << 20):
            with Path(f"/tmp/{number}").open("wb", buffering=0) as file:
                written += file.write(b"\x01" * (1 << 20))
    except OSError as error:
        done("disk_limit", f"{errno.errorcode[error.errno or 0]} after {written}")
        leave()


@attack
def fill_inodes(_: dict[str, Any]) -> None:
    count = 0
    try:
        while True:
            os.close(os.open(f"/tmp/{count}", os.O_CREAT | os.O_WRONLY))
            count += 1
    except OSError as error:
        done("disk_limit", f"{errno.errorcode[error.errno or 0]} after {count}")
        leave()


@attack
def huge_file(_: dict[str, Any]) -> None:
    """One file beyond the file size limit, with the signal's default action."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with Path("/tmp/huge").open("wb", buffering=0) as file:
        file.truncate(1 << 40)


@attack
def open_files(_: dict[str, Any]) -> None:
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        os.close(held.pop())
        say({"files": len(held), "error": errno.errorcode[error.errno or 0]})
        done()
        leave()


@attack
def flood(order: dict[str, Any]) -> None:
    """Bytes without end on stdout or stderr, with every signal ignored."""
    for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    frame = encode(FrameKind.TEXT, b"x" * (1 << 16))
    data = {"frames": frame, "garbage": b"\xff" * (1 << 16), "empty frames": HEADER.pack(FrameKind.TEXT, 0) * 8192}
    while True:
        emit(data[order["what"]], order["descriptor"])


@attack
def lie(order: dict[str, Any]) -> None:
    """Send the rest of the document as if it were frames, then end as the contract says."""
    emit(order["body"])
    leave()


@attack
def write_stderr(order: dict[str, Any]) -> None:
    emit(order["body"], 2)
    done()
    leave()


@attack
def lie_then_exit(order: dict[str, Any]) -> None:
    emit(order["body"])
    os._exit(order["status"])


@attack
def done_then_stay(_: dict[str, Any]) -> None:
    done()
    sleep_for_ever({})


@attack
def done_then_crash(_: dict[str, Any]) -> None:
    done()
    leave(1)


@attack
def leave_orphan(_: dict[str, Any]) -> None:
    """A child in a session of its own, without our streams, outlives its parent."""
    if os.fork() == 0:
        os.setsid()
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        sleep_for_ever({})
    say("well")
    done()
    leave()


@attack
def kill(order: dict[str, Any]) -> None:
    """Send a signal: to ourselves (the init's only child), or to the init."""
    os.kill(os.getpid() if order["whom"] == "self" else 1, order["signal"])
    sleep_for_ever({})


@attack
def segfault(_: dict[str, Any]) -> None:
    ctypes.string_at(0)


@attack
def probe(order: dict[str, Any]) -> None:
    """Attempt something forbidden and tell what came of it."""
    say(getattr(probes, order["probe"])(**order["with"]))
    done()
    leave()


def main() -> None:
    ready()
    size = job()["input_bytes"]
    line, body = take_line()
    order = json.loads(line)
    if order.get("read", True):
        order["body"] = body + take(size - len(line) - 1 - len(body))
    ATTACKS[order["attack"]](order)


main()
