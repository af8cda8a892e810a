"""TEST: attacks on time, CPU, memory, processes, disk and output. Each ends for the right reason, within its limit."""

import signal
import threading
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from contract.frames import FrameKind
from contract.verdicts import Reason
from ingest.airlock import admit
from ingest.outcome import Refused
from ingest.sandbox.base import MEBIBYTE, SandboxRun
from tests.hostile.attacker import OPTIONS, SHORT, Attacker, report_of

SLACK_SECONDS = 2.0


def assert_ended(run: SandboxRun, reason: Reason, limit_seconds: float) -> None:
    assert run.verdict is reason, run
    assert run.usage.wall_seconds <= limit_seconds + SLACK_SECONDS, run


def test_sleeping_for_ever_is_a_stall(attacker: Attacker) -> None:
    assert_ended(attacker.run("sleep_for_ever"), Reason.STALLED, SHORT.stall_seconds)


def test_progress_for_ever_meets_the_wall(attacker: Attacker) -> None:
    run = attacker.run("progress_for_ever", limits=replace(SHORT, wall_seconds=3, wall_seconds_max=3))
    assert_ended(run, Reason.TIMEOUT, 3)
    assert run.evidence.last_progress.startswith("attack ")


def test_ignoring_every_signal_does_not_help(attacker: Attacker) -> None:
    run = attacker.run("ignore_signals")
    assert_ended(run, Reason.STALLED, SHORT.stall_seconds)
    assert run.evidence.exit_code == 128 + signal.SIGKILL


def test_closing_all_streams_is_no_end(attacker: Attacker) -> None:
    assert_ended(attacker.run("close_streams"), Reason.STALLED, SHORT.stall_seconds)


def test_a_document_that_is_never_read_blocks_nobody(attacker: Attacker) -> None:
    run = attacker.run("sleep_for_ever", body=bytes(16 * MEBIBYTE), read=False)
    assert_ended(run, Reason.STALLED, SHORT.stall_seconds)
    assert run.usage.bytes_in < 16 * MEBIBYTE


def test_a_document_that_is_never_read_while_frames_come_meets_the_wall(attacker: Attacker) -> None:
    assert_ended(attacker.run("progress_for_ever", body=bytes(16 * MEBIBYTE), read=False), Reason.TIMEOUT, 4)


def test_a_document_that_is_never_read_cannot_hold_up_an_answer(attacker: Attacker) -> None:
    assert report_of(attacker.run("echo", say="early", body=bytes(16 * MEBIBYTE), read=False)) == "early"


def test_spinning_below_the_memory_limit_meets_the_cpu_limit(attacker: Attacker) -> None:
    run = attacker.run("spin")
    assert_ended(run, Reason.CPU_LIMIT, SHORT.wall_seconds)
    assert run.usage.cpu_seconds > SHORT.cpu_seconds


def test_ten_gigabytes_are_not_to_be_had(attacker: Attacker) -> None:
    run = attacker.run("allocate", mebibytes=10 * 1024)
    assert_ended(run, Reason.OUT_OF_MEMORY, SHORT.wall_seconds)
    assert run.usage.memory_peak_bytes <= SHORT.memory_bytes


def test_a_child_killed_for_memory_shows_in_a_run_that_ended_well(attacker: Attacker) -> None:
    run = attacker.run("child_out_of_memory", mebibytes=1024)
    assert_ended(run, Reason.OUT_OF_MEMORY, SHORT.wall_seconds)
    assert run.evidence.exit_code == 0
    assert run.evidence.oom_kills >= 1


def test_a_fork_bomb_is_refused_by_the_kernel(attacker: Attacker) -> None:
    run = attacker.run("fork_bomb")
    assert_ended(run, Reason.PIDS_LIMIT, SHORT.wall_seconds)
    assert run.evidence.pids_limit_hits > 0


def test_a_full_disk_is_the_sandboxes_own(attacker: Attacker) -> None:
    run = attacker.run("fill_disk")
    assert run.verdict is None, run
    answer = admit(run.untrusted_frames, OPTIONS)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.DISK_LIMIT
    assert answer.detail.startswith("ENOSPC after ")
    assert int(answer.detail.rpartition(" ")[2]) <= SHORT.tmpfs_bytes
    assert run.usage.memory_peak_bytes >= SHORT.tmpfs_bytes / 2  # seen from outside: that is where it went


