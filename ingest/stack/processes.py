"""HOST, trusted: detached processes that any later command can find, prove to be ours, and stop.

A process id alone proves nothing: ids are reused. A record holds the id, the kernel's start time of the process (field
22 of /proc/PID/stat) and the boot id, and only a process that matches all three is ours. Signals go through a pidfd
(pidfd_open(2)), so no signal can reach a stranger who got the id in between.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LAUNCH_SECONDS: Final = 60.0
KILL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Record:
    """One detached process. `since` is in seconds since the epoch, `start_ticks` in clock ticks since boot."""

    pid: int
    start_ticks: int
    boot_id: str
    since: float

    @classmethod
    def of_this_process(cls) -> "Record":
        """The record of the caller."""
        status = _status(os.getpid())
        if status is None:
            raise RuntimeError("/proc does not show this process")
        return cls(os.getpid(), status.start_ticks, BOOT_ID.read_text().strip(), time.time())

    def write(self, path: Path) -> None:
        """Store atomically, for the owner alone."""
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(asdict(self)))
        beside.replace(path)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        status = _status(self.pid)
        return (
            status is not None
            and status.start_ticks == self.start_ticks
            and status.running
            and BOOT_ID.read_text().strip() == self.boot_id
        )


@dataclass(frozen=True, slots=True)
class _Status:
    state: str
    session: int
    start_ticks: int
    threads: int

    @property
    def running(self) -> bool:
        """A killed process whose main thread is a zombie already may have others that still hold its sockets."""
        return self.state not in "ZX" or self.threads > 1


def read_record(path: Path) -> Record | None:
    """The record stored at `path`, whether or not its process still runs; None when there is none that can be read."""
    try:
        return Record(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def find(path: Path) -> Record | None:
    """The record at `path` when its process runs."""
    record = read_record(path)
    return record if record is not None and record.alive else None


def launch(
    module: str,
    arguments: Sequence[str],
    *,
    record: Path,
    log: Path,
    log_bytes_max: int,
    environment: Mapping[str, str],
    directory: Path,
) -> Record:
    """Start `python -m module arguments` in a session of its own and return once its record is written.

    Arguments are visible to every user of the machine: secrets go through `environment`. Raises `OSError` when the
    process could not be started or another one holds the record.
    """
    command = [sys.executable, "-P", "-m", "ingest.stack.detached", str(record), str(log), str(log_bytes_max)]
    with log.open("ab") as output:
        completed = subprocess.run(
            [*command, module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            env=dict(environment),
            timeout=LAUNCH_SECONDS,
            check=False,
        )
    started = find(record)
    if completed.returncode != 0 or started is None:
        raise OSError(f"{module} did not start (status {completed.returncode})")
    return started


def wait_for_end(record: Record, seconds: float) -> bool:
    """Wait until the process has ended, at most so long. True: it has."""
    with _pidfd(record.pid) as descriptor:
        if descriptor is None or not record.alive:
            return True
        return bool(select.select([descriptor], [], [], seconds)[0])


def stop(record: Record, *, grace_seconds: float) -> list[int]:
    """End the process and everything in its session: SIGTERM, then SIGKILL. Returns the ids that outlived even that."""
    _signal_and_wait(record, signal.SIGTERM, grace_seconds)
    _signal_and_wait(record, signal.SIGKILL, KILL_SECONDS)
    return session_of(record)


def session_of(record: Record) -> list[int]:
    """Ids of the running processes of the session which this process leads or led.

    The kernel does not hand out an id that still names a session, so members of a session whose leader is gone are
    ours; but when the id belongs to another process today, that session ended long ago and none of it is ours.
    """
    leader = _status(record.pid)
    if leader is not None and leader.start_ticks != record.start_ticks:
        return []
    if BOOT_ID.read_text().strip() != record.boot_id:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        status = _status(int(entry.name)) if entry.name.isdigit() else None
        if status is not None and status.session == record.pid and status.running:
            found.append(int(entry.name))
    return sorted(found)


def _signal_and_wait(record: Record, number: signal.Signals, seconds: float) -> None:
    """Signal every process of the session, then wait until all of those have ended or the time is over."""
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        waiting = []
        for pid in session_of(record):
            descriptor = stack.enter_context(_pidfd(pid))
            status = _status(pid)  # read after the pidfd was opened: from here on the id cannot change hands
            if descriptor is not None and status is not None and status.session == record.pid:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)
                waiting.append(descriptor)
        while waiting and (left := until - time.monotonic()) > 0:
            ended, _, _ = select.select(waiting, [], [], left)
            waiting = [descriptor for descriptor in waiting if descriptor not in ended]


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int | None]:
    """A descriptor that names one process for good; None when there is no such process."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _status(pid: int) -> _Status | None:
    """State, session and start time, from /proc/PID/stat (proc_pid_stat(5)); None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name is in parentheses and may itself hold spaces and parentheses; fields count from its end.
    fields = text[text.rindex(")") + 2 :].split()
    return _Status(state=fields[0], session=int(fields[3]), start_ticks=int(fields[19]), threads=int(fields[17]))
