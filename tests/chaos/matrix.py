"""TEST: the whole crash matrix, two hundred random kills and every other fault: what `make test-chaos` runs.

Prints one line for each case, the table, and as the last line of standard output one JSON object with `kills`, `lost`,
`duplicated` and `orphans`. Exits with 1 unless the last three are 0 and every point was visited. `--write` keeps the
table in docs/reference/crash-matrix.md.
"""

import argparse
import json
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field

from ingest.crashpoints import RUN_POINTS, CrashMode, CrashPoint
from tests.chaos import containers
from tests.chaos.cases import Case, Struck, census, crash_in_turn
from tests.chaos.engines import ENGINE_SCENARIOS
from tests.chaos.faults import KILLING, SCENARIOS, SLOW_SCENARIOS, World
from tests.chaos.inspection import Damage
from tests.chaos.page import page, table
from tests.chaos.process import REPOSITORY
from tests.chaos.random_kills import Massacre, kill_at_random
from tests.chaos.services import database_server, engine_world, private_engine_world, s3_server, world
from tests.chaos.triggers import POINTS, Command, Triggers
from tests.chaos.uploads import FILES

BEATS = frozenset({CrashPoint.HEARTBEAT_BEFORE, CrashPoint.HEARTBEAT_AFTER})
PAGE = REPOSITORY / "docs" / "reference" / "crash-matrix.md"


@dataclass
class Results:
    """Everything that was done, and what was wrong after it."""

    visits: dict[CrashPoint, int] = field(default_factory=dict)
    matrix: dict[Case, tuple[Struck, Damage]] = field(default_factory=dict)
    watch_visits: dict[CrashPoint, int] = field(default_factory=dict)
    watch: dict[Case, tuple[Struck, Damage]] = field(default_factory=dict)
    refresh_visits: dict[CrashPoint, int] = field(default_factory=dict)
    refresh: dict[Case, tuple[Struck, Damage]] = field(default_factory=dict)
    engine: dict[Case, tuple[Struck, Damage]] = field(default_factory=dict)
    faults: dict[str, Damage] = field(default_factory=dict)
    random: Massacre = field(default_factory=Massacre)

    def account(self) -> dict[str, int]:
        """The JSON object of the last line."""
        cases = (self.matrix, self.watch, self.refresh, self.engine)
        struck = [one for some in cases for one in some.values()]
        damages = [damage for _, damage in struck] + [*self.faults.values(), *self.random.damages]
        return {
            "kills": sum(one.kills for one, _ in struck)
            + self.random.kills
            + sum(name in self.faults for name in KILLING),
            "lost": sum(len(damage.lost) for damage in damages),
            "duplicated": sum(len(damage.duplicated) for damage in damages),
            "orphans": sum(len(damage.orphans) for damage in damages),
            "cases": len(struck),
            "not_visited": sum(not one.visited for one, _ in struck),
            "random_kills": self.random.kills,
            "faults": len(self.faults),
        }


def main() -> int:
    """Run everything that was asked for."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are stopped, too
    os.environ.setdefault("PYTEST_CURRENT_TEST", "tests/chaos")
    results = Results()
    with ExitStack() as resources:
        server = resources.enter_context(database_server())
        scripted = resources.enter_context(world(server, asked.files, resources.enter_context(s3_server())))
        _run_matrix(scripted, results)
        results.watch_visits = _strike_triggers(scripted, Command.WATCH, results.watch)
        results.refresh_visits = _strike_triggers(scripted, Command.REFRESH, results.refresh)
        if asked.engine:
            real = resources.enter_context(engine_world(server))
            for case in containers.CASES:
                results.engine[case] = real.crash(case)
                _say(f"real engine, {case.point}, {case.mode}", *results.engine[case])
            private = resources.enter_context(private_engine_world(server))
            for fault in ENGINE_SCENARIOS:
                results.faults[fault.__name__] = fault(private)
                print(f"{fault.__name__}: {results.faults[fault.__name__]}", flush=True)
        for scenario in SCENARIOS + SLOW_SCENARIOS:
            results.faults[scenario.__name__] = scenario(scripted)
            print(f"{scenario.__name__}: {results.faults[scenario.__name__]}", flush=True)
        results.random = kill_at_random(World(server, scripted.nursery, FILES), asked.kills, asked.seed)
        for number, damage in enumerate(results.random.damages):
            print(f"random kills, round {number + 1}: {damage}", flush=True)
    if asked.write:
        PAGE.write_text(page(results), "utf-8")
    account = results.account()
    print(table(results))
    print(json.dumps(account), flush=True)
    return int(any(account[name] for name in ("lost", "duplicated", "orphans", "not_visited")))


def _run_matrix(scripted: World, results: Results) -> None:
    results.visits = census(scripted.server, scripted.nursery, scripted.files)
    for point in RUN_POINTS:
        for mode in CrashMode:
            # In the middle of what an undisturbed run does there: some of its work is behind, some before it. Beats are
            # counted in time: a quicker run has fewer.
            middle = 1 if point in BEATS else max(1, results.visits[point] // 2)
            case = Case(point, mode, middle)
            (struck,), damage = crash_in_turn(
                scripted.server, scripted.nursery, [case], scripted.reference, scripted.files
            )
            results.matrix[case] = struck, damage
            _say(f"{point}, {mode}, visit {case.nth}", struck, damage)


def _strike_triggers(
    scripted: World, command: Command, struck: dict[Case, tuple[Struck, Damage]]
) -> dict[CrashPoint, int]:
    triggers = Triggers(scripted.server, scripted.nursery, command)
    visits = triggers.census()
    for point in POINTS[command]:
        for mode in CrashMode:
            case = Case(point, mode, max(1, visits[point] // 2))
            (one,), damage = triggers.crash_in_turn([case])
            struck[case] = one, damage
            _say(f"{command}, {point}, {mode}, visit {case.nth}", one, damage)
    return visits


def _say(what: str, struck: Struck, damage: Damage) -> None:
    visited = "" if struck.visited else "NOT VISITED, "
    print(f"{what}: {visited}exit {struck.ended.status}, {damage}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, help="of each case; random kills always have all")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--no-engine", dest="engine", action="store_false", help="leave out the part with containers")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {PAGE.relative_to(REPOSITORY)}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
