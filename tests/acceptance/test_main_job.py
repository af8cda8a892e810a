"""TEST: the main job as a person does it: run, look, search, review, run again."""

import json
from pathlib import Path

import pytest

from examples.make_uploads import EXPECTED, EXPECTED_INSIDE
from tests.acceptance.conftest import STALL_SECONDS, Installation, Ran

pytestmark = pytest.mark.timeout(280)


@pytest.fixture(scope="module")
def first(gloveport: Installation, uploads: Path) -> Ran:
    """The first run over the example uploads."""
    return gloveport("run", str(uploads), "--json")


def test_every_upload_ends_as_expected_and_the_exit_code_says_so(first: Ran) -> None:
    ends = {key: row["reason"] or row["outcome"] for key, row in first.files.items()}
    assert ends == EXPECTED | EXPECTED_INSIDE
    assert first.exit_code == 100
    assert first.summary["pending"] == 0
    assert sum(first.summary[outcome] for outcome in ("indexed", "quarantined")) == len(EXPECTED)
    assert first.summary["embedded"]["indexed"] == len(EXPECTED_INSIDE)
    assert {row["parent"] for row in first.files.values()} == {None, "invoice.pdf"}
    assert "path_traversal" in first.files["invoice.pdf"]["findings"]


def test_every_line_of_stdout_is_json_and_tells_what_a_file_cost(first: Ran) -> None:
    for row in first.files.values():
        assert row["seconds"] > 0
        if row["parent"] is None:  # what lies in a file may be known from another one, and cost nothing
            assert row["cpu_seconds"] > 0
            assert row["peak_memory_bytes"] > 1 << 20
    assert first.rows[-1]["type"] == "summary"


def test_no_container_is_left(first: Ran, gloveport: Installation) -> None:
    assert gloveport.containers() == []


def test_a_second_run_reads_nothing_and_still_tells_of_the_quarantine(
    first: Ran, gloveport: Installation, uploads: Path
) -> None:
    second = gloveport("run", str(uploads), "--json")
    indexed = sum(1 for end in EXPECTED.values() if end == "indexed")
    assert (second.summary["unchanged"], second.summary["indexed"]) == (indexed, 0)
    assert second.summary["quarantined"] == len(EXPECTED) - indexed
    assert second.summary["cpu_seconds"] == 0
    assert second.exit_code == 100
    assert gloveport("run", str(uploads), "--fail-on", "never").exit_code == 0


def test_search_names_document_page_and_headings(first: Ran, gloveport: Installation) -> None:
    found = gloveport("search", "reset the glove sensor", "--json").rows
    assert found[0]["key"] == "manuals/palmar-t2-service-manual.pdf"
    assert found[0]["page_numbers"]
    assert found[0]["heading_path"]
    shown = gloveport("search", "reset the glove sensor").stdout
    assert "palmar-t2-service-manual.pdf, page" in shown


def test_quarantine_shows_evidence_and_keeps_the_very_bytes(
    first: Ran, gloveport: Installation, uploads: Path, tmp_path: Path
) -> None:
    entries = {row["key"]: row for row in gloveport("quarantine", "list", "--json").rows}
    assert {row["reason"] for row in entries.values()} == set(EXPECTED.values()) - {"indexed"}
    hung = gloveport("quarantine", "show", str(entries["floor-plan.pdf"]["id"]), "--json").rows[0]
    assert hung["evidence"]["limits"]["stall_seconds"] == STALL_SECONDS
    assert hung["evidence"]["image"].startswith("sha256:")
    assert hung["evidence"]["usage"]["wall_seconds"] < STALL_SECONDS + 2
    saved = tmp_path / "original"
    gloveport("quarantine", "show", str(hung["id"]), "--save-original", str(saved))
    assert saved.read_bytes() == (uploads / "floor-plan.pdf").read_bytes()


def test_decisions_need_a_name_and_a_reason_and_are_recorded(first: Ran, gloveport: Installation) -> None:
    entry = next(r for r in gloveport("quarantine", "list", "--json").rows if r["reason"] == "corrupt")
    identity = str(entry["id"])
    assert gloveport("quarantine", "purge", identity).exit_code == 2
    assert gloveport("quarantine", "release", identity, "--by", "ada", "--because", "trust me").exit_code == 2
    assert gloveport("quarantine", "purge", identity, "--by", "ada", "--because", "no use").exit_code == 0
    assert not Path(entry["original_uri"].removeprefix("file://")).exists()
    shown = gloveport("quarantine", "show", identity, "--json").rows[0]
    assert [(d["action"], d["by"], d["because"]) for d in shown["history"]] == [("purged", "ada", "no use")]
    kinds = [row["kind"] for row in gloveport("audit", "log", "--json").rows]
    assert kinds[-1] == "purged"
    assert gloveport("audit", "verify").exit_code == 0


def test_why_tells_the_whole_story(first: Ran, gloveport: Installation) -> None:
    (story,) = gloveport("why", "catalogue.pdf", "--json").rows
    assert story["standing"]["reason"] == "out_of_memory"
    assert story["sandboxes"][0]["verdict"] == "out_of_memory"
    assert "out_of_memory" in gloveport("why", "catalogue.pdf").stdout
    assert gloveport("why", "no such key").exit_code == 2


def test_reconcile_and_runs_give_the_account(first: Ran, gloveport: Installation, uploads: Path) -> None:
    assert gloveport("reconcile", str(uploads)).exit_code == 0
    assert gloveport("runs", "--json").rows[-1]["kind"] == "batch"


def test_hostile_names_are_escaped_wherever_they_are_shown(first: Ran, gloveport: Installation, uploads: Path) -> None:
    shown = gloveport("run", str(uploads))
    why = gloveport("why", "--", next(key for key in EXPECTED if "\u202e" in key))
    assert "\u202e" not in shown.stdout + shown.stderr + why.stdout
    assert "\\u202e" in why.stdout


def test_documents_in_the_store_are_what_a_knowledge_base_gets(first: Ran, gloveport: Installation) -> None:
    (story,) = gloveport("why", "manuals/palmar-t2-service-manual.pdf", "--json").rows
    artifacts = story["revisions"][-1]["artifacts"]
    read = {
        name: Path(uri.removeprefix("file://")).read_text("utf-8") for name, uri in artifacts.items() if "." in name
    }
    assert read["document.md"].startswith("# ")
    elements = [json.loads(line) for line in read["elements.jsonl"].splitlines()]
    assert {"Title", "NarrativeText", "Table"} <= {element["type"] for element in elements}
    metadata, *chunks = [json.loads(line) for line in read["chunks.jsonl"].splitlines()]
    assert metadata["metadata"]["media_type"] == "application/pdf"
    for chunk in chunks:
        assert chunk["text"] == "\n".join(read["document.md"][start:end] for start, end in chunk["spans"])
        assert chunk["token_count"] <= 512
