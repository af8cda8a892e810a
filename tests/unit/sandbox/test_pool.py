"""TEST: the prewarmed pool on sandboxes that are only sockets: kept in number, replaced when dead, used once."""

import queue
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ingest.errors import SandboxUnavailable
from ingest.sandbox import pool as pool_module
from ingest.sandbox.base import Limits, Profile
from ingest.sandbox.cgroup import GroupFolders, Meter
from ingest.sandbox.channel import Channel
from ingest.sandbox.container import Sandbox
from ingest.sandbox.dialogue import Dialogue, Wake
from ingest.sandbox.pool import Pool

PROFILE = Profile("p", "sha256:" + "0" * 64, "d")
OTHER = Profile("other", "sha256:" + "0" * 64, "d")
PATIENCE_SECONDS = 10


@dataclass
class Factory:
    """Makes sandboxes of socket pairs. `started` and `discarded` can be waited for; `faults` are raised first."""

    started: "queue.Queue[Sandbox]" = field(default_factory=queue.Queue)
    discarded: "queue.Queue[Sandbox]" = field(default_factory=queue.Queue)
    attempts: "queue.Queue[Profile]" = field(default_factory=queue.Queue)
    peers: dict[str, socket.socket] = field(default_factory=dict)
    faults: list[SandboxUnavailable] = field(default_factory=list)

    def start(self, profile: Profile, _wake: Wake) -> Sandbox:
        self.attempts.put(profile)
        if self.faults:
            raise self.faults.pop()
        ours, theirs = socket.socketpair()
        channel = Channel(ours, 10)
        name = str(len(self.peers))
        self.peers[name] = theirs
        sandbox = Sandbox(
            name, profile, channel, Dialogue(channel), Meter(GroupFolders("", "", "", False)), 0.0, time.monotonic()
        )
        self.started.put(sandbox)
        return sandbox

    def discard(self, sandbox: Sandbox) -> None:
        sandbox.channel.close()
        self.discarded.put(sandbox)


@pytest.fixture
def factory() -> Iterator[Factory]:
    factory = Factory()
    yield factory
    for peer in factory.peers.values():
        peer.close()


@pytest.fixture
def pool(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setattr(pool_module, "REPLACE_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(pool_module, "RETRY_SECONDS_MIN", 0.001)
    pool = Pool(factory.start, factory.discard)
    yield pool
    pool.close()
    while not factory.started.empty():
        factory.started.get().channel.close()


def wait_started(factory: Factory, count: int = 1) -> list[Sandbox]:
    return [factory.started.get(timeout=PATIENCE_SECONDS) for _ in range(count)]


def take(pool: Pool) -> Sandbox:
    taken = pool.take(PROFILE)
    assert taken is not None
    return taken


def test_nothing_wanted_nothing_made(pool: Pool, factory: Factory) -> None:
    assert pool.take(PROFILE) is None
    assert factory.attempts.empty()


def test_what_is_taken_is_replaced_and_never_given_twice(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 2)
    wait_started(factory, 2)
    first = take(pool)
    wait_started(factory)
    second = take(pool)
    assert first.container_id != second.container_id
    first.channel.close()
    second.channel.close()


def test_one_that_dies_while_idle_is_replaced(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 1)
    (dead,) = wait_started(factory)
    factory.peers[dead.container_id].close()
    assert factory.discarded.get(timeout=PATIENCE_SECONDS) is dead
    (alive,) = wait_started(factory)
    assert alive is not dead


def test_one_that_grows_old_is_replaced_before_it_ends_by_itself(pool: Pool, factory: Factory) -> None:
    short = Profile("short", "sha256:" + "0" * 64, "d", Limits(idle_seconds=1))
    pool.keep(short, 1)
    (old,) = wait_started(factory)
    assert factory.discarded.get(timeout=PATIENCE_SECONDS) is old
    (fresh,) = wait_started(factory)
    assert fresh is not old


def test_one_that_speaks_out_of_turn_is_replaced(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 1)
    (chatty,) = wait_started(factory)
    factory.peers[chatty.container_id].sendall(b"x")
    assert factory.discarded.get(timeout=PATIENCE_SECONDS) is chatty


def test_a_fault_is_tried_again(pool: Pool, factory: Factory) -> None:
    factory.faults = [SandboxUnavailable("down"), SandboxUnavailable("still down")]
    pool.keep(PROFILE, 1)
    wait_started(factory)
    assert factory.attempts.qsize() == 3


def test_profiles_are_kept_apart(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 1)
    pool.keep(OTHER, 1)
    assert {sandbox.profile.name for sandbox in wait_started(factory, 2)} == {"p", "other"}
    taken = take(pool)
    assert taken.profile == PROFILE
    taken.channel.close()


def test_wanting_fewer_lets_some_go(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 2)
    wait_started(factory, 2)
    pool.keep(PROFILE, 0)
    assert {factory.discarded.get(timeout=PATIENCE_SECONDS).container_id for _ in range(2)} == {"0", "1"}


def test_closing_lets_all_go_and_ends_it(pool: Pool, factory: Factory) -> None:
    pool.keep(PROFILE, 2)
    wait_started(factory, 2)
    pool.close()
    assert factory.discarded.qsize() == 2
    with pytest.raises(SandboxUnavailable):
        pool.keep(PROFILE, 1)
