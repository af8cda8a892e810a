"""TEST: kill -9 at random moments, run after run over the same installation, until it came to its end; then again."""

import random
import signal
from dataclasses import dataclass, field

from tests.chaos.cases import recover
from tests.chaos.faults import World
from tests.chaos.inspection import Damage
from tests.chaos.site import Site, site

# From the first moments, in which nothing is claimed yet, to well into the work.
SECONDS_MAX = 1.2


@dataclass
class Massacre:
    """What came of it. `survivors` are runs that ended before their moment came."""

    kills: int = 0
    survivors: int = 0
    rounds: int = 0
    damages: list[Damage] = field(default_factory=list)


def kill_at_random(world: World, kills: int, seed: int) -> Massacre:
    """Kill so many processes; each installation is recovered and compared once a run of it came to its end."""
    moments = random.Random(seed)
    result = Massacre()
    reference = world.reference
    while result.kills < kills:
        with site(world.server, world.nursery, world.files) as at:
            while result.kills < kills and not _killed_to_the_end(at, moments, result):
                pass
            result.rounds += 1
            result.damages.append(recover(at, reference))
    return result


def _killed_to_the_end(at: Site, moments: random.Random, result: Massacre) -> bool:
    """One run: killed, or come to its end, which is told."""
    running = at.start()
    try:
        running.wait(moments.uniform(0.0, SECONDS_MAX))
    except TimeoutError:
        running.kill(signal.SIGKILL)
        # It may have ended by itself in the last moment; then the signal hit nobody.
        killed = running.wait().status == -signal.SIGKILL
        result.kills += killed
        return not killed
    result.survivors += 1
    return True
