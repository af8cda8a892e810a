"""TEST: what bench/corpus.py leaves aside when it measures an optional image."""

import json
from pathlib import Path

from bench.corpus import held_in, without
from contract.verdicts import Reason
from ingest.policy import Escalation, Policy
from ingest.sandbox.base import Profile

PROFILES = {
    name: Profile(name, "sha256:" + digit * 64, digit) for name, digit in (("text", "0"), ("pdf", "1"), ("ocr", "2"))
}
FURTHER = {"pdf": Escalation(frozenset({Reason.EMPTY}), 1.0, "ocr"), "text": Escalation(frozenset({Reason.TIMEOUT}))}
POLICY = Policy(PROFILES, {"image/png": "ocr", "application/pdf": "pdf"}, "text", 1 << 20, FURTHER)


def test_nothing_leads_to_an_image_that_is_left_aside() -> None:
    left = without(POLICY, ["ocr"])
    assert set(left.profiles) == {"text", "pdf"}
    assert left.routes == {"application/pdf": "pdf"}
    assert left.escalations == {"text": FURTHER["text"]}
    assert left.profile_for("image/png") is PROFILES["text"]


def test_without_nothing_it_is_the_same_policy() -> None:
    assert without(POLICY, []) == POLICY


def test_what_an_earlier_run_held_is_what_ended_in_quarantine(tmp_path: Path) -> None:
    rows = [{"id": "a", "outcome": "indexed"}, {"id": "b", "outcome": "quarantined"}, {"id": "c", "outcome": "deleted"}]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert held_in(tmp_path) == {"b"}
