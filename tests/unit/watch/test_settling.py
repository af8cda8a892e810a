"""TEST: a file that may still be written is held back until it is closed or quiet, by a clock of the test's own."""

from dataclasses import dataclass, field

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
