"""TEST: ingest, back up, destroy, restore: the same answers, the same account, and nothing to do for the next run."""

import io
import shutil
import stat
import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingest import audit, backup, quarantine
from ingest.backup import BackupRefused, back_up, prove, read_manifest, restore
from ingest.catalog import claims
from ingest.catalog.database import REVISION, Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.errors import ConfigurationError, DatabaseError, ReconciliationError
from ingest.knowledge.base import Query
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from tests.integration.catalog.builders import begin, rows, stored
from tests.integration.pipeline.conftest import House, house
from tests.integration.pipeline.speech import echo, refuses

__all__ = ["house"]


@pytest.fixture
def filled(house: House) -> House:
    """Files at every end, a decision, a lease that somebody holds, and a pause."""
    for number in range(5):
        house.upload(f"{number}.txt", f"the glove number {number} has a sensor")
    house.upload("hostile.txt", "poison")
    house.run(lambda *arguments: refuses("corrupt") if arguments[2] == b"poison" else echo(*arguments))
    (entry,) = quarantine.list_entries(house.db)
    quarantine.reprocess(house.db, entry.id, by="ada", because="parser fixed")
    house.run(lambda *_: refuses("encrypted"))
    return house


def kept(house: House) -> Path:
    return house.folder / "kept"


def answers(db: Database) -> list[Any]:
    return [hit.as_json() for hit in PostgresKnowledge(db).search(Query("glove sensor", limit=20))]


def destroyed(house: House, empty_url: str) -> Database:
    """The same installation after the loss of its database and of its documents."""
    shutil.rmtree(kept(house))
    kept(house).mkdir()
    return Database.open(empty_url)


def test_restored_is_as_it_was(filled: House, empty_url: str, tmp_path: Path) -> None:
    before = answers(filled.db), filled.chunks(), filled.states(), audit.verify(filled.db)
    documents = {path.relative_to(kept(filled)): path.read_bytes() for path in filled.kept()}
    assert len(before[0]) == 5
    back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with destroyed(filled, empty_url) as empty:
        restore(empty, tmp_path / "b.tar", kept=kept(filled))
        lost, filled.db = filled.db, empty
        try:
            assert (answers(empty), filled.chunks(), filled.states(), audit.verify(empty)) == before
            assert {path.relative_to(kept(filled)): path.read_bytes() for path in filled.kept()} == documents
            engine, _ = filled.run(echo)
            assert engine.jobs == [], "the next run finds everything unchanged"
            assert filled.states() == {"unchanged": 5, "quarantined": 1}
            filled.upload("new.txt", "a new glove")
            filled.run(echo)
            assert filled.outcomes() == {"new.txt": ("indexed", None)}, "numbers go on after the restored ones"
            assert audit.verify(empty).broken_at is None
        finally:
            filled.db = lost


def test_the_file_is_for_its_owner_alone_and_says_what_is_inside(filled: House, tmp_path: Path) -> None:
    made = back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert read_manifest(tmp_path / "b.tar") == made
    assert made.revision == REVISION
    assert made.tables['"public"."objects"'] == 6
    assert made.audit_head == audit.verify(filled.db).head
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".gloveport-backup")] == []


