"""TEST: the clocks of a run, on a clock of the test's own."""

from dataclasses import replace

import pytest

from contract.verdicts import Reason
from ingest.sandbox.base import MEBIBYTE, Limits
from ingest.sandbox.deadline import SAMPLE_SECONDS, Deadlines

LIMITS = Limits(wall_seconds=10, wall_seconds_per_mebibyte=1, wall_seconds_max=20, stall_seconds=3, cpu_seconds=5)


def deadlines(limits: Limits = LIMITS, input_bytes: int = 0, cpu_seconds_before: float = 0.0) -> Deadlines:
    return Deadlines(limits, input_bytes, now=100.0, cpu_seconds_before=cpu_seconds_before)


def reason_at(clock: Deadlines, now: float, cpu_seconds: float = 0.0) -> Reason | None:
    stop = clock.passed(now, cpu_seconds)
    return stop.reason if stop else None


def test_nothing_passes_before_its_time() -> None:
    assert reason_at(deadlines(), 102.999) is None


def test_a_stall_is_counted_from_the_last_frame() -> None:
    clock = deadlines()
    assert reason_at(clock, 103.0) is Reason.STALLED
    clock.frame_arrived(102.5)
    assert reason_at(clock, 105.4) is None
    assert reason_at(clock, 105.5) is Reason.STALLED


def test_frames_do_not_move_the_wall() -> None:
    clock = deadlines()
    for second in range(100, 110):
        clock.frame_arrived(second)
    assert reason_at(clock, 109.9) is None
    assert reason_at(clock, 110.0) is Reason.TIMEOUT


@pytest.mark.parametrize(("mebibytes", "wall_seconds"), [(0, 10), (5, 15), (500, 20)])
def test_the_wall_grows_with_size_up_to_a_ceiling(mebibytes: int, wall_seconds: float) -> None:
    clock = deadlines(replace(LIMITS, stall_seconds=1000), mebibytes * MEBIBYTE)
    assert reason_at(clock, 100 + wall_seconds - 0.01) is None
    assert reason_at(clock, 100 + wall_seconds) is Reason.TIMEOUT


def test_warming_up_is_not_held_against_a_file() -> None:
    clock = deadlines(cpu_seconds_before=2.0)
    assert reason_at(clock, 101, 7.0) is None
    assert reason_at(clock, 101, 7.01) is Reason.CPU_LIMIT


def test_output_may_reach_its_limit_but_not_pass_it() -> None:
    clock = deadlines(replace(LIMITS, output_bytes=1000))
    clock.output_arrived(1000)
    assert reason_at(clock, 100) is None
    clock.output_arrived(1)
    assert reason_at(clock, 100) is Reason.OUTPUT_LIMIT


def test_empty_frames_count_as_output() -> None:
    clock = deadlines(replace(LIMITS, output_bytes=512 * 10))
    for _ in range(10):
        clock.frame_arrived(100)
    assert reason_at(clock, 100) is None
    clock.frame_arrived(100)
    assert reason_at(clock, 100) is Reason.OUTPUT_LIMIT


def test_samples_are_due_once_per_interval() -> None:
    clock = deadlines()
    assert not clock.sample_due(100 + SAMPLE_SECONDS - 0.001)
    assert clock.sample_due(100 + SAMPLE_SECONDS)
    assert not clock.sample_due(100 + SAMPLE_SECONDS)
    assert clock.sample_due(100 + 2 * SAMPLE_SECONDS)


def test_one_waits_until_what_comes_first() -> None:
    clock = deadlines(replace(LIMITS, stall_seconds=0.1))
    assert clock.seconds_until_next(100.0) == pytest.approx(0.1)
    assert clock.seconds_until_next(200.0) == 0.0


def test_details_carry_the_figures() -> None:
    clock = deadlines()
    assert (clock.passed(103, 0) or ("", ""))[1] == "no frame for 3 s"
    assert (clock.passed(110, 0) or ("", ""))[1] == "not done after 10 s"
    assert (clock.passed(100, 9) or ("", ""))[1] == "used 9.0 CPU-seconds, the limit is 5"


def test_embedded_files_count_apart_from_other_output_up_to_their_own_limit() -> None:
    limits = Limits(output_bytes=1 << 20)
    clocks = Deadlines(limits, 0, now=100.0, cpu_seconds_before=0, embedded_bytes_max=2 << 20)
    clocks.output_arrived(3 << 20)
    clocks.frame_arrived(100.0, embedded_bytes=2 << 20)
    assert clocks.passed(100.0, 0) is None
    clocks.output_arrived(1)
    clocks.frame_arrived(100.0, embedded_bytes=1)  # one more than the job allows counts like any other byte
    stop = clocks.passed(100.0, 0)
    assert stop is not None
    assert stop.reason is Reason.OUTPUT_LIMIT


@pytest.mark.parametrize(
    ("seconds", "said"), [(31.9073, "32 s"), (30, "30 s"), (2.5, "2.5 s"), (0.25, "0.25 s"), (120, "120 s")]
)
def test_seconds_are_told_as_people_say_them(seconds: float, said: str) -> None:
    clock = deadlines(replace(LIMITS, wall_seconds=seconds, wall_seconds_max=200, stall_seconds=1000))
    stop = clock.passed(1000, 0)
    assert stop is not None
    assert stop.detail == f"not done after {said}"