def test_empty_files_run_out_too(attacker: Attacker) -> None:
    run = attacker.run("fill_inodes")
    answer = admit(run.untrusted_frames, OPTIONS)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.detail.split()[0]) == (Reason.DISK_LIMIT, "ENOSPC")


def test_one_huge_file_is_a_disk_limit(attacker: Attacker) -> None:
    assert_ended(attacker.run("huge_file"), Reason.DISK_LIMIT, SHORT.wall_seconds)


def test_open_files_run_out(attacker: Attacker) -> None:
    before = int(Path("/proc/sys/fs/file-nr").read_text().split()[2])
    report = report_of(attacker.run("open_files"))
    assert report["error"] == "EMFILE"
    assert report["files"] < SHORT.open_files
    assert int(Path("/proc/sys/fs/file-nr").read_text().split()[2]) == before


@pytest.mark.parametrize(
    ("what", "descriptor", "reason"),
    [
        ("frames", 1, Reason.OUTPUT_LIMIT),
        ("empty frames", 1, Reason.OUTPUT_LIMIT),
        ("garbage", 1, Reason.PROTOCOL_VIOLATION),
        ("garbage", 2, Reason.OUTPUT_LIMIT),
    ],
)
def test_a_flood_is_cut_off(attacker: Attacker, what: str, descriptor: int, reason: Reason) -> None:
    run = attacker.run("flood", what=what, descriptor=descriptor)
    assert_ended(run, reason, SHORT.wall_seconds)
    assert run.usage.bytes_out <= SHORT.output_bytes + MEBIBYTE
    assert len(run.evidence.stderr_tail) <= SHORT.stderr_bytes
    assert len(run.untrusted_frames) <= SHORT.output_bytes // 512 + 8192


def test_a_flood_leaves_no_log_on_the_host(attacker: Attacker, client: docker.DockerClient) -> None:
    run = attacker.run("flood", what="garbage", descriptor=2)
    folder = Path(client.info()["DockerRootDir"], "containers", run.evidence.container_id)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < MEBIBYTE


@pytest.mark.parametrize(
    ("attack", "order", "exit_code"),
    [
        ("kill", {"whom": "self", "signal": int(signal.SIGKILL)}, 137),
        ("kill", {"whom": "init", "signal": int(signal.SIGTERM)}, 143),
        ("segfault", {}, 139),
        ("lie_then_exit", {"status": 7}, 7),
        ("done_then_crash", {}, 1),
    ],
)
def test_a_crash_is_a_crash(attacker: Attacker, attack: str, order: dict[str, object], exit_code: int) -> None:
    run = attacker.run(attack, **order)
    assert_ended(run, Reason.CRASHED, SHORT.wall_seconds)
    assert run.evidence.exit_code == exit_code


def test_the_init_cannot_be_killed_from_inside(attacker: Attacker) -> None:
    assert_ended(attacker.run("kill", whom="init", signal=int(signal.SIGKILL)), Reason.STALLED, SHORT.stall_seconds)


def test_an_orphan_dies_with_its_sandbox(attacker: Attacker) -> None:
    run = attacker.run("leave_orphan")
    assert report_of(run) == "well"


def test_staying_after_the_answer_is_a_violation(attacker: Attacker) -> None:
    assert_ended(attacker.run("done_then_stay"), Reason.PROTOCOL_VIOLATION, SHORT.stall_seconds)


def test_a_hostile_file_does_not_disturb_its_neighbours(attacker: Attacker) -> None:
    """Side by side: a fork bomb, a flood and an allocation, and an honest file among them."""
    runs: dict[str, SandboxRun] = {}
    orders = {
        "fork_bomb": {},
        "flood": {"what": "frames", "descriptor": 1},
        "allocate": {"mebibytes": 1024},
        "echo": {"say": "neighbour"},
    }
    threads = [
        threading.Thread(target=lambda n=name, o=order: runs.__setitem__(n, attacker.run(n, **o)))
        for name, order in orders.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: run.verdict for name, run in runs.items()} == {
        "fork_bomb": Reason.PIDS_LIMIT,
        "flood": Reason.OUTPUT_LIMIT,
        "allocate": Reason.OUT_OF_MEMORY,
        "echo": None,
    }
    assert [frame.kind for frame in runs["echo"].untrusted_frames][-1] is FrameKind.DONE
