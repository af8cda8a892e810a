"""TEST: the audit chain holds under many writers, and shows any hand that was laid on it."""

import hashlib
import threading

import pytest
from sqlalchemy import text

from ingest.audit import GENESIS, AuditKind, Verification, append, verify
from ingest.catalog.database import Database
from tests.integration.catalog.builders import rows


def _events(db: Database, number: int) -> None:
    for place in range(number):
        with db.begin() as connection:
            append(
                connection, AuditKind.RELEASED, subject=f"object {place}", actor="Ada", detail={"n": place, "f": 0.1}
            )


def test_the_chain_can_be_recomputed_by_hand(db: Database) -> None:
    with db.begin() as connection:
        detail = {"ä": "\ud800\0", "huge": 1e22, "tiny": 1e-7}
        append(connection, AuditKind.PURGED, subject="object 1", actor="Ünal :x %s", detail=detail)
    (row,) = rows(db, "SELECT *, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS shown FROM audit_events")
    microseconds = rows(db, "SELECT (extract(epoch FROM at) * 1000000)::bigint AS us FROM audit_events")[0]["us"]
    linked = GENESIS + f"1 {microseconds} {row['body']}".encode()
    assert row["hash"] == hashlib.sha256(linked).digest()
    assert verify(db) == Verification(1, None, "", row["hash"].hex())


def test_an_empty_chain_holds(db: Database) -> None:
    assert verify(db) == Verification(0, None, "", GENESIS.hex())


def test_many_writers_make_one_chain(db: Database) -> None:
    threads = [threading.Thread(target=_events, args=(db, 20)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checked = verify(db)
    assert (checked.events, checked.broken_at) == (120, None)


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE audit_events SET body = replace(body, 'Ada', 'Eve') WHERE seq = 3", 3),
        ("UPDATE audit_events SET actor = 'Eve' WHERE seq = 3", 3),
        ("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE seq = 4", 4),
        ("DELETE FROM audit_events WHERE seq = 3", 4),
        ("DELETE FROM audit_events WHERE seq = 1", 2),
        ("UPDATE audit_events SET hash = sha256('x') WHERE seq = 2", 2),
        ("UPDATE audit_events SET previous_hash = sha256('x') WHERE seq = 5", 5),
        ("UPDATE audit_events SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN 2 ELSE seq END WHERE seq IN (2, 3)", -3),
    ],
)
def test_tampering_is_found_where_it_was_done(db: Database, tampering: str, broken_at: int) -> None:
    _events(db, 6)
    assert verify(db).broken_at is None
    with db.begin() as connection:
        connection.execute(text(tampering))
    assert verify(db).broken_at == broken_at


def test_cutting_off_the_end_changes_the_head(db: Database) -> None:
    _events(db, 3)
    head = verify(db).head
    with db.begin() as connection:
        connection.execute(text("DELETE FROM audit_events WHERE seq = 3"))
    shortened = verify(db)
    assert shortened.broken_at is None
    assert (shortened.events, shortened.head == head) == (2, False)
