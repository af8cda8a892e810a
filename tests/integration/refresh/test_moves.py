"""TEST: a file that moved keeps its document; what only looks like a move does not."""

import pytest

from contract.job import Job
from ingest.catalog import claims
from ingest.errors import StoreUnavailable
from ingest.sandbox.base import Profile, SandboxRun
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.speech import echo, refuses
from tests.integration.refresh.conftest import Refreshing


def test_a_moved_file_keeps_document_history_and_chunks(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()["a.txt"]
    refreshing.rename("a.txt", "b.txt")
    refreshing.refresh()
    assert refreshing.engine.jobs == []
    assert refreshing.chunk_rows() == {"b.txt": before}
    (gone,) = refreshing.events("deleted")
    (came,) = refreshing.events("unchanged")
    assert (gone["key"], gone["moved_to"], gone["chunks_withdrawn"]) == ("a.txt", "b.txt", 0)
    assert (came["key"], came["moved_from"]) == ("b.txt", "a.txt")
    assert gone["document"] == came["document"]


def test_a_file_may_move_back(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()["a.txt"]
    for old, new in (("a.txt", "b.txt"), ("b.txt", "a.txt")):
        refreshing.rename(old, new)
        refreshing.refresh()
    assert refreshing.chunk_rows() == {"a.txt": before}
    assert refreshing.house.states() == {"unchanged": 1, "deleted": 1}


def test_a_new_file_under_the_old_name_is_a_new_document(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()["a.txt"]
    refreshing.rename("a.txt", "b.txt")
    refreshing.refresh()
    refreshing.upload("a.txt", content=lambda _name: "something else")
    refreshing.refresh()
    after = refreshing.chunk_rows()
    assert after["b.txt"] == before
    assert after["a.txt"][0] != before[0]
    assert refreshing.answers() == {"a.txt": "something else", "b.txt": "words of a.txt"}


def test_of_several_with_one_content_the_first_listed_is_followed_by_the_first_new_one(refreshing: Refreshing) -> None:
    same = "the same words".format
    refreshing.upload("a.txt", "b.txt", "stays.txt", content=same)
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.rename("a.txt", "x.txt")
    refreshing.rename("b.txt", "y.txt")
    refreshing.upload("z.txt", content=same)
    refreshing.refresh()
    after = refreshing.chunk_rows()
    assert after["x.txt"] == before["a.txt"]
    assert after["y.txt"] == before["b.txt"]
    assert after["stays.txt"] == before["stays.txt"]
    assert after["z.txt"][0] not in {row[0] for row in before.values()}, "a copy is a document of its own"
    assert refreshing.engine.jobs == []


def test_a_copy_is_no_move(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.upload("copy.txt", content=lambda _name: "words of a.txt")
    refreshing.refresh()
    after = refreshing.chunk_rows()
    assert after["a.txt"] == before["a.txt"]
    assert set(after) == {"a.txt", "copy.txt"}
    assert refreshing.events("deleted") == []


def test_the_same_size_is_no_move(refreshing: Refreshing) -> None:
    """Hostile: another content of the very size of the file that vanished must be read like any other."""
    refreshing.upload("a.txt", content=lambda _name: "words")
    refreshing.refresh()
    refreshing.remove("a.txt")
    refreshing.upload("b.txt", content=lambda _name: "lies!")
    refreshing.refresh()
    assert [job[2] for job in refreshing.engine.jobs] == [b"lies!"]
    assert refreshing.answers() == {"b.txt": "lies!"}
    assert refreshing.ends()["a.txt"] == ("deleted", "gone from its store")


def test_a_key_with_a_document_of_its_own_keeps_that_one(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    own = refreshing.chunk_rows()["b.txt"][0]
    refreshing.remove("b.txt")
    refreshing.refresh()
    refreshing.rename("a.txt", "b.txt")
    refreshing.refresh()
    assert refreshing.engine.jobs == [], "its content was read before"
    assert refreshing.answers() == {"b.txt": "words of a.txt"}
    assert refreshing.chunk_rows()["b.txt"][0] == own
    assert refreshing.house.states() == {"indexed": 1, "deleted": 1}


def test_a_quarantined_file_that_moved_stays_in_quarantine_without_another_sandbox(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh(lambda *_: refuses("corrupt"))
    refreshing.rename("a.txt", "b.txt")
    refreshing.refresh()
    assert refreshing.engine.jobs == []
    assert refreshing.ends()["b.txt"][0] == "quarantined"
    assert refreshing.house.states() == {"quarantined": 1, "deleted": 1}


def test_a_file_that_another_worker_took_goes_the_way_of_all_others(refreshing: Refreshing) -> None:
    """Hostile: between the comparison and its transaction, a worker of another run claims the new file."""
    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.rename("a.txt", "b.txt")
    with refreshing.batch() as batch, claims.register_worker(refreshing.house.db) as other:
        planned = batch.plan()
        withdrawal = batch.withdrawal(planned)
        asked = batch.stations.source.open
        taken = []

        def opens(key: str, version: str = "") -> object:
            if key == "b.txt" and not taken:
                taken.extend(claims.claim(refreshing.house.db, other, batch.source.id, batch.run_id, 1, 600))
            return asked(key, version)

        batch.stations.source.open = opens  # type: ignore[method-assign, assignment]
        assert withdrawal.follow_moves(on_file=refreshing.reports.append, stop=refreshing.stop) == 0
    assert [claimed.key for claimed in taken] == ["b.txt"]
    assert refreshing.objects()["a.txt"]["state"] == "indexed"
    assert refreshing.answers() == {"a.txt": "words of a.txt"}
    refreshing.refresh()
    assert refreshing.answers() == {"b.txt": "words of a.txt"}


def test_a_file_that_is_back_in_its_old_place_did_not_move(refreshing: Refreshing) -> None:
    """Hostile: the file vanishes while the folder is listed, and is back, beside its copy, a moment later."""
    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.rename("a.txt", "b.txt")
    with refreshing.batch() as batch:
        planned = batch.plan()
        refreshing.upload("a.txt")
        withdrawal = batch.withdrawal(planned)
        withdrawal.follow_moves(on_file=refreshing.reports.append, stop=refreshing.stop)
        batch.drain(on_file=refreshing.reports.append, stop=refreshing.stop)
        assert withdrawal.withdraw(on_file=refreshing.reports.append, stop=refreshing.stop) == 0
        batch.summary()
    assert refreshing.answers() == {"a.txt": "words of a.txt", "b.txt": "words of a.txt"}


def test_a_new_file_that_cannot_be_compared_is_left_to_the_pipeline(refreshing: Refreshing) -> None:
    class FailsOnce(FolderStore):
        failed = False

        def open(self, key: str, version: str = "") -> object:  # type: ignore[override]
            if key == "b.txt" and not self.failed:
                self.failed = True
                raise StoreUnavailable("503")
            return super().open(key, version)

    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.rename("a.txt", "b.txt")
    refreshing.house.source = FailsOnce(refreshing.house.uploads)
    refreshing.refresh()
    assert refreshing.answers() == {"b.txt": "words of a.txt"}
    assert refreshing.ends()["a.txt"] == ("deleted", "gone from its store")


@pytest.mark.parametrize("size_max", [3, 1 << 20])
def test_a_file_above_the_limit_is_not_read_to_compare_it(refreshing: Refreshing, size_max: int) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.rename("a.txt", "b.txt")
    refreshing.refresh(input_bytes=size_max)
    too_large = size_max < len("words of a.txt")
    assert refreshing.ends()["b.txt"][0] == ("quarantined" if too_large else "unchanged")


def test_hundreds_of_moves_are_followed_page_by_page(refreshing: Refreshing) -> None:
    names = [f"{number:03}.txt" for number in range(250)]
    refreshing.upload(*names)
    refreshing.refresh()
    before = refreshing.chunk_rows()
    for name in names:
        refreshing.rename(name, f"folder/{name}")
    refreshing.refresh()
    assert {key.removeprefix("folder/"): row for key, row in refreshing.chunk_rows().items()} == before
    assert rows(refreshing.house.db, "SELECT count(*) AS n FROM documents") == [{"n": 250}]


def test_a_store_that_lists_what_it_cannot_open_loses_no_answer(refreshing: Refreshing) -> None:
    """Hostile: the new key was listed, and is gone when it is read; the old key is gone, too."""

    class Forgetful(FolderStore):
        def list(self, prefix: str = "") -> object:  # type: ignore[override]
            yield from super().list(prefix)
            yield StoredObject("ghost.txt", "1-14-1-1", len("words of a.txt"), 0.0)

    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.remove("a.txt")
    refreshing.house.source = Forgetful(refreshing.house.uploads)

    def never(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        pytest.fail("there is nothing to read")
        return echo(profile, job, document)

    refreshing.refresh(never)
    assert refreshing.house.states() == {"deleted": 2}
    assert refreshing.answers() == {}
