"""TEST: whose doing the end of a sandbox was, from an engine's memory of events, which is short."""

from collections.abc import Mapping
from typing import Any

from ingest.sandbox.container import EVENTS_KEPT, ended_by_others

OURS = "a" * 64


def event(action: str, container_id: str = OURS) -> Mapping[str, Any]:
    return {"Type": "container", "Action": action, "Actor": {"ID": container_id, "Attributes": {}}, "time": 1}


def life(container_id: str) -> list[Mapping[str, Any]]:
    return [event(action, container_id) for action in ("create", "attach", "start", "die", "destroy")]


def test_a_parser_that_ends_itself_by_a_signal_is_to_blame() -> None:
    assert not ended_by_others(life(OURS)[:4], OURS)


def test_a_kill_through_the_engine_is_somebody_else_s() -> None:
    assert ended_by_others([*life(OURS)[:3], event("kill"), event("die")], OURS)


def test_the_kill_of_another_sandbox_is_nothing_to_this_one() -> None:
    assert not ended_by_others([*life(OURS)[:3], event("kill", "b" * 64), event("die")], OURS)


def test_an_engine_that_was_restarted_remembers_nothing() -> None:
    assert ended_by_others([event("die")], OURS)
    assert ended_by_others([], OURS)


def test_a_file_does_not_get_away_with_it_because_its_sandbox_waited_for_long() -> None:
    """Many sandboxes came and went while this one stood warm: its own start has dropped out of the engine's memory."""
    others = [one for number in range(60) for one in life(f"{number:064}")]
    remembered = [*others, event("die")][-EVENTS_KEPT:]
    assert len(remembered) == EVENTS_KEPT
    assert not ended_by_others(remembered, OURS)
