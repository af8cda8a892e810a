"""TEST: a source that changes, refreshed by the command line, with real sandboxes; everything seen from outside."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Installation, Ran

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen files, each with a word of its own."""
    folder = tmp_path_factory.mktemp("source")
    for number in range(16):
        (folder / f"{number:02}.txt").write_text(f"The report about subject{number:02} is here.\n")
    return folder


@pytest.fixture(scope="module")
def first(gloveport: Installation, source: Path) -> Ran:
    """The first refresh, which is a run like any other."""
    return gloveport("refresh", str(source), "--json")


def found(gloveport: Installation, words: str) -> list[str]:
    return [row["key"] for row in gloveport("search", words, "--json").rows]


def test_a_source_that_changes_is_followed(gloveport: Installation, source: Path, first: Ran) -> None:
    assert first.exit_code == 0, first.stderr
    assert first.summary["indexed"] == 16
    assert found(gloveport, "subject02") == ["02.txt"]

    (source / "00.txt").write_text("Another report, about elephants.\n")
    (source / "01.txt").rename(source / "moved.txt")
    (source / "02.txt").unlink()
    (source / "new.txt").write_text("A report about giraffes.\n")
    second = gloveport("refresh", str(source), "--json")
    assert second.exit_code == 0, second.stderr
    ends = {key: (row["outcome"], row["detail"]) for key, row in second.files.items()}
    assert {key: end for key, end in ends.items() if end != ("unchanged", "")} == {
        "00.txt": ("indexed", ""),
        "01.txt": ("deleted", "moved to moved.txt"),
        "02.txt": ("deleted", "gone from its store"),
        "moved.txt": ("unchanged", "moved from 01.txt"),
        "new.txt": ("indexed", ""),
    }
    assert found(gloveport, "elephants") == ["00.txt"]
    assert found(gloveport, "subject00 OR subject02") == []
    assert found(gloveport, "subject01") == ["moved.txt"]
    assert found(gloveport, "giraffes") == ["new.txt"]
    assert gloveport("reconcile").exit_code == 0
    assert gloveport("audit", "verify").exit_code == 0
    (run, *_) = gloveport("runs", "--json").rows
    assert (run["kind"], run["state"]) == ("refresh", "finished")


def test_files_are_read_again_on_somebodys_word(gloveport: Installation, first: Ran) -> None:
    by = ("--by", "Ada", "--because", "the parser was fixed")
    nothing = gloveport("reprocess", "--parser-older-than", "current", *by, "--json")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    listed = gloveport("reprocess", "--where", "key-prefix=03", "--dry-run", "--json")
    assert [row["key"] for row in listed.rows] == ["03.txt"]
    again = gloveport("reprocess", "--where", "key-prefix=03", *by, "--json")
    assert again.exit_code == 0, again.stderr
    assert [row["type"] for row in again.rows] == ["decision", "file", "summary"]
    assert again.files["03.txt"]["outcome"] == "unchanged"
    assert again.files["03.txt"]["cpu_seconds"] > 0, "it was read in a sandbox"
    assert gloveport("reprocess", "--where", "key-prefix=03", "--plan-only").exit_code == 2, "nobody decided"


def test_a_source_that_lost_too_much_is_not_believed(gloveport: Installation, source: Path, first: Ran) -> None:
    for path in source.iterdir():
        path.unlink()
    refused = gloveport("refresh", str(source))
    assert refused.exit_code == 5
    assert "the listing is empty" in refused.stderr
    assert "--allow-mass-delete" in refused.stderr
    assert found(gloveport, "subject05") == ["05.txt"]
    allowed = gloveport("refresh", str(source), "--allow-mass-delete", "--json")
    assert allowed.exit_code == 0, allowed.stderr
    assert found(gloveport, "subject05") == []


def test_a_schedule_needs_prefect(fresh: Installation, tmp_path: Path) -> None:
    ran = fresh("refresh", str(tmp_path), "--schedule", "0 3 * * *")
    assert ran.exit_code == 3
    assert "gloveport up" in ran.stderr
    assert fresh("refresh", str(tmp_path), "--schedule", "0 3 * * *", "--allow-mass-delete").exit_code == 2
