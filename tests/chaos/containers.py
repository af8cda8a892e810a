"""TEST: the same crashes with the real engine: a death must leave no container behind once somebody comes back."""

from dataclasses import dataclass, field

import docker

from ingest.crashpoints import CrashMode, CrashPoint
from ingest.run import ENGINE_NAMESPACE
from ingest.sandbox.reaper import NAMESPACE_LABEL
from tests.chaos.cases import Case, Struck, recover, strike, undisturbed
from tests.chaos.inspection import Damage
from tests.chaos.process import Spawner
from tests.chaos.site import Outcome, Server, Site, site

FILES = 24
# Every point around which containers are idle, at work, or on their way out.
POINTS = (
    CrashPoint.CLAIMED,
    CrashPoint.FETCH_AFTER,
    CrashPoint.SANDBOX_BEFORE,
    CrashPoint.SANDBOX_AFTER,
    CrashPoint.PUBLISH_INSIDE,
    CrashPoint.GIVE_BACK,
    CrashPoint.CLOSING,
    CrashPoint.ENGINE_CLOSING,
    CrashPoint.ENGINE_CLOSED,
)
CASES = tuple(Case(point, mode) for point in POINTS for mode in CrashMode)


def containers(at: Site, address: str = "") -> list[str]:
    """Names of the containers of this installation, running or not, from the usual engine or the one at an address."""
    client = docker.DockerClient(address) if address else docker.from_env()
    try:
        identity = (at.state / "owners" / "identity").read_text()
        label = f"{NAMESPACE_LABEL}={ENGINE_NAMESPACE}.{identity}"
        return [found["Names"][0] for found in client.api.containers(all=True, filters={"label": label})]
    finally:
        client.close()


@dataclass
class EngineWorld:
    """A database server and the real command line."""

    server: Server
    spawner: Spawner
    _reference: list[Outcome] = field(default_factory=list)

    def crash(self, case: Case) -> tuple[Struck, Damage]:
        """One crash, one recovery; containers that are left count as orphans."""
        if not self._reference:
            self._reference.append(undisturbed(self.server, self.spawner, FILES))
        with site(self.server, self.spawner, FILES) as at:
            struck = strike(at, case)
            damage = recover(at, self._reference[0])
            damage.orphans += [f"container {name}" for name in containers(at)]
        return struck, damage
