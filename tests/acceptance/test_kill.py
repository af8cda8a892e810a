"""TEST: kill -9 of the orchestrator at random moments, twenty times, loses nothing and doubles nothing."""

import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from ingest.catalog.reconcile import reconcile
from ingest.catalog.runs import open_source
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.run import open_database
from ingest.store import open_store
from tests.acceptance.conftest import Installation

FILES = 200
KILLS = 20


def upload(folder: Path) -> None:
    """Two hundred small files: text, HTML, Markdown and CSV, and every tenth with nothing to index."""
    for number in range(FILES):
        body = f"Ticket {number}: the glove's sensor {number * 7919} drifts."
        name, content = [
            (f"{number:03}.txt", f"{body}\n\nReset it.\n"),
            (f"{number:03}.html", f"<h1>Ticket {number}</h1><p>{body}</p>"),
            (f"{number:03}.md", f"# Ticket {number}\n\n{body}\n"),
            (f"{number:03}.csv", f"ticket,sensor\n{number},{number * 7919}\n"),
        ][number % 4]
        (folder / name).write_text("" if number % 10 == 9 else content)


@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing(fresh: Installation, tmp_path: Path) -> None:
    upload(tmp_path)
    moments = random.Random(20)
    survived = 0
    for _ in range(KILLS):
        process = fresh.start("run", str(tmp_path), "--json")
        try:
            # Between the first import and well into the work: starting takes a second or two.
            process.communicate(timeout=moments.uniform(0.2, 7.0))
            survived += 1
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
    assert survived < KILLS / 2, "most runs ended before they were killed: this proves little"
    last = fresh("run", str(tmp_path), "--json")
    empty = FILES // 10
    assert last.exit_code == 100
    assert last.summary["pending"] == 0
    assert last.summary["quarantined"] == empty
    assert last.summary["indexed"] + last.summary["unchanged"] == FILES - empty
    with open_database(fresh.settings()) as db:
        source = open_source(db, open_store(str(tmp_path)).uri)
        assert reconcile(db, source.id).problems == ()
        chunks = Counter(chunk.key for chunk in PostgresKnowledge(db).export(source.id))
    assert len(chunks) == FILES - empty
    assert set(chunks.values()) == {1}
    assert fresh.containers() == []
    spooled = list((fresh.state / "spool").iterdir())
    assert spooled == []
