"""TEST: detached processes on the real kernel: found by pid and start time, stopped with all of their session."""

import dataclasses
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.stack.detached import bound_once
from ingest.stack.environment import python_environment
from ingest.stack.processes import Record, find, launch, read_record, session_of, stop, wait_for_end

# Hostile to a stopper: ignores SIGTERM, and has a child that ignores it too.
STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
open(sys.argv[1], "a").write("up\\n")
while True:
    signal.pause()
"""
# A good service: says that it is up and ends at SIGTERM.
POLITE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
open(sys.argv[1], "a").write("up\\n")
print("hello from the service", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator["Service"]:
    started = Service(tmp_path)
    yield started
    started.end()


class Service:
    """Launches a module and knows, through a FIFO, when as many of its processes as expected are up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "service.json"
        self.log = folder / "service.log"
        self.fifo = folder / "up"
        os.mkfifo(self.fifo)
        self._reader = os.open(self.fifo, os.O_RDWR)

    def launch(self, code: str, processes: int = 1) -> Record:
        (self.folder / "service_module.py").write_text(code)
        environment = python_environment()
        environment["PYTHONPATH"] = os.pathsep.join([environment.get("PYTHONPATH", ""), str(self.folder)])
        record = launch(
            "service_module",
            [str(self.fifo)],
            record=self.record,
            log=self.log,
            log_bytes_max=1 << 20,
            environment=os.environ | environment,
            directory=self.folder,
        )
        said = b""
        while said.count(b"\n") < processes:
            assert select.select([self._reader], [], [], 60)[0], "the service did not come up"
            said += os.read(self._reader, 100)
        return record

    def end(self) -> None:
        record = read_record(self.record)
        if record is not None:
            stop(record, grace_seconds=0)
        os.close(self._reader)


def test_a_launched_process_is_detached_recorded_and_logged(service: Service) -> None:
    record = service.launch(POLITE)
    assert find(service.record) == record
    assert session_of(record) == [record.pid]
    assert os.getsid(record.pid) == record.pid, "a session of its own: no terminal signal of ours reaches it"
    parent = int(Path(f"/proc/{record.pid}/stat").read_text().rpartition(")")[2].split()[1])
    assert parent != os.getpid()
    assert stop(record, grace_seconds=30) == []
    assert find(service.record) is None
    assert "hello from the service" in service.log.read_text()


def test_whoever_ignores_sigterm_is_killed_with_all_children(service: Service) -> None:
    record = service.launch(STUBBORN, processes=2)
    assert len(session_of(record)) == 2
    assert stop(record, grace_seconds=0.2) == []
    assert session_of(record) == []
    assert not record.alive


def test_children_of_a_killed_leader_are_found_and_stopped(service: Service) -> None:
    record = service.launch(STUBBORN, processes=2)
    os.kill(record.pid, signal.SIGKILL)
    assert wait_for_end(record, 30)
    assert find(service.record) is None
    assert len(session_of(record)) == 1, "the orphan is still known as ours"
    assert stop(record, grace_seconds=0) == []
    assert session_of(record) == []


def test_a_second_launch_does_not_replace_a_living_process(service: Service) -> None:
    first = service.launch(POLITE)
    with pytest.raises(OSError, match="did not start"):
        service.launch(POLITE)
    assert find(service.record) == first


def test_a_reused_pid_is_not_ours_and_is_never_signalled() -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True) as stranger:
        ours = Record(stranger.pid, start_ticks=1, boot_id=Record.of_this_process().boot_id, since=0.0)
        assert not ours.alive
        assert session_of(ours) == []
        assert stop(ours, grace_seconds=0) == []
        assert stranger.poll() is None, "a process that only shares the id was left alone"
        stranger.kill()


def test_a_record_of_another_boot_is_not_ours() -> None:
    here = Record.of_this_process()
    assert here.alive
    assert not dataclasses.replace(here, boot_id="another").alive
    assert session_of(dataclasses.replace(here, boot_id="another")) == []


def test_a_zombie_does_not_count_as_running() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    started = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[19])
    zombie = dataclasses.replace(Record.of_this_process(), pid=child, start_ticks=started)
    assert not zombie.alive
    os.waitpid(child, 0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "x": 2}'])
def test_a_damaged_record_is_no_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "record").write_text(content)
    assert read_record(tmp_path / "record") is None


def test_a_log_is_bounded_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old" * 100)
        bound_once(log, 1000)
        assert log.stat().st_size == 300, "not yet over its bound"
        bound_once(log, 200)
        writer.write(b"new")
    assert log.read_bytes() == b"new", "no hole where the old text was"
    assert (tmp_path / "service.log.1").read_bytes() == b"old" * 100
