"""TEST: which keys are known below a folder: what an uploader deletes must not cost the reading of a whole source."""

import pytest
from sqlalchemy import text

from ingest.catalog import observe, runs
from ingest.catalog.database import Database
from ingest.store.base import StoredObject

# Hostile: neighbours of the folder in the order of bytes, names longer than an index entry, the last of all characters.
LONG = "d/" + "x" * 600
KEYS = ["c", "d", "d!", "d/", "d/a", "d/é", "d/\U0010ffff", "d/\U0010ffffx", LONG + "/1", LONG + "/2", "d0", "e/a",
        "\ud7ff/1", "\ue000", "\U0010ffff/1"]  # fmt: skip


@pytest.fixture
def source(db: Database) -> int:
    source = runs.open_source(db, "s3://uploads/").id
    other = runs.open_source(db, "s3://others/").id
    run = runs.start_run(db, source, "watch")
    observe.observe(db, source, run, [StoredObject(key, "1", 1, 0.0) for key in [*KEYS, "d/gone"]])
    observe.observe(db, other, runs.start_run(db, other, "watch"), [StoredObject("d/other", "1", 1, 0.0)])
    with db.begin() as connection:
        connection.execute(text("UPDATE objects SET state = 'deleted' WHERE key = 'd/gone'"))
    return source


@pytest.mark.parametrize(
    "below", ["", "d/", "d", LONG + "/", LONG + "/1", "nothing/", "\ud7ff", "d/\U0010ffff", "\U0010ffff"]
)
@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_the_keys_below_a_folder_in_the_order_of_their_bytes(
    db: Database, source: int, monkeypatch: pytest.MonkeyPatch, below: str, at_once: int
) -> None:
    monkeypatch.setattr(observe, "KEYS_AT_ONCE", at_once)
    expected = sorted((key for key in KEYS if key.startswith(below)), key=str.encode)
    assert list(observe.standing_keys(db, source, below)) == expected


def test_which_folders_have_a_key_that_is_known(db: Database, source: int) -> None:
    folders = ["c/", "d/", "d/a/", "d/gone/", "e/", "nothing/", LONG + "/", "\ud7ff/"]
    assert sorted(observe.standing_folders(db, source, folders)) == sorted(["d/", "e/", LONG + "/", "\ud7ff/"])
    assert observe.standing_folders(db, source, []) == []


@pytest.mark.parametrize("statement", [observe._STANDING_KEYS, observe._STANDING_FOLDERS], ids=["keys", "folders"])
def test_a_question_about_a_folder_reads_no_more_than_that_folder(db: Database, source: int, statement: str) -> None:
    """Hostile: one folder of a large source is deleted, path by path."""
    many = """
        INSERT INTO objects (source_id, key, key_digest, version, size, modified, run_id)
        SELECT source_id, 'm/' || n, sha256(convert_to('m/' || n, 'UTF8')), '1', 1, 0, run_id
        FROM generate_series(1, 20000) n, (SELECT source_id, run_id FROM objects WHERE key = 'd') AS one
    """
    asked = {"source": source, "below": "m/77/", "beyond": "m/770", "after": "", "count": 20_000}
    asked |= {"belows": ["m/77/", "m/78/"], "beyonds": ["m/770", "m/780"]}
    with db.begin() as connection:
        connection.execute(text(many))
        connection.execute(text("ANALYZE objects"))
        wanted = text(statement).compile().params.keys()
        plan = "EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + statement
        (explained,) = connection.execute(text(plan), {name: asked[name] for name in wanted}).scalar_one()
    assert "objects_standing_index" in str(explained)
    assert "Seq Scan" not in str(explained)
