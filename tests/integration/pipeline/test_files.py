"""TEST: each way a file can end, on a real database and real folders, with the sandbox's part played."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from contract.frames import FrameKind
from contract.verdicts import Reason
from ingest import quarantine
from ingest.errors import SandboxUnavailable, StoreUnavailable
from ingest.sandbox.scripted import played
from ingest.store.base import ObjectStore
from ingest.store.open import open_store
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import READY, done, echo, frame, refuses, says


def test_good_files_become_chunks_and_documents_in_the_store(house: House) -> None:
    house.upload("a.txt", "first words")
    house.upload("b.txt", "other words")
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None), "b.txt": ("indexed", None)}
    assert [(chunk.key, chunk.text) for chunk in house.chunks()] == [("a.txt", "first words"), ("b.txt", "other words")]
    documents = {path.read_text() for path in house.kept() if path.name == "document.md"}
    assert documents == {"first words", "other words"}
    assert house.states() == {"indexed": 2}


def test_a_second_run_reads_nothing(house: House) -> None:
    house.upload("a.txt", "words")
    house.run(echo)
    engine, _ = house.run(echo)
    assert engine.jobs == []
    assert house.states() == {"unchanged": 1}


def test_the_same_content_under_another_name_needs_no_sandbox(house: House) -> None:
    house.upload("a.txt", "words")
    house.run(echo)
    house.upload("copy.txt", "words")
    engine, _ = house.run(echo)
    assert engine.jobs == []
    assert house.outcomes() == {"copy.txt": ("indexed", None)}
    assert [chunk.key for chunk in house.chunks()] == ["a.txt", "copy.txt"]


def test_a_lost_result_is_made_again(house: House) -> None:
    house.upload("a.txt", "words")
    house.run(echo)
    for path in house.kept():
        path.unlink()
    house.upload("copy.txt", "words")
    engine, _ = house.run(echo)
    assert len(engine.jobs) == 1
    assert house.outcomes() == {"copy.txt": ("indexed", None)}


def test_a_forged_result_in_the_store_is_not_believed(house: House) -> None:
    house.upload("a.txt", "honest words")
    house.run(echo)
    for path in house.kept():
        if path.name == "chunks.jsonl":
            path.write_text(path.read_text().replace("honest words", "forged words"))
    house.upload("b.txt", "honest words")
    engine, _ = house.run(echo)
    assert len(engine.jobs) == 1
    assert {chunk.text for chunk in house.chunks()} == {"honest words"}


def test_a_changed_file_replaces_its_chunks(house: House) -> None:
    house.upload("a.txt", "old words")
    house.run(echo)
    house.upload("a.txt", "new words, and more of them")
    house.run(echo)
    assert [chunk.text for chunk in house.chunks()] == ["new words, and more of them"]


@pytest.mark.parametrize("refusal", ["encrypted", "corrupt", "unsupported", "empty", "bomb"])
def test_a_refusal_ends_in_quarantine_with_the_original(house: House, refusal: str) -> None:
    house.upload("a.txt", b"\x00hostile")
    house.run(lambda *_: refuses(refusal))
    assert house.outcomes() == {"a.txt": ("quarantined", refusal)}
    (entry,) = quarantine.list_entries(house.db)
    assert (entry.reason, entry.detail, entry.sha256) == (
        Reason(refusal), "says the sandbox", hashlib.sha256(b"\x00hostile").hexdigest(),
    )  # fmt: skip
    assert Path(entry.original_uri.removeprefix("file://")).read_bytes() == b"\x00hostile"
    assert house.chunks() == []


def test_what_the_host_observed_beats_what_the_sandbox_says(house: House) -> None:
    house.upload("a.txt", "words")
    honest = says("words")
    house.run(lambda *_: played(honest.untrusted_frames, Reason.OUT_OF_MEMORY, "2 processes killed"))
    assert house.outcomes() == {"a.txt": ("quarantined", "out_of_memory")}
    (entry,) = quarantine.list_entries(house.db)
    assert entry.evidence["observation"] == "2 processes killed"
    assert house.chunks() == []


def test_a_lie_is_a_protocol_violation(house: House) -> None:
    house.upload("a.txt", "words")
    lie = [READY, frame(FrameKind.METADATA, {"media_type": "text/plain"}), done(elements=5, text_chars=0)]
    house.run(lambda *_: played(lie))
    assert house.outcomes() == {"a.txt": ("quarantined", "protocol_violation")}


def test_a_poison_file_costs_one_sandbox_however_often_it_is_uploaded(house: House) -> None:
    house.upload("a.txt", "poison")
    house.run(lambda *_: played((), Reason.TIMEOUT, "not done after 30 s"))
    house.upload("again.txt", "poison")
    engine, _ = house.run(echo)
    assert engine.jobs == []
    assert house.outcomes() == {"again.txt": ("quarantined", "timeout")}
    assert quarantine.list_entries(house.db)[1].evidence["remembered"] is True


def test_a_document_whose_new_version_is_hostile_stops_answering(house: House) -> None:
    house.upload("a.txt", "words")
    house.run(echo)
    house.upload("a.txt", "hostile words")
    house.run(lambda *_: refuses("corrupt"))
    assert house.chunks() == []
    assert house.states() == {"quarantined": 1}


def test_a_file_too_large_is_never_read_and_its_original_is_kept(house: House) -> None:
    house.upload("a.txt", "x" * 100)
    engine, _ = house.run(echo, input_bytes=99)
    assert engine.jobs == []
    assert house.outcomes() == {"a.txt": ("quarantined", "too_large")}
    (entry,) = quarantine.list_entries(house.db)
    assert Path(entry.original_uri.removeprefix("file://")).read_text() == "x" * 100


def test_a_symlink_is_accounted_for_and_never_followed(house: House) -> None:
    (house.folder / "secret").write_text("secret")
    (house.uploads / "a.txt").symlink_to(house.folder / "secret")
    engine, _ = house.run(echo)
    assert engine.jobs == []
    assert house.outcomes() == {"a.txt": ("quarantined", "unsupported")}


def test_a_sandbox_is_told_neither_name_nor_place(house: House) -> None:
    house.upload("secret-name.txt", "words")
    engine, _ = house.run(echo)
    (_, job, content) = engine.jobs[0]
    assert content == b"words"
    assert "secret-name" not in str(job)
    assert str(house.folder) not in str(job)


def test_a_fault_of_ours_is_tried_again_and_costs_nothing(house: House) -> None:
    house.upload("a.txt", "words")
    plays = iter([SandboxUnavailable("engine down"), SandboxUnavailable("engine down"), says("words")])
    house.run(lambda *_: next(plays))
    assert house.outcomes() == {"a.txt": ("indexed", None)}


def test_a_lasting_fault_of_ours_leaves_files_pending_and_says_so(house: House) -> None:
    house.upload("a.txt", "words")
    engine, drain = house.run(lambda *_: SandboxUnavailable("engine down"))
    assert len(engine.jobs) == house.settings.attempts_max
    assert house.outcomes() == {"a.txt": ("pending", None)}
    assert isinstance(drain.fault, SandboxUnavailable)
    assert house.states() == {"pending": 1}
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}


def test_a_bug_of_ours_is_no_verdict_on_the_file(house: House) -> None:
    house.upload("a.txt", "words")
    house.upload("b.txt", "other")

    def buggy(*arguments: object) -> object:
        if arguments[2] == b"words":
            raise KeyError("bug")
        return echo(*arguments)  # type: ignore[arg-type]

    house.run(buggy)  # type: ignore[arg-type]
    assert house.outcomes() == {"a.txt": ("pending", None), "b.txt": ("indexed", None)}


def test_a_run_stops_when_everything_fails(house: House) -> None:
    for number in range(60):
        house.upload(f"{number}.txt", str(number))
    engine, drain = house.run(lambda *_: SandboxUnavailable("engine down"))
    assert len(engine.jobs) < 20
    assert drain.fault is not None
    assert house.states() == {"pending": 60}


def test_stopping_gives_back_what_was_not_begun(house: House) -> None:
    for number in range(30):
        house.upload(f"{number:02}.txt", str(number))

    def stop_at_once(*arguments: object) -> object:
        house.stop.set()
        return echo(*arguments)  # type: ignore[arg-type]

    house.run(stop_at_once)  # type: ignore[arg-type]
    ended = len(house.reports)
    assert 1 <= ended <= 2
    assert house.states() == {"indexed": ended, "pending": 30 - ended}
    house.stop.clear()
    house.run(echo)
    assert house.states() == {"indexed": 30 - ended, "unchanged": ended}


class Meddling:
    """A store whose objects change or vanish between listing and reading, as live buckets do."""

    def __init__(self, inner: ObjectStore, before_open: object) -> None:
        self._inner, self._before_open, self.uri = inner, before_open, inner.uri
        self.list, self.put, self.copy_from, self.delete = inner.list, inner.put, inner.copy_from, inner.delete

    @contextmanager
    def open(self, key: str, version: str = "") -> Iterator[BinaryIO]:
        self._before_open(key)  # type: ignore[operator]
        with self._inner.open(key, version) as reader:
            yield reader


def test_a_file_that_vanished_is_deleted_not_lost(house: House) -> None:
    house.upload("a.txt", "words")
    house.source = Meddling(open_store(str(house.uploads)), lambda key: (house.uploads / key).unlink())  # type: ignore[assignment]
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("deleted", None)}
    assert house.states() == {"deleted": 1}


@pytest.mark.parametrize("instead", ["a folder in its place", "a link in its folder's place"])
def test_a_file_whose_place_was_taken_is_deleted_not_pending_for_ever(house: House, instead: str) -> None:
    (house.uploads / "sub").mkdir()
    house.upload("sub/a.txt", "words")

    def rearrange(key: str) -> None:
        if instead == "a folder in its place":
            (house.uploads / key).unlink()
            (house.uploads / key).mkdir()
        else:
            (house.uploads / "sub").rename(house.uploads / "elsewhere")
            (house.uploads / "sub").symlink_to("elsewhere")

    house.source = Meddling(open_store(str(house.uploads)), rearrange)  # type: ignore[assignment]
    house.run(echo)
    assert house.outcomes() == {"sub/a.txt": ("deleted", None)}
    assert house.states() == {"deleted": 1}


def test_a_file_that_changed_after_the_listing_is_read_as_it_is_now(house: House) -> None:
    house.upload("a.txt", "words")
    changes = iter(["newer words than before"])

    def change(key: str) -> None:
        for text in changes:
            house.upload(key, text)
            break

    house.source = Meddling(open_store(str(house.uploads)), change)  # type: ignore[assignment]
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}
    assert [chunk.text for chunk in house.chunks()] == ["newer words than before"]


def test_a_store_that_does_not_answer_is_our_fault(house: House) -> None:
    house.upload("a.txt", "words")

    def fail(_key: str) -> None:
        raise StoreUnavailable("503")

    house.source = Meddling(open_store(str(house.uploads)), fail)  # type: ignore[assignment]
    _, drain = house.run(echo)
    assert house.outcomes() == {"a.txt": ("pending", None)}
    assert isinstance(drain.fault, StoreUnavailable)


def test_release_grants_larger_limits_to_that_content_alone(house: House) -> None:
    house.upload("a.txt", "slow words")
    house.run(lambda *_: played((), Reason.TIMEOUT, "not done after 30 s"))
    (entry,) = quarantine.list_entries(house.db)
    quarantine.release(house.db, entry.id, by="ada", because="a known supplier's catalogue")
    engine, _ = house.run(echo)
    assert engine.jobs[0][0].limits.wall_seconds == 4 * house.settings.wall_seconds
    assert house.outcomes() == {"a.txt": ("indexed", None)}


def test_a_released_empty_file_is_indexed_as_it_is(house: House) -> None:
    house.upload("a.txt", " ")
    house.run(echo)
    (entry,) = quarantine.list_entries(house.db)
    assert entry.reason is Reason.EMPTY
    quarantine.release(house.db, entry.id, by="ada", because="a template")
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}
    assert house.chunks() == []


def test_reprocessing_forgets_the_verdict(house: House) -> None:
    house.upload("a.txt", "words")
    house.run(lambda *_: refuses("corrupt"))
    (entry,) = quarantine.list_entries(house.db)
    quarantine.reprocess(house.db, entry.id, by="ada", because="parser fixed")
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}


def test_an_empty_file_is_said_to_be_empty(house: House) -> None:
    house.upload("a.txt", "")
    house.run(echo)
    assert [(report.reason, report.detail) for report in house.reports] == [(Reason.EMPTY, "the file is empty")]
