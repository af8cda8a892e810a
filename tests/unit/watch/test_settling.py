"""TEST: a file that may still be written is held back until it is closed or quiet, by a clock of the test's own."""

from dataclasses import dataclass, field

import pytest

from ingest.errors import StoreError, StoreUnavailable
from ingest.store.base import StoredObject
from ingest.watch import settling
from ingest.watch.settling import Settling


@dataclass
class Folder:
    """Files by key, the keys open for writing, and the time."""

    files: dict[str, StoredObject] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    now: float = 100.0

    def write(self, key: str, version: str, irregular: str = "") -> None:
        self.files[key] = StoredObject(key, version, 1, 0.0, irregular)

    def settling(self, quiet_seconds: float = 2.0) -> Settling:
        return Settling(quiet_seconds, self.files.get, lambda key: key not in self.open, lambda: self.now)


def test_a_closed_file_is_read_when_two_looks_agree() -> None:
    folder = Folder()
    waiting = folder.settling()
    folder.write("a", "1")
    waiting.note("a")
    assert waiting.settled() == []
    assert waiting.settled() == ["a"]
    assert len(waiting) == 0


def test_a_file_open_for_writing_waits_until_it_is_quiet() -> None:
    folder = Folder(open={"a"})
    waiting = folder.settling()
    waiting.note("a")
    for version in "123":
        folder.write("a", version)
        assert waiting.settled() == []
        folder.now += 1.9
        assert waiting.settled() == []
    folder.now += 0.2
    assert waiting.settled() == ["a"]


def test_a_file_that_is_closed_need_not_be_quiet() -> None:
    folder = Folder(open={"a"})
    waiting = folder.settling(quiet_seconds=3600)
    folder.write("a", "1")
    waiting.note("a")
    assert [waiting.settled(), waiting.settled()] == [[], []]
    folder.open.clear()
    assert waiting.settled() == ["a"]


def test_what_is_gone_or_no_file_is_told_at_once() -> None:
    folder = Folder()
    waiting = folder.settling()
    folder.write("link", "1", "symlink")
    waiting.note("gone")
    waiting.note("link")
    assert sorted(waiting.settled()) == ["gone", "link"]


def test_a_key_that_settled_and_changes_again_is_told_again() -> None:
    folder = Folder()
    waiting = folder.settling(quiet_seconds=0)
    folder.write("a", "1")
    for _ in range(2):
        waiting.note("a")
        assert [waiting.settled(), waiting.settled()] == [[], ["a"]]


def test_more_than_can_be_kept_is_left_to_a_listing() -> None:
    waiting = Folder().settling()
    for number in range(settling.FILES_MAX + 1):
        waiting.note(str(number))
    assert waiting.overflowed
    assert len(waiting) == settling.FILES_MAX


def test_a_file_that_nobody_may_look_at_holds_up_no_other() -> None:
    """Hostile: an uploader takes the right to look away, after the kernel told of the file."""
    folder = Folder()
    folder.write("b", "1")

    def look(key: str) -> StoredObject | None:
        if key == "a":
            raise StoreError("Permission denied")
        return folder.files.get(key)

    waiting = Settling(2.0, look, lambda _key: True, lambda: folder.now)
    waiting.note("a")
    waiting.note("b")
    assert waiting.settled() == ["a"], "whoever is to read it is told the same"
    assert waiting.settled() == ["b"]


def test_a_store_that_is_away_keeps_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder()
    folder.write("a", "1")
    waiting = folder.settling(quiet_seconds=0)
    waiting.note("a")
    waiting.note("b")
    with monkeypatch.context() as away:
        away.setattr(waiting, "_look", _raises)
        with pytest.raises(StoreUnavailable):
            waiting.settled()
    assert len(waiting) == 2
    assert waiting.settled() == ["b"]
    assert waiting.settled() == ["a"]


def _raises(_key: str) -> None:
    raise StoreUnavailable("Stale file handle")


def test_what_could_not_be_dealt_with_comes_again_after_a_while_and_not_for_ever() -> None:
    folder = Folder()
    waiting = folder.settling()
    waiting.note("gone")
    tries = 0
    for _ in range(100):
        if waiting.settled() == ["gone"]:
            tries += 1
            waiting.put_off("gone")
            assert len(waiting) == 0, "nobody waits for it"
            assert waiting.settled() == []
        folder.now += settling.TRY_AGAIN_SECONDS
    assert tries == settling.TRIES_MAX


def test_what_was_dealt_with_has_all_its_tries_again() -> None:
    folder = Folder()
    waiting = folder.settling()
    for _ in range(3 * settling.TRIES_MAX):
        waiting.note("gone")
        assert waiting.settled() == ["gone"]
        waiting.put_off("gone")
        folder.now += settling.TRY_AGAIN_SECONDS
        assert waiting.settled() == ["gone"]
        waiting.dealt_with("gone")
