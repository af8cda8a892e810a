"""TEST: what is read again is what was selected, on somebody's word, and it answers until it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract.verdicts import Reason
from ingest import audit, quarantine
from ingest.catalog.database import Database
from ingest.catalog.redo import Selection, known_parsers
from ingest.cli.reprocess import command
from ingest.quarantine import DecisionRefused
from ingest.reprocess import CURRENT, Decided, UnknownParser, decide, parsers_older_than, selected
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE
from tests.integration.pipeline.speech import refuses, says
from tests.integration.refresh.conftest import Refreshing

OLD, MIDDLE, NEW = (f"sha256:{digit * 64}" for digit in "abc")


def read_by(refreshing: Refreshing, digest: str) -> None:
    refreshing.profile = replace(PROFILE, parser_digest=digest)


def keys(db: Database, selection: Selection) -> list[str]:
    return [found.key for found in selected(db, selection)]


def redo(refreshing: Refreshing, selection: Selection) -> list[Decided]:
    return decide(refreshing.house.db, selection, by="Ada", because="CVE-2030-1")


def drain(refreshing: Refreshing, **settings: object) -> None:
    refreshing.reports.clear()
    with refreshing.batch(kind="reprocess", **settings) as batch:  # type: ignore[arg-type]
        batch.drain(on_file=refreshing.reports.append, stop=refreshing.stop)
        batch.summary()


def three_generations(refreshing: Refreshing) -> None:
    for name, digest in (("a.txt", OLD), ("b.txt", MIDDLE), ("c.txt", NEW)):
        refreshing.upload(name)
        read_by(refreshing, digest)
        refreshing.refresh()


def test_a_parser_makes_those_before_it_out_of_date(refreshing: Refreshing) -> None:
    three_generations(refreshing)
    db = refreshing.house.db
    assert known_parsers(db) == [OLD, MIDDLE, NEW]
    assert parsers_older_than(db, MIDDLE, set) == (OLD,)
    assert parsers_older_than(db, "text@cccccccccccc", set) == (OLD, MIDDLE)
    assert parsers_older_than(db, CURRENT, lambda: {MIDDLE, "sha256:never used"}) == (OLD, NEW)
    assert keys(db, Selection(parsers=(OLD, MIDDLE))) == ["a.txt", "b.txt"]
    assert keys(db, Selection(parsers=())) == []


@pytest.mark.parametrize("named", ["", "aaaa", "sha256:" + "d" * 64, "sha256:"])
def test_a_parser_that_nobody_knows_is_refused(refreshing: Refreshing, named: str) -> None:
    three_generations(refreshing)
    with pytest.raises(UnknownParser):
        parsers_older_than(refreshing.house.db, named, set)


def test_files_of_an_old_parser_are_read_again_and_answer_meanwhile(refreshing: Refreshing) -> None:
    three_generations(refreshing)
    before = refreshing.chunk_rows()
    (decided,) = redo(refreshing, Selection(parsers=(OLD, MIDDLE)))
    assert (decided.indexed, decided.quarantined) == (2, 0)
    assert refreshing.chunk_rows() == before, "they answer until they were read"
    assert {key: row["state"] for key, row in refreshing.objects().items()} == {
        "a.txt": "pending",
        "b.txt": "pending",
        "c.txt": "indexed",
    }
    drain(refreshing)
    assert sorted(job[2] for job in refreshing.engine.jobs) == [b"words of a.txt", b"words of b.txt"]
    assert refreshing.house.states() == {"indexed": 3}
    assert keys(refreshing.house.db, Selection(parsers=(OLD, MIDDLE))) == []
    after = refreshing.chunk_rows()
    assert {key: row[:3] for key, row in after.items()} == {key: row[:3] for key, row in before.items()}, (
        "the same text: every chunk keeps its row"
    )


def test_what_the_same_parser_read_is_read_again_not_looked_up(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    redo(refreshing, Selection(key_prefix="a"))
    drain(refreshing)
    assert len(refreshing.engine.jobs) == 1
    assert refreshing.ends() == {"a.txt": ("unchanged", "")}


def test_files_in_quarantine_go_back_by_reason(refreshing: Refreshing) -> None:
    refreshing.upload("corrupt.txt", "empty.txt", "good.txt")
    verdicts = {b"words of corrupt.txt": "corrupt", b"words of empty.txt": "empty"}
    refreshing.refresh(lambda _p, _j, document: refuses(verdicts[document]) if document in verdicts else says("good"))
    (decided,) = redo(refreshing, Selection(reason=Reason.CORRUPT))
    assert (decided.indexed, decided.quarantined) == (0, 1)
    (entry,) = quarantine.list_entries(refreshing.house.db, status="reprocessed")
    assert (entry.key, entry.history[-1]["by"], entry.history[-1]["because"]) == ("corrupt.txt", "Ada", "CVE-2030-1")
    drain(refreshing)
    assert [job[2] for job in refreshing.engine.jobs] == [b"words of corrupt.txt"]
    assert refreshing.house.states() == {"indexed": 2, "quarantined": 1}


def test_files_in_quarantine_go_by_the_parser_that_judged_them(refreshing: Refreshing) -> None:
    read_by(refreshing, OLD)
    refreshing.upload("judged.txt")
    refreshing.refresh(lambda *_: refuses("corrupt"))
    refreshing.upload("copy.txt", content=lambda _name: "words of judged.txt")
    refreshing.refresh()
    assert refreshing.engine.jobs == [], "its verdict is remembered"
    (refreshing.house.uploads / "link.txt").symlink_to("/nowhere")
    read_by(refreshing, NEW)
    refreshing.upload("new.txt")
    refreshing.refresh()
    assert keys(refreshing.house.db, Selection(parsers=(OLD,))) == ["judged.txt", "copy.txt"]
    redo(refreshing, Selection(parsers=(OLD,)))
    drain(refreshing)
    assert refreshing.house.states() == {"indexed": 3, "quarantined": 1}


def test_conditions_hold_together(refreshing: Refreshing) -> None:
    three_generations(refreshing)
    db = refreshing.house.db
    source = rows(db, "SELECT id FROM sources")[0]["id"]
    assert keys(db, Selection(parsers=(OLD, NEW), key_prefix="c")) == ["c.txt"]
    assert keys(db, Selection(media_type="text/plain", source_id=source)) == ["a.txt", "b.txt", "c.txt"]
    assert keys(db, Selection(media_type="text/html")) == []
    assert keys(db, Selection(source_id=source + 1)) == []
    assert keys(db, Selection(key_prefix="%")) == [], "a prefix is no pattern"
    assert keys(db, Selection(key_prefix="' OR true --")) == []


def test_every_file_that_goes_back_is_in_the_account(refreshing: Refreshing) -> None:
    three_generations(refreshing)
    redo(refreshing, Selection(parsers=(OLD,)))
    (event,) = rows(refreshing.house.db, "SELECT actor, body::jsonb -> 'detail' AS detail FROM audit_events "
                    "WHERE kind = 'reprocessed'")  # fmt: skip
    assert event["actor"] == "Ada"
    assert (event["detail"]["key"], event["detail"]["parser_digest"]) == ("a.txt", OLD)
    assert event["detail"]["because"] == "CVE-2030-1"
    assert audit.verify(refreshing.house.db).broken_at is None


@pytest.mark.parametrize(("by", "because"), [("", "x"), ("x", " ")])
def test_nobody_decides_without_a_name_and_a_reason(refreshing: Refreshing, by: str, because: str) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    with pytest.raises(DecisionRefused):
        decide(refreshing.house.db, Selection(key_prefix="a"), by=by, because=because)
    assert refreshing.house.states() == {"indexed": 1}


def test_deciding_twice_changes_nothing_more(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    assert len(redo(refreshing, Selection(key_prefix="a"))) == 1
    assert redo(refreshing, Selection(key_prefix="a")) == []


def test_hundreds_go_back_page_by_page(refreshing: Refreshing) -> None:
    names = [f"{number:03}.txt" for number in range(230)]
    refreshing.upload(*names)
    refreshing.refresh()
    (decided,) = redo(refreshing, Selection(media_type="text/plain"))
    assert decided.indexed == 230
    drain(refreshing)
    assert len(refreshing.engine.jobs) == 230
    assert refreshing.house.states() == {"unchanged": 230}


def test_a_file_that_vanished_meanwhile_is_withdrawn(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    redo(refreshing, Selection(key_prefix="a"))
    refreshing.remove("a.txt")
    drain(refreshing)
    assert refreshing.answers() == {}
    assert refreshing.house.states() == {"deleted": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--where", "key-prefix="),
        ("--where", "state=indexed"),
        ("--where", "key-prefix=a", "--where", "key_prefix=b"),
        ("--reason", "bad luck"),
    ],
)
def test_a_selection_that_says_nothing_is_a_usage_error(
    refreshing: Refreshing, db_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ran = CliRunner().invoke(
        command, [*arguments, "--by", "x", "--because", "y", "--set", f"database_url={db_url}",
                  "--set", f"state_directory={tmp_path}"]
    )  # fmt: skip
    assert ran.exit_code == 2


def test_a_dry_run_lists_and_decides_nothing_and_a_plan_decides_and_reads_nothing(
    refreshing: Refreshing, db_url: str, tmp_path: Path
) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    state = ["--set", f"database_url={db_url}", "--set", f"state_directory={tmp_path}", "--where", "key-prefix=a"]
    ran = CliRunner().invoke(command, [*state, "--dry-run"], catch_exceptions=False)
    assert ran.exit_code == 0
    assert "a.txt" in ran.stdout
    assert "b.txt" not in ran.stdout
    assert refreshing.house.states() == {"indexed": 2}
    ran = CliRunner().invoke(
        command, [*state, "--plan-only", "--by", "Ada", "--because", "fixed"], catch_exceptions=False
    )
    assert ran.exit_code == 0
    assert {key: row["state"] for key, row in refreshing.objects().items()} == {"a.txt": "pending", "b.txt": "indexed"}
