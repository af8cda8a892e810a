"""TEST: kill -9 of the orchestrator at random moments, twenty times, loses nothing and doubles nothing."""

import json
import random
import signal
import subprocess
import threading
import time
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


def kill_while_starting(process: "subprocess.Popen[str]", moments: random.Random) -> None:
    """Between the first import and the first files."""
    time.sleep(moments.uniform(0.1, 2.5))
    process.kill()


def kill_at_work(process: "subprocess.Popen[str]", moments: random.Random) -> None:
    """A little after one of its first files ended: by what it says, so that no machine outruns the clock."""
    assert process.stdout is not None
    ended, wanted = 0, moments.randint(1, 12)
    for line in process.stdout:
        ended += json.loads(line).get("outcome") in {"indexed", "quarantined"}
        if ended >= wanted:
            break
    time.sleep(moments.uniform(0.0, 0.1))
    process.kill()


@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing(fresh: Installation, tmp_path: Path) -> None:
    upload(tmp_path)
    moments = random.Random(20)
    killed = 0
    for number in range(KILLS):
        with fresh.start("run", str(tmp_path), "--json") as process:
            drain_errors = threading.Thread(target=process.stderr.read if process.stderr else None)
            drain_errors.start()
            (kill_while_starting if number % 4 == 0 else kill_at_work)(process, moments)
            drain_errors.join()
        killed += process.returncode == -signal.SIGKILL
    assert killed >= KILLS - 2, "runs ended before they were killed: this proves little"
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
