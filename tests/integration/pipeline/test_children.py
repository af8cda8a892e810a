"""TEST: files inside files are read like any other, each for itself, and what that means for their containers."""

import hashlib
import shutil
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from contract.job import Job
from contract.verdicts import Reason, Withheld
from ingest import audit, outputs, pipeline, quarantine
from ingest.catalog import claims, discover, reconcile, runs
from ingest.catalog.story import stories
from ingest.cli import cli
from ingest.errors import DatabaseError, StoreError
from ingest.knowledge.base import Query
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import Outcome
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.scripted import Script, ScriptedEngine, played
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import archive, done, echo, holds, says, unpack

INVOICE = archive(("a.pdf", "the sum is 42"), ("terms.txt", "pay soon"))


def ends(house: House) -> dict[str, str]:
    """Key to outcome, or reason, of what ended in the last run; a key told twice fails the test."""
    assert len({report.key for report in house.reports}) == len(house.reports)
    return {report.key: report.reason or report.outcome or "pending" for report in house.reports}


def standing(house: House) -> dict[str, str]:
    """Key to state of everything there is, after checking that nothing is half done."""
    house.states()
    return {row["key"]: row["state"] for row in rows(house.db, "SELECT key, state FROM objects")}


def answers(house: House) -> dict[str, str]:
    return {chunk.key: chunk.text for chunk in house.chunks()}


def read(engine: ScriptedEngine) -> list[bytes]:
    return [content for *_, content in engine.jobs]


def summary(house: House) -> dict[str, object]:
    (run,) = rows(house.db, "SELECT id FROM runs ORDER BY started_at DESC LIMIT 1")
    return runs.summarize(house.db, str(run["id"])).as_json()


def test_files_inside_files_are_read_in_sandboxes_of_their_own(house: House) -> None:
    house.upload("mail.eml", archive(("invoice.zip", INVOICE), ("note.txt", "see attachment")))
    engine, drain = house.run(unpack)
    assert ends(house) == {
        "mail.eml": "indexed", "mail.eml!/invoice.zip": "indexed", "mail.eml!/note.txt": "indexed",
        "mail.eml!/invoice.zip!/a.pdf": "indexed", "mail.eml!/invoice.zip!/terms.txt": "indexed",
    }  # fmt: skip
    assert len(engine.jobs) == 5
    assert answers(house)["mail.eml!/invoice.zip!/a.pdf"] == "the sum is 42"
    assert drain.fault is None
    parents = {report.key: report.as_json()["parent"] for report in house.reports}
    assert (parents["mail.eml"], parents["mail.eml!/invoice.zip!/a.pdf"]) == (None, "mail.eml!/invoice.zip")
    told = summary(house)
    assert told["indexed"] == 1
    assert told["embedded"] == {"indexed": 4, "unchanged": 0, "quarantined": 0, "deleted": 0, "reasons": {}}


def test_a_sandbox_is_told_nothing_of_where_a_file_was_found(house: House) -> None:
    house.upload("secret-name.eml", archive(("attached.txt", "words")))
    engine, _ = house.run(unpack)
    assert all("secret" not in str(job) and "attached" not in str(job) for _, job, _ in engine.jobs)


def test_provenance_is_told_where_people_look(house: House) -> None:
    house.upload("mail.eml", archive(("invoice.zip", archive(("a.pdf", "the sum is 42"), ("b.pdf", "bad")))))
    house.run(unpack)
    (hit,) = PostgresKnowledge(house.db).search(Query("sum"))
    assert hit.provenance == ("mail.eml", "invoice.zip", "a.pdf")
    assert hit.as_json()["provenance"] == ["mail.eml", "invoice.zip", "a.pdf"]
    (entry,) = quarantine.list_entries(house.db)
    assert entry.provenance == ("mail.eml", "invoice.zip", "b.pdf")
    (story,) = stories(house.db, "mail.eml!/invoice.zip")
    assert story.provenance == ("mail.eml", "invoice.zip")
    assert [(child["key"], child["state"]) for child in story.embedded] == [
        ("mail.eml!/invoice.zip!/a.pdf", "indexed"), ("mail.eml!/invoice.zip!/b.pdf", "quarantined"),
    ]  # fmt: skip
    (root,) = stories(house.db, "mail.eml")
    assert root.provenance == ("mail.eml",)


