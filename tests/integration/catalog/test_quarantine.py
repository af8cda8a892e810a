"""TEST: quarantine: what is held, what people may decide about it, and what is left on record."""

import json

import pytest

from contract.verdicts import Reason
from ingest import audit
from ingest.catalog.claims import Worker, claim, register_worker
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.catalog.parses import recall
from ingest.catalog.reconcile import reconcile
from ingest.errors import ExitCode, LeaseLost
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import publish
from ingest.quarantine import (
    MORE_ROOM,
    OPINION,
    DecisionRefused,
    Entry,
    get_entry,
    hold,
    list_entries,
    purge,
    release,
    reprocess,
)
from tests.integration.catalog.builders import (
    begin,
    claim_one,
    holding,
    identity,
    publication,
    rows,
    sandbox_record,
    state_of,
    stored,
)

GROUNDS = {"by": "Ada", "because": "seen it, it is fine"}


def _held(db: Database, knowledge: PostgresKnowledge, reason: Reason = Reason.TIMEOUT) -> tuple[Entry, int, str]:
    source, run = begin(db, stored("poison.pdf"))
    with register_worker(db, run) as worker:
        entry = hold(db, knowledge, holding(claim_one(db, worker, source, run), reason))
    return entry, source, run


def _claim_again(db: Database, source: int, run: str) -> tuple[Worker, list[dict[str, object]]]:
    worker = register_worker(db, run)
    return worker, [claimed.override for claimed in claim(db, worker, source, run, 5, 600)]


def test_an_entry_holds_reason_evidence_and_the_place_of_the_original(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    entry, source, run = _held(db, knowledge)
    assert entry == get_entry(db, entry.id)
    assert (entry.key, entry.reason, entry.status) == ("poison.pdf", Reason.TIMEOUT, "held")
    assert entry.evidence == {"exit_code": 137, "limits": {"memory_bytes": 1}}
    assert entry.original_uri.startswith("file:///results/")
    assert entry.run_id == run
    assert json.loads(json.dumps(entry.as_json()))["findings"][0]["kind"] == "active_content"
    state = state_of(db, "poison.pdf")
    assert (state["state"], state["reason"], state["lease_owner"]) == ("quarantined", "timeout", None)
    assert reconcile(db, source).ok


def test_what_a_quarantined_file_answered_before_is_withdrawn(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "old text"))
        plan(db, source, run, [stored("report", "2")])
        assert len(list(knowledge.export(source))) == 1
        hold(db, knowledge, holding(claim_one(db, worker, source, run)))
        assert list(knowledge.export(source)) == []

        plan(db, source, run, [stored("report", "3")])
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "new text"))
    assert [exported.text for exported in knowledge.export(source)] == ["new text"]
    assert [entry.status for entry in list_entries(db, status=None)] == ["resolved"]


