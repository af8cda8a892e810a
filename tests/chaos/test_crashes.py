"""TEST: every crash point is visited and survived.

The whole matrix, with one installation for each case, is `make test-chaos`. Here several crashes follow each other over
one installation, which is harder on it and quicker.
"""

import pytest

from ingest.crashpoints import REFRESH_POINTS, RUN_POINTS, WATCH_POINTS, CrashMode, CrashPoint
from tests.chaos.cases import Case, crash_in_turn
from tests.chaos.engines import ENGINE_SCENARIOS, engine_killed_with_live_restore, may_run
from tests.chaos.faults import KILLING, SCENARIOS, SLOW_SCENARIOS, Scenario, World
from tests.chaos.page import _WHAT
from tests.chaos.process import REPOSITORY
from tests.chaos.random_kills import kill_at_random
from tests.chaos.services import private_engine_world
from tests.chaos.site import Server
from tests.chaos.triggers import POINTS, Command, Triggers

# A run passes these only when its work is done, so a crash there must come after the crashes in mid-work.
LATE = (
    CrashPoint.PLANNED,
    CrashPoint.SUMMARY_BEFORE,
    CrashPoint.SUMMARY_CHECKED,
    CrashPoint.SUMMARY_AFTER,
    CrashPoint.CLOSING,
    CrashPoint.ENGINE_CLOSING,
    CrashPoint.ENGINE_CLOSED,
)
# In mid-work an error costs its file one try, and the run goes on to its end: one installation for each.
TRIED_AGAIN = (CrashPoint.PUBLISH_INSIDE, CrashPoint.HOLD_AFTER, CrashPoint.HEARTBEAT_BEFORE, CrashPoint.STORE_WRITTEN)
EARLY = tuple(point for point in RUN_POINTS if point not in LATE)


def assert_survived(world: World, cases: list[Case]) -> None:
    struck, damage = crash_in_turn(world.server, world.nursery, cases, world.reference, world.files)
    assert [one.case for one in struck if not one.visited] == []
    assert damage.none, damage


def test_kill_9_at_every_point_in_turn(all_files: World) -> None:
    assert_survived(all_files, [Case(point, CrashMode.KILL9) for point in (*_by_first_visit(), *LATE)])


def _by_first_visit() -> list[CrashPoint]:
    """Points of rare files in the order of such files, the heartbeat before little work is left, then the rest.

    Claims are given back only while there are more than are at work, and files that a death made suspects go alone.
    """
    order = ("give", "delete", "change", "release", "original", "hold", "heartbeat")
    return sorted(EARLY, key=lambda point: next((n for n, word in enumerate(order) if point.startswith(word)), 9))


@pytest.mark.parametrize("point", TRIED_AGAIN)
def test_a_bug_in_mid_work(scripted: World, point: CrashPoint) -> None:
    assert_survived(scripted, [Case(point, CrashMode.EXCEPTION, 2)])


def test_a_bug_or_a_request_to_stop_at_the_end(scripted: World) -> None:
    modes = (CrashMode.EXCEPTION, CrashMode.SIGTERM)
    assert_survived(scripted, [Case(point, mode) for point in LATE for mode in modes])


def test_random_kills(scripted: World) -> None:
    result = kill_at_random(scripted, kills=10, seed=20)
    assert result.kills == 10
    assert [str(damage) for damage in result.damages if not damage.none] == []


@pytest.mark.parametrize("mode", CrashMode)
@pytest.mark.parametrize("command", Command)
def test_a_watch_and_a_refresh_struck_at_every_point_of_theirs_in_turn(
    scripted: World, command: Command, mode: CrashMode
) -> None:
    """Before each blow files are uploaded, renamed and removed, so that there is something to do at every point."""
    triggers = Triggers(scripted.server, scripted.nursery, command)
    struck, damage = triggers.crash_in_turn([Case(point, mode) for point in POINTS[command]])
    assert [one.case for one in struck if not one.visited] == []
    assert damage.none, damage


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_faults_of_others(scripted: World, scenario: Scenario) -> None:
    damage = scenario(scripted)
    assert damage.none, damage


@pytest.mark.skipif(not may_run(), reason="takes root and dockerd, to start a private engine")
def test_death_of_the_engine(chaos_server: Server) -> None:
    with private_engine_world(chaos_server) as world:
        damage = engine_killed_with_live_restore(world)
    assert damage.none, damage


def test_the_page_tells_of_every_point_and_of_nothing_lost() -> None:
    text = (REPOSITORY / "docs" / "reference" / "crash-matrix.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    told = [line.split("`")[1] for line in rows]
    points = [*RUN_POINTS, *WATCH_POINTS, *REFRESH_POINTS]
    assert told[: len(points)] == points
    assert set(points) == set(CrashPoint) == set(_WHAT)
    assert [line for line in rows if " not " in line.split("|", 3)[3] or "lost:" in line] == []
    faults = [scenario.__name__ for scenario in (*SCENARIOS, *SLOW_SCENARIOS, *ENGINE_SCENARIOS)]
    assert all(f"| {name.replace('_', ' ')} |" in text for name in faults)
    assert set(faults) >= KILLING