def test_a_bad_file_costs_neither_its_container_nor_its_siblings(house: House) -> None:
    def read_or_die(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return played((), Reason.OUT_OF_MEMORY, "killed") if document == b"evil" else unpack(profile, job, document)

    house.upload("mail.eml", archive(("evil.doc", "evil"), ("bad.pdf", "bad"), ("good.txt", "words")))
    house.run(read_or_die)
    assert ends(house) == {
        "mail.eml": "indexed", "mail.eml!/evil.doc": "out_of_memory", "mail.eml!/bad.pdf": "corrupt",
        "mail.eml!/good.txt": "indexed",
    }  # fmt: skip
    assert summary(house)["embedded"] == {
        "indexed": 1, "unchanged": 0, "quarantined": 2, "deleted": 0, "reasons": {"corrupt": 1, "out_of_memory": 1},
    }  # fmt: skip
    kept = {entry.key: Path(entry.original_uri.removeprefix("file://")) for entry in quarantine.list_entries(house.db)}
    assert kept["mail.eml!/evil.doc"].read_bytes() == b"evil"
    standing(house)


def test_what_is_known_costs_no_sandbox_wherever_it_lies(house: House) -> None:
    house.upload("one.eml", archive(("a.zip", INVOICE), ("bad.txt", "bad")))
    house.run(unpack)
    house.upload("two.eml", archive(("b.zip", INVOICE), ("again.txt", "bad")))
    house.upload("plain.zip", INVOICE)
    engine, _ = house.run(unpack)
    assert len(engine.jobs) == 1  # two.eml itself
    assert ends(house)["plain.zip!/a.pdf"] == "indexed"
    assert ends(house)["two.eml!/again.txt"] == "corrupt"
    assert answers(house)["two.eml!/b.zip!/a.pdf"] == "the sum is 42"


def test_an_unchanged_container_costs_nothing_and_is_counted_with_what_it_holds(house: House) -> None:
    house.upload("mail.eml", archive(("invoice.zip", INVOICE), ("bad.txt", "bad")))
    house.run(unpack)
    engine, _ = house.run(unpack)
    assert engine.jobs == []
    assert summary(house)["unchanged"] == 1
    assert summary(house)["embedded"] == {
        "indexed": 0, "unchanged": 3, "quarantined": 1, "deleted": 0, "reasons": {"corrupt": 1},
    }  # fmt: skip


def test_a_changed_container_changes_only_what_changed_in_it(house: House) -> None:
    house.upload("mail.eml", archive(("gone.txt", "old words"), ("a.zip", INVOICE), ("change.txt", "first")))
    house.run(unpack)
    places = (
        "SELECT documents.id, chunks.ctid::text FROM chunks JOIN documents ON documents.id = document_id "
        "WHERE documents.key LIKE '%a.pdf'"
    )
    before = rows(house.db, places)
    house.upload("mail.eml", archive(("change.txt", "second"), ("a.zip", INVOICE), ("new.txt", "news")))
    engine, _ = house.run(unpack)
    assert sorted(read(engine)[1:]) == [b"news", b"second"]
    assert rows(house.db, places) == before
    assert standing(house)["mail.eml!/gone.txt"] == "deleted"
    assert answers(house) == {
        "mail.eml": "holds change.txt, a.zip, new.txt", "mail.eml!/change.txt": "second",
        "mail.eml!/new.txt": "news", "mail.eml!/a.zip": "holds a.pdf, terms.txt",
        "mail.eml!/a.zip!/a.pdf": "the sum is 42", "mail.eml!/a.zip!/terms.txt": "pay soon",
    }  # fmt: skip


def test_what_vanished_stops_answering_in_the_transaction_that_says_so(house: House) -> None:
    """The new reading is in, and not a child of it was read yet."""
    house.upload("mail.eml", archive(("old.zip", INVOICE)))
    house.run(unpack)
    house.upload("mail.eml", archive(("new.txt", "news")))

    def look(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"news":
            assert answers(house) == {"mail.eml": "holds new.txt"}
        return unpack(profile, job, document)

    house.run(look)
    assert answers(house) == {"mail.eml": "holds new.txt", "mail.eml!/new.txt": "news"}
    (event,) = rows(house.db, "SELECT body::jsonb -> 'detail' -> 'embedded' AS told FROM audit_events "
                              "WHERE kind = 'published' AND body::jsonb #>> '{detail,key}' = 'mail.eml' "
                              "ORDER BY seq DESC LIMIT 1")  # fmt: skip
    withdrawn = [each["key"] for each in event["told"]["withdrawn"]]
    assert withdrawn == ["mail.eml!/old.zip", "mail.eml!/old.zip!/a.pdf", "mail.eml!/old.zip!/terms.txt"]
    assert audit.verify(house.db).broken_at is None


def test_what_comes_back_is_the_same_file_again(house: House) -> None:
    house.upload("mail.eml", archive(("a.txt", "words")))
    house.run(unpack)
    house.upload("mail.eml", archive())
    house.run(unpack)
    house.upload("mail.eml", archive(("a.txt", "words")))
    engine, _ = house.run(unpack)
    assert engine.jobs == []  # both are known
    assert ends(house) == {"mail.eml": "indexed", "mail.eml!/a.txt": "indexed"}
    assert len(rows(house.db, "SELECT id FROM objects")) == 2


@pytest.mark.parametrize("bad", ["quarantined", "deleted"])
def test_a_container_that_is_held_or_gone_takes_its_files_along(house: House, bad: str) -> None:
    house.upload("mail.eml", archive(("a.zip", INVOICE)))
    house.upload("other.eml", archive(("a.zip", INVOICE)))
    house.run(unpack)

    def change(key: str) -> None:
        if key == "mail.eml":
            (house.uploads / key).unlink()

    house.upload("mail.eml", "bad")
    if bad == "deleted":
        from ingest.store.open import open_store
        from tests.integration.pipeline.test_files import Meddling

        house.source = Meddling(open_store(str(house.uploads)), change)  # type: ignore[assignment]
    house.run(unpack)
    assert {key: state for key, state in standing(house).items() if key.startswith("mail")} == {
        "mail.eml": bad, "mail.eml!/a.zip": "deleted", "mail.eml!/a.zip!/a.pdf": "deleted",
        "mail.eml!/a.zip!/terms.txt": "deleted",
    }  # fmt: skip
    assert not [key for key in answers(house) if key.startswith("mail")]
    assert answers(house)["other.eml!/a.zip!/a.pdf"] == "the sum is 42"


def test_a_container_in_quarantine_has_no_files_even_if_some_came_out(house: House) -> None:
    """Two good files leave the sandbox before it says that the rest is damaged."""
    end = done(refusal="corrupt", detail="then it broke", embedded=1)
    house.upload("a.zip", "x")
    house.run(lambda *_: played([says("x").untrusted_frames[0], *holds("a.txt", b"words"), end]))
    assert ends(house) == {"a.zip": "corrupt"}
    assert len(rows(house.db, "SELECT id FROM objects")) == 1


def test_withheld_files_are_quarantined_for_what_their_container_says(house: House) -> None:
    files = [*holds("locked.pdf", b"", withheld=Withheld.ENCRYPTED, detail="needs a password", bytes=77),
             *holds("open.txt", b"words")]  # fmt: skip
    house.upload("a.zip", "x")
    engine, _ = house.run(lambda _p, _j, document: says("listing", *files) if document == b"x" else says("words"))
    assert ends(house) == {"a.zip": "indexed", "a.zip!/locked.pdf": "encrypted", "a.zip!/open.txt": "indexed"}
    assert len(engine.jobs) == 2
    (entry,) = quarantine.list_entries(house.db)
    assert (entry.detail, entry.size, entry.original_uri) == ("needs a password", 77, "")
    # The same again: it stays where it is.
    house.run(echo)
    assert [entry.id for entry in quarantine.list_entries(house.db)] == [entry.id]


def test_a_hostile_name_is_shown_harmless_and_told(house: House) -> None:
    house.upload("a.zip", "x")
    files = [*holds("../../etc/passwd", b"root"), *holds("fdp.exe\u202e", b"words")]
    house.run(lambda _p, _j, document: says("listing", *files) if document == b"x" else says(document.decode()))
    assert set(ends(house)) == {"a.zip", "a.zip!/passwd", "a.zip!/fdp.exe"}
    (report,) = [report for report in house.reports if report.key == "a.zip"]
    assert set(report.findings) == {"path_traversal", "bidi_control"}


def test_a_key_of_the_source_is_never_taken_for_a_file_inside(house: House) -> None:
    """An uploader who names a file as a child of another's mail must neither replace nor withdraw that child."""
    (house.uploads / "mail.eml!").mkdir()
    house.upload("mail.eml!/a.txt", "forged")
    house.upload("mail.eml", archive(("a.txt", "real")))
    house.run(unpack)
    assert sorted(report.key for report in house.reports) == ["mail.eml", "mail.eml!/a.txt", "mail.eml!/a.txt"]
    assert sorted(chunk.text for chunk in house.chunks() if chunk.key == "mail.eml!/a.txt") == ["forged", "real"]
    assert {story.provenance for story in stories(house.db, "mail.eml!/a.txt")} == {
        ("mail.eml!/a.txt",), ("mail.eml", "a.txt"),
    }  # fmt: skip
    (house.uploads / "mail.eml!/a.txt").unlink()
    house.upload("mail.eml", archive())
    house.run(unpack)
    assert answers(house) == {"mail.eml": "holds ", "mail.eml!/a.txt": "forged"}


def test_files_of_one_name_are_told_apart_and_keep_their_extension(house: House) -> None:
    house.upload("a.zip", archive(("one/a.txt", "first"), ("two/a.txt", "second"), ("three/a.txt", "third")))
    house.run(unpack)
    assert {key: text for key, text in answers(house).items() if key != "a.zip"} == {
        "a.zip!/a.txt": "first", "a.zip!/a (2).txt": "second", "a.zip!/a (3).txt": "third",
    }  # fmt: skip
    house.upload("a.zip", archive(("two/a.txt", "second"), ("three/a.txt", "third")))
    engine, _ = house.run(unpack)
    assert len(engine.jobs) == 1
    assert {key: text for key, text in answers(house).items() if key != "a.zip"} == {
        "a.zip!/a.txt": "second", "a.zip!/a (2).txt": "third",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("container", "content"),
    [("notes.txt.gz", "notes.txt"), ("backup.tgz", "backup.tar"), ("folder/a.b.XZ", "a.b"), ("blob", "content")],
)
def test_a_single_file_without_a_name_is_called_after_its_container(house: House, container: str, content: str) -> None:
    (house.uploads / "folder").mkdir()
    house.upload(container, archive(("", "words")))
    house.run(unpack)
    assert answers(house)[f"{container}!/{content}"] == "words"


# ---- budgets


def quine(_profile: Profile, _job: Job, document: bytes) -> SandboxRun:
    """A parser at work on an archive that holds itself."""
    return says("again", *holds("quine.zip", document))


def test_an_archive_that_holds_itself_ends_by_depth(house: House) -> None:
    house.upload("quine.zip", "quine")
    engine, _ = house.run(quine, embedded_depth=3)
    assert len(engine.jobs) == 1  # the same content, read once
    key = "quine.zip"
    expected = {key: "indexed"}
    for _ in range(3):
        key += "!/quine.zip"
        expected[key] = "indexed"
    assert ends(house) == expected | {f"{key}!/quine.zip": "bomb"}
    (entry,) = quarantine.list_entries(house.db)
    assert entry.detail == "lies 4 deep, the limit is 3"
    assert entry.evidence["budget"]["depth_max"] == 3


def multiplying(_profile: Profile, _job: Job, document: bytes) -> SandboxRun:
    """A parser of archives that hold ten like themselves, each another content."""
    files = [piece for number in range(10) for piece in holds(f"{number}.zip", document + b"%d" % number)]
    return says("ten", *files)


def test_a_tree_of_archives_costs_no_more_than_its_budget(house: House) -> None:
    house.upload("a.zip", "x")
    engine, drain = house.run(multiplying, embedded_files=25)
    assert drain.fault is None
    assert summary(house)["embedded"]["indexed"] == 25  # type: ignore[index]
    assert len(engine.jobs) == 26
    told = rows(house.db, 'SELECT findings FROM revisions WHERE findings @> \'[{"kind": "not_examined"}]\'')
    assert told
    standing(house)


def test_bytes_over_the_budget_are_withheld_and_the_others_read(house: House) -> None:
    house.upload("a.zip", archive(("a.txt", "x" * 60), ("b.txt", "y" * 60), ("c.txt", "z" * 30)))
    house.run(unpack, embedded_bytes=100)
    assert ends(house) == {
        "a.zip": "indexed", "a.zip!/a.txt": "indexed", "a.zip!/b.txt": "too_large", "a.zip!/c.txt": "indexed",
    }  # fmt: skip
    (entry,) = quarantine.list_entries(house.db)
    assert entry.detail == "60 bytes, 60 of 100 are spent on its siblings"


def test_what_unpacks_to_far_more_than_it_was_is_a_bomb(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.children.RATIO_FREE_BYTES", 100)
    house.upload("a.zip", "x" * 10)
    files = [*holds("small.txt", b"y" * 90), *holds("large.txt", b"z" * 5000)]
    house.run(lambda _p, _j, document: says("two", *files) if document[:1] == b"x" else says("words"))
    assert ends(house) == {"a.zip": "indexed", "a.zip!/small.txt": "indexed", "a.zip!/large.txt": "bomb"}
    (entry,) = quarantine.list_entries(house.db)
    assert entry.detail == "unpacks to 509 times the size of the whole, the limit is 200"


def test_a_flood_of_files_is_the_containers_own_fault(house: House) -> None:
    many = [piece for number in range(101) for piece in holds(str(number), b"x")]
    house.upload("a.zip", "x")
    house.run(lambda *_: says("listing", *many))
    assert ends(house) == {"a.zip": "output_limit"}
    assert len(rows(house.db, "SELECT id FROM objects")) == 1


# ---- decisions, faults and fences


def test_a_file_inside_is_reprocessed_released_and_purged_like_any_other(house: House) -> None:
    house.upload("mail.eml", archive(("bad.txt", "bad"), ("slow.txt", "slow")))

    def slow(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"slow" and profile.limits.wall_seconds < 100:
            return played((), Reason.TIMEOUT, "too slow")
        return unpack(profile, job, document)

    house.run(slow)
    entries = {entry.key: entry for entry in quarantine.list_entries(house.db)}
    quarantine.release(house.db, entries["mail.eml!/slow.txt"].id, by="ada", because="known")
    quarantine.reprocess(house.db, entries["mail.eml!/bad.txt"].id, by="ada", because="fixed")
    house.run(lambda profile, job, document: says("better") if document == b"bad" else slow(profile, job, document))
    assert ends(house) == {"mail.eml!/slow.txt": "indexed", "mail.eml!/bad.txt": "indexed"}
    assert answers(house)["mail.eml!/bad.txt"] == "better"


@pytest.mark.parametrize("harm", ["gone", "forged"])
def test_bytes_that_are_gone_or_forged_are_taken_from_the_container_again(house: House, harm: str) -> None:
    """Somebody tidies up, or an uploader who can write to the store puts other bytes where these were."""
    house.upload("mail.eml", archive(("a.txt", "words")))
    harmed = []

    def meddle(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return unpack(profile, job, document)

    original = outputs.write_document

    def after_the_container(store: object, *arguments: object) -> object:
        if not harmed:
            harmed.append(1)
            folder = house.folder / "kept" / outputs.EMBEDDED
            if harm == "gone":
                shutil.rmtree(folder)
            else:
                (path,) = [path for path in folder.rglob("*") if path.is_file()]
                path.write_text("forged")
        return original(store, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outputs, "write_document", after_the_container)
        _, drain = house.run(meddle)
    assert answers(house) == {"mail.eml": "holds a.txt", "mail.eml!/a.txt": "words"}
    assert isinstance(drain.fault, StoreError)
    standing(house)


def read_container_again(house: House, script: Script) -> None:
    """What another worker does meanwhile: lists, and takes the container, which is the oldest, and nothing else."""
    stations = house.stations(script)
    source = runs.open_source(house.db, stations.source_uri)
    run_id = runs.start_run(house.db, source.id, "batch")
    discover.plan(house.db, source.id, run_id, stations.source.list())
    with claims.register_worker(house.db, run_id) as worker:
        (claim,) = claims.claim(house.db, worker, source.id, run_id, 1, 60)
        assert claim.within is None
        pipeline.process(claim, stations)


def test_a_container_read_again_while_a_file_in_it_is_at_work(house: House) -> None:
    """The same content keeps its lease; another content, or none, takes it away, and the late worker writes nothing."""
    house.upload("mail.eml", archive(("same.txt", "same"), ("other.txt", "old"), ("gone.txt", "gone")))
    at_work = threading.Barrier(3)
    again = []

    def busy(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document in (b"same", b"old", b"gone") and not again:
            if at_work.wait(60) == 0:
                house.upload("mail.eml", archive(("same.txt", "same"), ("other.txt", "new")))
                read_container_again(house, unpack)
                again.append(True)
            at_work.wait(60)
        return unpack(profile, job, document)

    # The scripted engine plays one at a time, and here three must be at work at once.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptedEngine, "run", lambda _, profile, job, content: busy(profile, job, content.read()))
        house.run(unpack, concurrency=3)
    assert ends(house)["mail.eml!/same.txt"] == "indexed"
    assert "mail.eml!/gone.txt" not in ends(house)
    assert standing(house)["mail.eml!/gone.txt"] == "deleted"
    assert answers(house) == {
        "mail.eml": "holds same.txt, other.txt", "mail.eml!/same.txt": "same", "mail.eml!/other.txt": "new",
    }  # fmt: skip


def test_a_withdrawn_files_late_worker_publishes_nothing(house: House) -> None:
    house.upload("mail.eml", archive(("a.txt", "words")))

    def withdraw_meanwhile(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"words":
            house.upload("mail.eml", archive())
            House(house.folder, house.db, house.settings).run(unpack)
        return unpack(profile, job, document)

    house.run(withdraw_meanwhile)
    assert standing(house) == {"mail.eml": "indexed", "mail.eml!/a.txt": "deleted"}
    assert answers(house) == {"mail.eml": "holds "}


def test_a_claim_of_certain_files_takes_what_lies_in_them_along(house: House) -> None:
    """As a watcher claims what was just uploaded, and nothing of the backlog."""
    house.upload("mail.eml", archive(("a.txt", "words")))
    house.run(unpack, embedded_depth=4)
    with house.db.begin() as connection:
        connection.execute(text("UPDATE objects SET state = 'pending' WHERE parent_id IS NOT NULL"))
    (root,) = rows(house.db, "SELECT id, source_id FROM objects WHERE parent_id IS NULL")
    run_id = runs.start_run(house.db, root["source_id"], "watch")
    with claims.register_worker(house.db, run_id) as worker:
        (claim,) = claims.claim(house.db, worker, root["source_id"], run_id, 5, 60, object_ids=[root["id"]])
    assert (claim.key, claim.parent_key) == ("mail.eml!/a.txt", "mail.eml")
    assert claim.version == hashlib.sha256(b"words").hexdigest()


def test_reports_of_files_that_ended_with_their_container(house: House) -> None:
    house.upload("mail.eml", archive(("a.txt", "words"), ("bad.txt", "bad"), ("gone.txt", "gone")))
    house.run(unpack)
    house.upload("mail.eml", archive(("a.txt", "words"), ("bad.txt", "bad")))
    house.run(unpack)
    (run,) = rows(house.db, "SELECT id FROM runs ORDER BY started_at DESC LIMIT 1")
    states = ("unchanged", "quarantined", "deleted")
    told = runs.file_reports(house.db, str(run["id"]), states, settled_by_run=False, with_parents=True)
    assert {(report.key, report.outcome, report.parent) for report in told} == {
        ("mail.eml!/a.txt", Outcome.UNCHANGED, "mail.eml"), ("mail.eml!/bad.txt", Outcome.QUARANTINED, "mail.eml"),
        ("mail.eml!/gone.txt", Outcome.DELETED, "mail.eml"),
    }  # fmt: skip
    assert list(runs.file_reports(house.db, str(run["id"]), states, settled_by_run=False)) == []


# ---- what the rows and the commands say


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        ("UPDATE objects SET state = 'quarantined', reason = 'policy' WHERE key = 'mail.eml'", "inside a file that is"),
        ("UPDATE objects SET state = 'deleted' WHERE key = 'mail.eml!/a.txt'", "more or fewer files inside"),
        ("UPDATE revisions SET embedded_count = 7", "more or fewer files inside"),
        ("UPDATE objects SET depth = 3 WHERE key = 'mail.eml!/a.txt'", "inside another file than its parent is"),
        ("UPDATE objects SET root_id = id WHERE key = 'mail.eml!/a.txt'", "inside another file than its parent is"),
    ],
)
def test_reconciliation_finds_what_is_half_done(house: House, harm: str, problem: str) -> None:
    """A hand in the tables, or a dump restored without its constraints."""
    house.upload("mail.eml", archive(("a.txt", "words")))
    house.run(unpack)
    with house.db.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # foreign keys look away
        connection.execute(text(harm))
    (source,) = rows(house.db, "SELECT id FROM sources")
    found = reconcile.reconcile(house.db, source["id"])
    assert any(problem in each.kind for each in found.problems), found.problems


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE objects SET parent_id = NULL WHERE depth = 1",
        "UPDATE objects SET depth = 0 WHERE depth = 1",
        "UPDATE objects SET depth = 1, parent_id = id, root_id = id, place = 0, member = 'm' WHERE depth = 0",
        "UPDATE objects SET key_digest = sha256(convert_to(key, 'UTF8')) WHERE depth = 1",
        "UPDATE objects SET withheld = 'bomb' WHERE depth = 0",
        "UPDATE objects SET withheld = 'bad luck' WHERE depth = 1",
        "UPDATE objects SET parent_id = 999 WHERE depth = 1",
        "DELETE FROM objects WHERE depth = 0",
    ],
)
def test_the_database_refuses_a_file_without_its_place(house: House, harm: str) -> None:
    house.upload("mail.eml", archive(("a.txt", "words")))
    house.run(unpack)
    with pytest.raises(DatabaseError), house.db.begin() as connection:
        connection.execute(text(harm))


def test_the_commands_draw_the_way_to_a_file(
    house: House, db_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house.upload("mail.eml", archive(("invoice.zip", archive(("a.pdf", "the sum is 42"), ("b.pdf", "bad")))))
    house.run(unpack)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", db_url)

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    assert "mail.eml → invoice.zip → b.pdf" in said("quarantine", "list")
    assert "provenance: mail.eml → invoice.zip → b.pdf" in said("quarantine", "show", "1")
    assert said("search", "sum").startswith("1. mail.eml → invoice.zip → a.pdf, page 1")
    story = said("why", "mail.eml!/invoice.zip")
    assert story.startswith("mail.eml → invoice.zip  in  file://")
    assert "holds  mail.eml!/invoice.zip!/b.pdf  quarantined: corrupt" in story
