"""HOST, trusted: the first thing a detached service runs: leaves its starter, records itself, bounds its log.

    python -P -m ingest.stack.detached RECORD LOG LOG_BYTES_MAX MODULE [ARGUMENT…]

The service writes its own record, under a lock it holds for life, before anything slow happens: a starter that is
killed half-way leaves a process that the next `up` or `down` finds. Standard library only.
"""

import fcntl
import os
import runpy
import shutil
import sys
import threading
from pathlib import Path

from ingest.stack.processes import Record

ALREADY_RUNNING = 75  # EX_TEMPFAIL of sysexits.h
LOG_CHECK_SECONDS = 20.0


def main(arguments: list[str]) -> None:
    """Detach, then become the module. Returns in the starter's child as soon as the record is written."""
    record, log, log_bytes_max, module, *rest = arguments
    recorded, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        # Nothing but the end of the pipe: the service ended before it wrote its record.
        os._exit(0 if os.read(recorded, 1) else ALREADY_RUNNING)
    os.close(recorded)
    os.setsid()
    if not _record_once(Path(record)):
        os._exit(ALREADY_RUNNING)
    os.write(tell, b"1")
    os.close(tell)
    bound = threading.Thread(target=keep_bounded, args=(Path(log), int(log_bytes_max)), daemon=True)
    bound.start()
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _record_once(path: Path) -> bool:
    """Write the record unless a living process holds it. The lock ends with the process, and only then."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    Record.of_this_process().write(path)
    return True


def keep_bounded(log: Path, bytes_max: int, stop: threading.Event | None = None) -> None:
    """Move the log aside whenever it has outgrown its bound, for ever. Every writer appends, so none needs to be told.

    Copying and truncating instead of renaming: the descriptors which the service's own children inherited stay valid.
    """
    ended = stop or threading.Event()
    while not ended.is_set():
        bound_once(log, bytes_max)
        ended.wait(LOG_CHECK_SECONDS)


def bound_once(log: Path, bytes_max: int) -> None:
    """Move the log aside if it has outgrown its bound; at most one older part is kept, as `LOG.1`."""
    if log.exists() and log.stat().st_size > bytes_max:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