def test_work_goes_on_during_a_backup_and_is_not_in_it(
    filled: House, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is published after the rows were counted and before `pg_dump` begins."""
    real = backup._run

    def publish_first(db: Database, program: str, *arguments: str, **more: Any) -> None:
        if program == "pg_dump":
            filled.upload("late.txt", "a late glove")
            filled.run(echo)
            assert filled.outcomes() == {"late.txt": ("indexed", None)}
        real(db, program, *arguments, **more)

    monkeypatch.setattr(backup, "_run", publish_first)
    made = back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with destroyed(filled, empty_url) as empty:
        restore(empty, tmp_path / "b.tar", kept=kept(filled))
        assert rows(empty, "SELECT key FROM objects WHERE key = 'late.txt'") == []
        assert audit.verify(empty).head == made.audit_head


def test_leases_and_runs_of_the_backup_have_ended(db: Database, empty_url: str, tmp_path: Path) -> None:
    source, run = begin(db, stored("a.txt"))
    with claims.register_worker(db, run) as worker:
        claims.claim(db, worker, source, run, 1, 600)
        back_up(db, tmp_path / "b.tar", kept=None)
    with Database.open(empty_url) as empty:
        restore(empty, tmp_path / "b.tar", kept=None)
        assert rows(empty, "SELECT state FROM runs") == [{"state": "interrupted"}]
        with claims.register_worker(empty, None) as other:
            assert [claim.key for claim in claims.claim(empty, other, source, run, 9, 600)] == ["a.txt"]


def test_a_database_that_holds_anything_is_refused_and_untouched(
    filled: House, db_url: str, empty_url: str, tmp_path: Path
) -> None:
    back_up(filled.db, tmp_path / "b.tar", kept=None)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE somebody_elses (n int)")
    for url in (db_url, empty_url):
        with Database.open(url) as database, pytest.raises(BackupRefused, match="tables already"):
            restore(database, tmp_path / "b.tar", kept=None)
    assert filled.states() == {"unchanged": 5, "quarantined": 1}


def test_a_backup_overwrites_nothing(filled: House, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("precious")
    with pytest.raises(ConfigurationError, match="overwrites nothing"):
        back_up(filled.db, tmp_path / "b.tar", kept=None)
    assert (tmp_path / "b.tar").read_text() == "precious"


def test_what_is_no_backup_is_refused(db: Database, empty_url: str, tmp_path: Path) -> None:
    back_up(db, tmp_path / "good.tar", kept=None)
    (tmp_path / "words").write_text("words")
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(tmp_path / "words", "words")
    for name in ("words", "other.tar"):
        with Database.open(empty_url) as empty, pytest.raises(ConfigurationError):
            restore(empty, tmp_path / name, kept=None)
    with Database.open(empty_url) as empty:
        restore(empty, tmp_path / "good.tar", kept=None)


def test_a_damaged_dump_is_refused_before_anything_is_written(db: Database, empty_url: str, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    back_up(db, file, kept=None)
    with tarfile.open(file) as tar:
        place = tar.getmember(backup.DUMP).offset_data + 2000
    with file.open("r+b") as stream:
        stream.seek(place)
        byte = stream.read(1)
        stream.seek(place)
        stream.write(bytes([byte[0] ^ 1]))
    with Database.open(empty_url) as empty:
        with pytest.raises(BackupRefused, match="damaged"):
            restore(empty, file, kept=None)
        assert rows(empty, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []


def test_a_dump_that_fails_half_way_leaves_the_database_empty(
    filled: House, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled.db, tmp_path / "b.tar", kept=None)
    monkeypatch.setattr(backup, "_must_be_whole", lambda *_: None)
    with tarfile.open(tmp_path / "b.tar") as tar:
        member = tar.getmember(backup.DUMP)
    with (tmp_path / "b.tar").open("r+b") as stream:
        stream.seek(member.offset_data + member.size - 600)
        stream.write(b"\xff" * 600)
    with Database.open(empty_url) as empty:
        with pytest.raises(DatabaseError):
            restore(empty, tmp_path / "b.tar", kept=None)
        assert rows(empty, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []


def test_an_account_that_was_changed_before_the_backup_is_noticed(
    filled: House, empty_url: str, tmp_path: Path
) -> None:
    rows(
        filled.db,
        "UPDATE audit_events SET body = replace(body, 'parser', 'Parser') WHERE kind = 'reprocessed' RETURNING 1",
    )
    back_up(filled.db, tmp_path / "b.tar", kept=None)
    with Database.open(empty_url) as empty, pytest.raises(ReconciliationError, match="audit"):
        restore(empty, tmp_path / "b.tar", kept=None)


def test_documents_go_back_where_the_catalogue_looks_for_them(filled: House, empty_url: str, tmp_path: Path) -> None:
    back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with Database.open(empty_url) as empty:
        with pytest.raises(BackupRefused, match="its documents were kept in"):
            restore(empty, tmp_path / "b.tar", kept=tmp_path / "elsewhere")
        assert rows(empty, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []


def test_a_document_that_is_written_again_meanwhile_is_taken_as_it_is_now(
    filled: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the listing and the reading somebody has a document read again, which writes it anew."""
    really_open = FolderStore.open
    documents = [
        stored.key for stored in open_store(str(kept(filled))).list(".gloveport/") if stored.key.endswith("document.md")
    ]
    again = iter(documents[:1])

    def opened(store: FolderStore, key: str, version: str = "") -> Any:
        if key == documents[0] and next(again, None):
            path = kept(filled) / key
            path.with_suffix(".new").write_bytes(b"as it is now")
            path.with_suffix(".new").replace(path)
        return really_open(store, key, version)

    monkeypatch.setattr(FolderStore, "open", opened)
    back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with tarfile.open(tmp_path / "b.tar") as tar:
        content = tar.extractfile(f"store/{documents[0]}")
        assert content is not None
        assert content.read() == b"as it is now"


def test_only_what_gloveport_wrote_comes_back(filled: House, empty_url: str, tmp_path: Path) -> None:
    """A backup somebody added a file to, under a name beyond the folder that documents are kept in."""
    back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with tarfile.open(tmp_path / "b.tar", "a") as tar:
        planted = tarfile.TarInfo("store/uploads/planted.txt")
        tar.addfile(planted, io.BytesIO(b""))
    with destroyed(filled, empty_url) as empty:
        restore(empty, tmp_path / "b.tar", kept=kept(filled))
    assert not (kept(filled) / "uploads").exists()


def test_a_backup_of_a_newer_release_is_refused(
    db: Database, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(db, tmp_path / "b.tar", kept=None)
    monkeypatch.setattr(backup, "REVISION", "0000")
    with Database.open(empty_url) as empty, pytest.raises(BackupRefused, match="newer release"):
        restore(empty, tmp_path / "b.tar", kept=None)


@pytest.mark.parametrize("place", ["before the host", "among the options"])
def test_a_password_is_on_no_command_line_and_in_no_message(
    server: EmbeddedPostgres, db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The programs are replaced by one that writes down what it was given."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "pg_dump").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/argv\nenv > {tmp_path}/env\necho "pg_dump: error: no"\nexit 1\n'
    )
    (tools / "pg_dump").chmod(0o755)
    monkeypatch.setattr(backup, "binaries", lambda: tools)
    if place == "before the host":
        address = db_url.replace("postgres@", "postgres:planted-secret@")
    else:
        address = f"{db_url}&password=planted-secret"
    with Database.open(address) as db, pytest.raises(DatabaseError, match="no") as failed:
        back_up(db, tmp_path / "b.tar", kept=None)
    assert "planted-secret" not in (tmp_path / "argv").read_text() + str(failed.value)
    assert "PGPASSWORD=planted-secret" in (tmp_path / "env").read_text().splitlines()
    assert not (tmp_path / "b.tar").exists()


def test_a_file_the_catalogue_refers_to_is_reconciled_after_the_restore(
    filled: House, empty_url: str, tmp_path: Path
) -> None:
    """A dump that was made of rows which do not agree restores, and says that they do not."""
    with filled.db.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE quarantine_entries DISABLE TRIGGER ALL")
        connection.exec_driver_sql("DELETE FROM quarantine_entries WHERE status = 'held'")
    back_up(filled.db, tmp_path / "b.tar", kept=None)
    with Database.open(empty_url) as empty, pytest.raises(ReconciliationError, match="without an entry"):
        restore(empty, tmp_path / "b.tar", kept=None)


def test_a_backup_is_proven_without_touching_what_is_in_use(filled: House, empty_url: str, tmp_path: Path) -> None:
    made = back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    documents = {path: path.stat().st_mtime_ns for path in filled.kept()}
    with Database.open(empty_url) as scratch:
        assert prove(scratch, tmp_path / "b.tar") == made
    assert {path: path.stat().st_mtime_ns for path in filled.kept()} == documents


@pytest.mark.parametrize("part", [".gloveport/documents", ".gloveport/quarantine"])
def test_a_backup_that_lacks_a_file_its_catalogue_names_is_no_proof(
    part: str, filled: House, empty_url: str, tmp_path: Path
) -> None:
    lost = sorted(path for path in filled.kept() if part in str(path))[0]
    lost.unlink()
    back_up(filled.db, tmp_path / "b.tar", kept=kept(filled))
    with Database.open(empty_url) as scratch, pytest.raises(ReconciliationError, match=lost.name):
        prove(scratch, tmp_path / "b.tar")
