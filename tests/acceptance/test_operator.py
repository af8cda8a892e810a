"""TEST: what an operator does at night, from the command line: pause, cancel, drain, resume, back up, restore."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.catalog.embedded import EmbeddedPostgres
from ingest.run import stop_embedded
from tests.acceptance.conftest import Installation

SIGNED = ("--by", "ada", "--because", "the store is slow")


@pytest.fixture
def waiting(fresh: Installation, tmp_path: Path) -> "tuple[subprocess.Popen[str], str]":
    """A run that waits because everything is paused, in a process of its own, and its id."""
    (tmp_path / "a.txt").write_text("words")
    assert fresh("pause", *SIGNED).exit_code == 0
    process = fresh.start("run", str(tmp_path), "--json", "--no-prefect")
    found: list[str] = []
    while not found:
        assert process.poll() is None, process.communicate()
        found = [row["id"] for row in fresh("runs", "--json").rows if row["state"] == "running"]
    return process, found[0]


@pytest.mark.parametrize(("flags", "exit_code"), [((), 130), (("--drain",), 0)])
def test_a_run_is_ended_from_another_process(
    fresh: Installation, waiting: "tuple[subprocess.Popen[str], str]", flags: tuple[str, ...], exit_code: int
) -> None:
    process, run_id = waiting
    with process:
        ran = fresh("cancel", run_id[:8], *flags, "--json", *SIGNED)
        stdout, stderr = process.communicate(timeout=60)
    assert ran.exit_code == 0, ran.stderr
    assert ran.rows == [{"type": "run", "id": run_id, "state": "interrupted", "workers": [], "pending": 1}]
    assert process.returncode == exit_code, stderr
    assert '"pending": 0' in stdout
    assert '"left": 1' in stdout, "not begun is no fault"
    assert "by ada: the store is slow" in stderr
    assert fresh.containers() == []


def test_a_paused_run_goes_on_after_resume(fresh: Installation, waiting: "tuple[subprocess.Popen[str], str]") -> None:
    process, _ = waiting
    with process:
        (row,) = fresh("pause", "--list", "--json").rows
        assert (row["source"], row["actor"]) == (None, "ada")
        assert fresh("resume", "--json", *SIGNED).rows[0]["was_paused"] is True
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert '"indexed": 1' in stdout
    assert fresh("pause", "--list", "--json").rows == []


def test_a_run_whose_process_was_killed_is_closed_by_cancel(
    fresh: Installation, waiting: "tuple[subprocess.Popen[str], str]"
) -> None:
    process, run_id = waiting
    with process:
        process.kill()
        process.communicate()
    (row,) = fresh("cancel", run_id, "--json", *SIGNED).rows
    assert (row["state"], row["workers"]) == ("interrupted", [])


def test_what_does_not_name_one_run_is_a_usage_error(fresh: Installation) -> None:
    ran = fresh("cancel", "ffffffff", *SIGNED)
    assert ran.exit_code == 2
    assert "no run" in ran.stderr
    assert fresh("pause").exit_code == 2, "a pause without a name and a reason is not recorded"


@pytest.mark.timeout(600)
def test_everything_comes_back_from_a_backup(fresh: Installation, uploads: Path, tmp_path: Path) -> None:
    first = fresh("run", str(uploads), "--json")
    assert first.exit_code == 100, first.stderr
    before = fresh("search", "glove", "--json").rows, fresh("audit", "verify", "--json").rows
    assert before[0]
    made = fresh("backup", str(tmp_path / "b.tar"), "--json")
    assert made.exit_code == 0, made.stderr
    assert fresh("restore", str(tmp_path / "b.tar")).exit_code == 6, "into a database that is not empty"

    proven = fresh("restore", str(tmp_path / "b.tar"), "--verify-only", "--json")
    assert proven.exit_code == 0, proven.stderr

    stop_embedded(fresh.settings())
    elsewhere = tmp_path / "elsewhere"
    refused = fresh("restore", str(tmp_path / "b.tar"), "--set", f"state_directory={elsewhere}")
    assert refused.exit_code == 6, "its documents belong into another folder"
    assert not EmbeddedPostgres(elsewhere / "postgres").is_running(), "a server that was started for it is stopped"
    shutil.rmtree(fresh.state)
    fresh.state.mkdir()
    restored = fresh("restore", str(tmp_path / "b.tar"), "--json")
    assert restored.exit_code == 0, restored.stderr
    assert (fresh("search", "glove", "--json").rows, fresh("audit", "verify", "--json").rows) == before
    assert fresh("reconcile").exit_code == 0
    again = fresh("run", str(uploads), "--json")
    assert again.summary["unchanged"] == first.summary["indexed"]
    assert again.summary["quarantined"] == first.summary["quarantined"]
    assert again.summary["cpu_seconds"] == 0, "no sandbox was needed"
    (entry,) = [row for row in fresh("quarantine", "list", "--json").rows if row["reason"] == "encrypted"][:1]
    saved = tmp_path / "original"
    assert fresh("quarantine", "show", str(entry["id"]), "--save-original", str(saved)).exit_code == 0
    assert saved.stat().st_size == entry["size"], "quarantined originals came back, too"
