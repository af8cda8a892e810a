"""TEST: `gloveport watch` as a person or a supervisor runs it: a process, its lines, its signals, its containers."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Installation
from tests.integration.watch.conftest import eventually

pytestmark = pytest.mark.timeout(280)


def lines_until(process: "subprocess.Popen[str]", wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The JSON rows up to the one that is wanted. Waits for lines, not for a time."""
    assert process.stdout is not None
    rows: list[dict[str, Any]] = []
    for line in process.stdout:
        rows.append(json.loads(line))
        if wanted(rows[-1]):
            return rows
    raise AssertionError(f"it ended after {rows}")


def test_a_folder_is_watched_until_sigterm(fresh: Installation, tmp_path: Path) -> None:
    uploads, status = tmp_path / "uploads", tmp_path / "status.json"
    uploads.mkdir()
    (uploads / "old.md").write_text("# Old\n\nAn elderberry report.\n")
    with fresh.start("watch", str(uploads), "--json", "--status-file", str(status)) as process:
        try:
            lines_until(process, lambda row: row["key"] == "old.md" and row["outcome"] == "indexed")
            (uploads / "new.md").write_text("# New\n\nA quince report.\n")
            lines_until(process, lambda row: row["key"] == "new.md" and row["outcome"] == "indexed")
            (uploads / "empty.txt").write_text("")
            lines_until(process, lambda row: row["key"] == "empty.txt" and row["reason"] == "empty")
            (uploads / "old.md").unlink()
            lines_until(process, lambda row: row["key"] == "old.md" and row["outcome"] == "deleted")
            assert [hit["key"] for hit in fresh("search", "report", "--json").rows] == ["new.md"]
            assert json.loads(status.read_text())["state"] == "watching"
            process.send_signal(signal.SIGTERM)
            (summary,) = lines_until(process, lambda row: row["type"] == "summary")
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert (summary["indexed"], summary["quarantined"], summary["deleted"], summary["pending"]) == (1, 1, 1, 0)
    assert json.loads(status.read_text()) | {"state": "stopped"} == json.loads(status.read_text())
    assert fresh.containers() == []
    assert fresh("reconcile", str(uploads)).exit_code == 0


def test_once_ends_by_itself_and_a_killed_watch_leaves_nothing_behind(fresh: Installation, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    for number in range(6):
        (uploads / f"{number}.md").write_text(f"# File {number}\n\nquince {number}\n")
    with fresh.start("watch", str(uploads), "--json") as process:
        lines_until(process, lambda row: row["outcome"] == "indexed")
        process.kill()
    again = fresh("watch", str(uploads), "--once", "--json")
    assert again.exit_code == 0
    assert len(fresh("search", "quince", "-n", "50", "--json").rows) == 6
    assert sorted(run["state"] for run in fresh("runs", "--json").rows) == ["finished", "interrupted"]
    eventually(lambda: fresh.containers() == [])


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(("s3://bucket/",), 3), (("{}", "--queue", "http://127.0.0.1:1/1/q"), 3), (("{}/none",), 5)],
)
def test_what_does_not_fit_is_said_at_once(
    fresh: Installation, tmp_path: Path, arguments: tuple[str, ...], exit_code: int
) -> None:
    ran = fresh("watch", *(argument.format(tmp_path) for argument in arguments))
    assert ran.exit_code == exit_code
    assert ran.stdout == ""
