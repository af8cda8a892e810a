"""TEST: every combination of what a host can observe, and the one verdict it means."""

import ast
import itertools
import signal
from pathlib import Path

import pytest

from contract.verdicts import Reason
from ingest.sandbox.deadline import Stop
from ingest.sandbox.verdict import EXIT_MEMORY, Observation, judge

STOPS = (None, *(Stop(reason, f"{reason} detail") for reason in (
    Reason.TIMEOUT, Reason.STALLED, Reason.CPU_LIMIT, Reason.OUTPUT_LIMIT,
)))  # fmt: skip
EXITS = (0, 1, 4, 137, 139, 143, 152, 153, 255, None)
COMBINATIONS = [
    Observation(stop, rule, done, exit_code, flag, kills, hits)
    for stop, rule, done, exit_code, flag, kills, hits in itertools.product(
        STOPS, ("", "rule broken"), (False, True), EXITS, (False, True), (0, 2), (0, 3)
    )
]


def expected(seen: Observation) -> Reason | None:
    """The order of precedence, spelled out once more and differently: first match wins."""
    well = seen.done and seen.exit_code == 0 and seen.stop is None and seen.rule_broken == ""
    by_exit = {152: Reason.CPU_LIMIT, 153: Reason.DISK_LIMIT, 4: Reason.OUT_OF_MEMORY}
    ladder = (
        (seen.oom_killed or seen.oom_kills > 0, Reason.OUT_OF_MEMORY),
        (well, None),
        (seen.pids_limit_hits > 0, Reason.PIDS_LIMIT),
        (seen.stop is not None, seen.stop.reason if seen.stop else None),
        (seen.rule_broken != "", Reason.PROTOCOL_VIOLATION),
        (seen.exit_code == 0, Reason.PROTOCOL_VIOLATION),
        (True, by_exit.get(seen.exit_code or 0, Reason.CRASHED)),
    )
    return next(reason for holds, reason in ladder if holds)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.reason if stop else "not stopped")
def test_every_combination(stop: Stop | None) -> None:
    for seen in COMBINATIONS:
        if seen.stop == stop:
            assert judge(seen)[0] is expected(seen), seen


def test_every_verdict_has_one_line_for_the_operator() -> None:
    for seen in COMBINATIONS:
        line = judge(seen)[1]
        assert line
        assert "\n" not in line


def test_no_verdict_means_exactly_as_the_contract_says() -> None:
    good = [seen for seen in COMBINATIONS if judge(seen)[0] is None]
    assert all(seen.done and seen.exit_code == 0 and not (seen.oom_killed or seen.oom_kills) for seen in good)
    assert len(good) == 2  # with and without refused threads


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGBUS])
def test_a_signal_is_named(number: signal.Signals) -> None:
    assert judge(Observation(exit_code=128 + number)) == (Reason.CRASHED, f"ended by {number.name}")


def test_a_number_that_is_no_signal_is_still_told() -> None:
    assert judge(Observation(exit_code=255)) == (Reason.CRASHED, "ended by signal 127")


def test_the_parsers_exit_code_for_memory_is_the_one_we_know() -> None:
    source = ast.parse((Path(__file__).parents[3] / "parsers/__main__.py").read_text())
    constants = {
        target.id: node.value.value
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert constants["EXIT_MEMORY"] == EXIT_MEMORY
