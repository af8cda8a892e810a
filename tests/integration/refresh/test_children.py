"""TEST: a refresh neither misses files inside files nor takes them for the source's; they go and move with these."""

import pytest

from ingest import reprocess
from ingest.catalog.redo import Selection
from ingest.outcome import Outcome
from ingest.refresh import MassDeletionRefused
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.speech import archive, unpack
from tests.integration.refresh.conftest import Refreshing

MAIL = archive(("invoice.zip", archive(("a.pdf", "the sum is 42"))), ("note.txt", "see attachment"), ("bad.doc", "bad"))


def states(refreshing: Refreshing) -> dict[str, str]:
    refreshing.house.states()  # nothing is half done
    return {key: row["state"] for key, row in refreshing.objects().items()}


def test_files_inside_are_never_missing(refreshing: Refreshing) -> None:
    refreshing.house.upload("mail.eml", MAIL)
    first = refreshing.refresh(unpack)
    assert (first.counts[Outcome.INDEXED], first.embedded[Outcome.INDEXED]) == (1, 3)
    second = refreshing.refresh(unpack)
    assert refreshing.engine.jobs == []
    assert (second.counts[Outcome.UNCHANGED], second.embedded[Outcome.UNCHANGED]) == (1, 3)
    assert second.embedded[Outcome.QUARANTINED] == second.quarantined == 1
    assert {key: outcome for key, (outcome, _) in refreshing.ends().items()} == {
        "mail.eml": "unchanged", "mail.eml!/note.txt": "unchanged", "mail.eml!/invoice.zip": "unchanged",
        "mail.eml!/invoice.zip!/a.pdf": "unchanged", "mail.eml!/bad.doc": "quarantined",
    }  # fmt: skip


def test_a_file_that_is_gone_takes_along_what_lay_in_it(refreshing: Refreshing) -> None:
    refreshing.house.upload("mail.eml", MAIL)
    refreshing.upload("stays.txt")
    refreshing.refresh(unpack)
    refreshing.remove("mail.eml")
    summary = refreshing.refresh(unpack)
    assert refreshing.answers() == {"stays.txt": "words of stays.txt"}
    assert (summary.counts[Outcome.DELETED], summary.embedded[Outcome.DELETED]) == (1, 4)
    assert {key for key, (outcome, _) in refreshing.ends().items() if outcome == "deleted"} == {
        "mail.eml", "mail.eml!/note.txt", "mail.eml!/invoice.zip", "mail.eml!/invoice.zip!/a.pdf", "mail.eml!/bad.doc",
    }  # fmt: skip
    (event,) = refreshing.events("deleted")
    assert (event["key"], len(event["embedded_withdrawn"])) == ("mail.eml", 4)
    assert rows(refreshing.house.db, "SELECT id FROM quarantine_entries WHERE status = 'held'") == []
    # It comes back, and so does what lay in it: all of it is known.
    refreshing.house.upload("mail.eml", MAIL)
    refreshing.refresh(unpack)
    assert refreshing.engine.jobs == []
    assert refreshing.answers()["mail.eml!/invoice.zip!/a.pdf"] == "the sum is 42"


def test_what_moves_takes_along_what_lies_in_it(refreshing: Refreshing) -> None:
    refreshing.house.upload("mail.eml", MAIL)
    refreshing.refresh(unpack)
    before = refreshing.chunk_rows()
    for old, new in (("mail.eml", "archive/letter.eml"), ("archive/letter.eml", "mail.eml")):
        refreshing.rename(old, new)
        summary = refreshing.refresh(unpack)
        assert refreshing.engine.jobs == []
        moved = {key.replace("mail.eml", new, 1): place for key, place in before.items()}
        assert refreshing.chunk_rows() == moved
        assert states(refreshing)[f"{new}!/invoice.zip!/a.pdf"] == "unchanged"
        assert summary.embedded[Outcome.UNCHANGED] == 3
    # Under its new name it is still the same file: a change of it finds its children.
    refreshing.house.upload("mail.eml", archive(("note.txt", "see attachment")))
    refreshing.refresh(unpack)
    assert refreshing.answers() == {"mail.eml": "holds note.txt", "mail.eml!/note.txt": "see attachment"}


def test_the_safety_catch_counts_files_of_the_source(refreshing: Refreshing) -> None:
    """Twelve of a hundred may go; that each held nine others does not make it a mass deletion, or hide one."""
    many = archive(*((f"{number}.txt", f"text {number}") for number in range(9)))
    for number in range(12):
        refreshing.house.upload(f"mail{number}.eml", many)
    refreshing.upload(*(f"{number}.txt" for number in range(48)))
    refreshing.refresh(unpack)
    refreshing.remove(*(f"mail{number}.eml" for number in range(12)))
    summary = refreshing.refresh(unpack)  # 20 % of 60
    assert (summary.counts[Outcome.DELETED], summary.embedded[Outcome.DELETED]) == (12, 108)
    refreshing.remove(*(f"{number}.txt" for number in range(11)))
    with pytest.raises(MassDeletionRefused, match="11 of 48"):
        refreshing.refresh(unpack)


def test_a_file_that_went_into_another_did_not_move(refreshing: Refreshing) -> None:
    """Its content is the same and its row is new; but it is in a mail now, and its old name answers no more."""
    refreshing.house.upload("note.txt", "see attachment")
    refreshing.refresh(unpack)
    refreshing.remove("note.txt")
    refreshing.house.upload("mail.eml", archive(("note.txt", "see attachment")))
    refreshing.refresh(unpack)
    assert refreshing.answers() == {"mail.eml": "holds note.txt", "mail.eml!/note.txt": "see attachment"}
    assert states(refreshing)["note.txt"] == "deleted"


def test_reprocessing_a_prefix_takes_files_inside_along(refreshing: Refreshing) -> None:
    refreshing.house.upload("mail.eml", MAIL)
    refreshing.refresh(unpack)
    reprocess.decide(refreshing.house.db, Selection(key_prefix="mail.eml!/"), by="ada", because="a parser was fixed")
    refreshing.refresh(unpack)
    assert len(refreshing.engine.jobs) == 4
    assert states(refreshing)["mail.eml"] == "unchanged"
