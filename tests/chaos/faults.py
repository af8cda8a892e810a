"""TEST: what is not a death of our own process: database, store, disk, Prefect and impatient people, in mid-run.

Each scenario takes a world and returns what was wrong after recovery. It fails by itself when its fault did not happen.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ingest.errors import ExitCode
from ingest.settings import Settings
from ingest.stack.layout import Component, Layout
from ingest.stack.lifecycle import down, up
from ingest.stack.processes import read_record, wait_for_end
from ingest.store.open import open_store
from tests.chaos.cases import recover, undisturbed
from tests.chaos.inspection import Damage, inspect
from tests.chaos.process import Nursery
from tests.chaos.site import Outcome, Server, Site, site
from tests.chaos.uploads import STALLS
from tests.conformance.store_faults import FaultProxy, Refuse

MID_RUN = 10  # files told before the blow: the run is at work, and most of it is left
DROPS = 5


@dataclass
class World:
    """What scenarios share. `reference` is made once for each number of files."""

    server: Server
    nursery: Nursery
    files: int
    s3_endpoint: str = ""
    _references: dict[int, Outcome] = field(default_factory=dict)

    @property
    def reference(self) -> Outcome:
        if self.files not in self._references:
            self._references[self.files] = undisturbed(self.server, self.nursery, self.files)
        return self._references[self.files]


def postgres_killed(world: World) -> Damage:
    """The database server dies by kill -9 with all its connections, and is started again later."""
    with site(world.server, world.nursery, world.files) as at:
        running = at.start()
        running.wait_until_told(MID_RUN)
        os.kill(world.server.pid(), signal.SIGKILL)
        ended = running.wait()
        world.server.embedded.start()
        assert ended.status == ExitCode.DATABASE_REFUSED, ended.stderr
        return recover(at, world.reference)


def connections_dropped(world: World) -> Damage:
    """An administrator, or a pooler's restart, terminates every connection, again and again."""
    with site(world.server, world.nursery, world.files) as at:
        running = at.start()
        dropped = 0
        for drop in range(DROPS):
            running.wait_until_told(MID_RUN * (drop + 1))
            # A run that gave up meanwhile would never tell as many: the wait fails the test then.
            dropped += len(
                at.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        ended = running.wait()
        assert dropped >= DROPS
        # Each costs at most the tries of the files at work; a run that ends otherwise gave up on nothing silently.
        assert ended.status in (ExitCode.QUARANTINED, ExitCode.DATABASE_REFUSED), ended.stderr
        return recover(at, world.reference)


def clock_jumps(world: World) -> Damage:
    """The database's clock jumps ten minutes ahead, again and again: the leases of a living worker are over at once."""
    with site(world.server, world.nursery, world.files) as at:
        running = at.start()
        struck = 0
        for jump in range(DROPS):
            running.wait_until_told(MID_RUN * (jump + 1))
            struck += len(
                at.rows(
                    "UPDATE objects SET lease_expires_at = lease_expires_at - interval '10 minutes'"
                    " WHERE lease_owner IS NOT NULL RETURNING id"
                )
            )
        ended = running.wait()
        assert struck >= DROPS
        assert ended.status == ExitCode.QUARANTINED, ended.stderr
        return recover(at, world.reference)


def store_refuses(world: World) -> Damage:
    """S3 answers 503 to every third write for a while, then is not reachable at all."""
    with _bucket(world) as (at, reference), FaultProxy(world.s3_endpoint) as proxy:
        running = at.start(environment={"GLOVEPORT_S3_ENDPOINT_URL": proxy.url})
        running.wait_until_told(2)
        proxy.method = "PUT"
        proxy.faults.extend([Refuse(503, "SlowDown")] * 30)
        running.wait_until_told(MID_RUN)
        assert len(proxy.faults) < 30
        proxy.faults.extend([Refuse(500, "InternalError")] * 10_000)
        ended = running.wait()
        assert ended.status == ExitCode.STORE_UNREACHABLE, ended.stderr
        return recover(at, reference)


def state_disk_full(world: World) -> Damage:
    """The state folder's disk has not a byte left when files are spooled."""
    with site(world.server, world.nursery, world.files) as at, _small_disk(at.state):
        with filled(at.state):
            ended = at.run()
        assert ended.status == ExitCode.STORE_UNREACHABLE, ended.stderr
        return recover(at, world.reference)


def store_disk_full(world: World) -> Damage:
    """The disk of documents and originals fills up in the middle."""
    with site(world.server, world.nursery, world.files) as at, _small_disk(at.store):
        with filled(at.store, but=200 << 10):
            ended = at.run()
        assert ended.status == ExitCode.STORE_UNREACHABLE, ended.stderr
        assert ended.told, "the disk was full before anything was done"
        return recover(at, world.reference)


def sigterm_drains(world: World) -> Damage:
    """SIGTERM: what is at work ends, what was not begun is given back, and the process goes by itself."""
    with site(world.server, world.nursery, world.files) as at:
        running = at.start()
        running.wait_until_told(MID_RUN)
        running.kill(signal.SIGTERM)
        ended = running.wait()
        assert ended.status == ExitCode.INTERRUPTED, ended.stderr
        assert at.rows("SELECT count(*) FROM objects WHERE state = 'pending' AND lease_owner IS NULL") != [(0,)]
        assert at.rows("SELECT count(*) FROM objects WHERE lease_owner IS NOT NULL") == [(0,)]
        assert at.rows("SELECT state FROM runs") == [("interrupted",)]
        return recover(at, world.reference)


def second_sigint(world: World) -> Damage:
    """Someone presses Ctrl-C, sees that a sandbox will not end for long, and presses it again."""
    with site(world.server, world.nursery, world.files) as at:
        slow = at.uploads / "000-aaa.txt"
        slow.write_bytes(STALLS)
        running = at.start()
        running.wait_until_told(MID_RUN)
        running.kill(signal.SIGINT)
        running.wait_until_said("finishing the files at work")
        running.kill(signal.SIGINT)
        ended = running.wait()
        assert ended.status == ExitCode.INTERRUPTED, ended.stderr
        assert slow.name not in ended.told
        assert at.rows("SELECT state FROM objects WHERE key = '000-aaa.txt'") == [("pending",)]
        # Its uploader takes it back, which the catalogue must hear of as well.
        slow.unlink()
        last = at.run()
        damage = inspect(at, last, world.reference)
        damage.lost = [line for line in damage.lost if not line.startswith("000-aaa.txt is deleted")]
        return damage


def prefect_killed(world: World) -> Damage:
    """The Prefect server that shows the run dies by kill -9; the run goes on without its display."""
    with site(world.server, world.nursery, world.files) as at:
        settings = Settings(state_directory=at.state, database_url=at.database_url)
        try:
            up(settings)
            running = at.start("--limit", str(world.files * 2))
            running.wait_until_told(MID_RUN)
            record = read_record(Layout(at.state).record(Component.PREFECT_SERVER))
            assert record is not None
            os.kill(record.pid, signal.SIGKILL)
            assert wait_for_end(record, 30)
            ended = running.wait()
        finally:
            down(settings)
        assert "running as a Prefect flow" in ended.stderr, ended.stderr
        return recover(at, world.reference)


Scenario = Callable[[World], Damage]
SCENARIOS: tuple[Scenario, ...] = (
    postgres_killed, connections_dropped, clock_jumps, state_disk_full, store_disk_full, sigterm_drains, second_sigint,
)  # fmt: skip
SLOW_SCENARIOS: tuple[Scenario, ...] = (store_refuses, prefect_killed)  # a minute or two each
# Scenarios in which something dies by kill -9, those of `engines` included.
KILLING = frozenset(
    {"postgres_killed", "prefect_killed", "engine_away", "engine_killed", "engine_killed_with_live_restore"}
)


@contextmanager
def _bucket(world: World) -> Iterator[tuple[Site, Outcome]]:
    """A site in S3 with the same files, and what comes of them there in peace. Nothing vanishes or changes there."""
    with (
        site(world.server, world.nursery, world.files) as peaceful,
        site(world.server, world.nursery, world.files) as at,
    ):
        for one in (peaceful, at):
            one.bucket = one.folder.name.replace("_", "-").lower()
            one.settings = {"GLOVEPORT_S3_ENDPOINT_URL": world.s3_endpoint, "GLOVEPORT_S3_ADDRESSING": "path"}
            client = _s3_client(world)
            client.create_bucket(Bucket=one.bucket)
            source = one.source()
            for stored in open_store(str(one.uploads)).list():
                if not stored.irregular:
                    source.put(stored.key, (one.uploads / stored.key).read_bytes())
        ended = peaceful.run()
        assert ended.status == ExitCode.QUARANTINED, ended.stderr
        yield at, peaceful.outcome()


def _s3_client(world: World):  # type: ignore[no-untyped-def]  # noqa: ANN202 - boto3's types are for tests of the store
    from ingest.store.s3_client import connect

    return connect(endpoint_url=world.s3_endpoint, addressing_style="path", concurrency=2)


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """A disk of four MiB at this folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def filled(folder: Path, but: int = 0) -> Iterator[None]:
    """The disk of this folder has no more than so many bytes left, whoever else writes to it meanwhile."""
    filler = folder / f"filler-{but}"
    with filler.open("wb", buffering=0) as content, suppress(OSError):
        while (disk := os.statvfs(folder)).f_bavail * disk.f_frsize > but:
            content.write(b"\0" * min(disk.f_bavail * disk.f_frsize - but, 1 << 20))
    try:
        yield
    finally:
        filler.unlink()