def test_strange_characters_in_the_evidence_do_not_keep_a_file_out_of_quarantine(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    source, run = begin(db, stored("poison"))
    with register_worker(db, run) as worker:
        held = holding(
            claim_one(db, worker, source, run),
            detail="NUL \0, half a pair \ud83d",
            evidence={"stderr\0": ["\0", "\udfff", 1.5]},
            sandbox_runs=(sandbox_record(),),
        )
        entry = hold(db, knowledge, held)
    assert entry.detail == "NUL \ufffd, half a pair \ufffd\ufffd\ufffd"
    assert entry.evidence == {"stderr\ufffd": ["\ufffd", "\ufffd\ufffd\ufffd", 1.5]}
    assert audit.verify(db).broken_at is None


def test_holding_after_a_lost_lease_is_refused(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("poison"))
    with register_worker(db, run) as worker:
        old = claim_one(db, worker, source, run)
        plan(db, source, run, [stored("poison", "2")])
        with pytest.raises(LeaseLost):
            hold(db, knowledge, holding(old))
    assert list_entries(db) == []
    assert recall(db, identity("poison")) is None


@pytest.mark.parametrize("reason", sorted(MORE_ROOM | OPINION))
def test_a_released_file_goes_back_to_work_with_what_was_allowed(
    db: Database, knowledge: PostgresKnowledge, reason: Reason
) -> None:
    entry, source, run = _held(db, knowledge, reason)
    released = release(db, entry.id, **GROUNDS)
    assert released.status == "released"
    assert [(event["action"], event["by"], event["because"]) for event in released.history] == [
        ("released", "Ada", "seen it, it is fine")
    ]
    worker, overrides = _claim_again(db, source, run)
    with worker:
        assert overrides == [
            {
                "entry": entry.id,
                "sha256": entry.sha256,
                "allow": [reason.value] if reason in OPINION else [],
                "larger_limits": reason in MORE_ROOM,
            }
        ]


@pytest.mark.parametrize("reason", sorted(set(Reason) - MORE_ROOM - OPINION))
def test_what_nobody_can_vouch_for_is_not_released(db: Database, knowledge: PostgresKnowledge, reason: Reason) -> None:
    entry, _, _ = _held(db, knowledge, reason)
    with pytest.raises(DecisionRefused, match=reason.value) as refused:
        release(db, entry.id, **GROUNDS)
    assert refused.value.exit_code is ExitCode.USAGE
    assert refused.value.hint
    assert get_entry(db, entry.id) == entry
    assert state_of(db, "poison.pdf")["state"] == "quarantined"


def test_what_was_allowed_counts_for_one_attempt(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, source, run = _held(db, knowledge, Reason.EMPTY)
    release(db, entry.id, **GROUNDS)
    with register_worker(db, run) as worker:
        claimed = claim_one(db, worker, source, run)
        assert claimed.override["allow"] == ["empty"]
        hold(db, knowledge, holding(claimed, Reason.CORRUPT))
    assert state_of(db, "poison.pdf")["override"] == {}
    assert [(e.reason, e.status) for e in list_entries(db, status=None)] == [
        (Reason.EMPTY, "released"),
        (Reason.CORRUPT, "held"),
    ]


def test_a_new_version_does_not_inherit_what_was_allowed(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, source, run = _held(db, knowledge, Reason.POLICY)
    release(db, entry.id, **GROUNDS)
    plan(db, source, run, [stored("poison.pdf", "2")])
    worker, overrides = _claim_again(db, source, run)
    with worker:
        assert overrides == [{}]


def test_reprocessing_forgets_the_verdict(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, source, run = _held(db, knowledge, Reason.CRASHED)
    assert recall(db, identity("poison")) is not None
    assert reprocess(db, entry.id, by="Ada", because="parser fixed").status == "reprocessed"
    assert recall(db, identity("poison")) is None
    worker, overrides = _claim_again(db, source, run)
    with worker:
        assert overrides == [{}]


def test_a_purged_file_keeps_its_record_and_its_state(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, source, _ = _held(db, knowledge, Reason.BOMB)
    purged = purge(db, entry.id, by="Ada", because="disk space")
    assert (purged.status, purged.original_uri, purged.evidence) == ("purged", entry.original_uri, entry.evidence)
    assert purge(db, entry.id, by="Ada", because="the deletion failed halfway") == purged
    assert state_of(db, "poison.pdf")["state"] == "quarantined"
    assert reconcile(db, source).ok
    for decide in (release, reprocess):
        with pytest.raises(DecisionRefused, match="purged"):
            decide(db, entry.id, **GROUNDS)


@pytest.mark.parametrize("decide", [release, reprocess, purge])
@pytest.mark.parametrize("grounds", [{"by": " ", "because": "x"}, {"by": "Ada", "because": ""}])
def test_a_decision_without_name_or_reason_is_refused(
    db: Database,
    knowledge: PostgresKnowledge,
    decide: "type[release]",
    grounds: dict[str, str],
) -> None:
    entry, _, _ = _held(db, knowledge)
    with pytest.raises(DecisionRefused, match="a name and a reason"):
        decide(db, entry.id, **grounds)
    assert get_entry(db, entry.id).history == ()


def test_a_decision_is_taken_once(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, _, _ = _held(db, knowledge)
    release(db, entry.id, **GROUNDS)
    with pytest.raises(DecisionRefused, match="released"):
        reprocess(db, entry.id, **GROUNDS)


def test_a_decision_about_a_version_that_is_being_replaced_is_refused(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    entry, source, run = _held(db, knowledge)
    plan(db, source, run, [stored("poison.pdf", "2")])
    with pytest.raises(DecisionRefused, match="being replaced"):
        release(db, entry.id, **GROUNDS)


def test_an_unknown_entry_is_a_usage_error(db: Database) -> None:
    with pytest.raises(DecisionRefused, match="no entry 77"):
        get_entry(db, 77)
    with pytest.raises(DecisionRefused, match="no entry 77"):
        purge(db, 77, **GROUNDS)


def test_entries_are_listed_by_source_reason_and_status(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, *(stored(f"{number}") for number in range(4)))
    other, other_run = begin(db, stored("elsewhere"), uri="s3://bucket/")
    with register_worker(db, run) as worker:
        reasons = (Reason.TIMEOUT, Reason.BOMB, Reason.TIMEOUT, Reason.EMPTY)
        for claimed, reason in zip(claim(db, worker, source, run, 4, 600), reasons, strict=True):
            hold(db, knowledge, holding(claimed, reason, content=claimed.key))
        hold(db, knowledge, holding(claim_one(db, worker, other, other_run)))
    everything = list_entries(db)
    assert [entry.key for entry in everything] == ["0", "1", "2", "3", "elsewhere"]
    assert [entry.key for entry in list_entries(db, source_id=source, reason=Reason.TIMEOUT)] == ["0", "2"]
    assert [entry.key for entry in list_entries(db, limit=2, after=everything[1].id)] == ["2", "3"]
    purge(db, everything[0].id, **GROUNDS)
    assert [entry.key for entry in list_entries(db, status="purged")] == ["0"]
    assert len(list_entries(db, status=None)) == 5


def test_every_decision_is_in_the_audit_chain_with_name_and_reason(db: Database, knowledge: PostgresKnowledge) -> None:
    entry, _, _ = _held(db, knowledge)
    purge(db, entry.id, **GROUNDS)
    held, purged = rows(db, "SELECT kind, actor, subject, body FROM audit_events ORDER BY seq")
    assert held["kind"] == "quarantined"
    assert (purged["kind"], purged["actor"], purged["subject"]) == ("purged", "Ada", held["subject"])
    assert json.loads(purged["body"])["detail"]["because"] == "seen it, it is fine"
