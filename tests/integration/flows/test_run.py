"""TEST: a run in this process, as the real Prefect server shows it afterwards."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contract.verdicts import Reason
from flows import ingest_batch as flow_module
from flows.batch import BatchParameters, PrefectUnreachable, run_through_prefect
from flows.reporting import QUARANTINED_EVENT
from ingest.errors import ReconciliationError, SandboxUnavailable
from ingest.outcome import FileReport, Outcome
from ingest.settings import Settings
from tests.integration.flows.scripted import Prefect, ScriptedBatch, eventually

pytestmark = pytest.mark.timeout(600)
# Hostile: a name that is markup in every place where it could be rendered, and that reads backwards.
UGLY = "a|b<script>alert(1)</script>[x](javascript:1)\u202efdp.exe"


def indexed(number: int) -> FileReport:
    return FileReport(f"good {number}.pdf", Outcome.INDEXED, chunks=3)


def test_a_good_run_completes_and_shows_its_files(prefect: Prefect) -> None:
    batch = ScriptedBatch(
        run_id="run-good",
        files=[indexed(1), FileReport(UGLY, Outcome.QUARANTINED, Reason.CRASHED, "signal 11"), indexed(2)],
        already=[FileReport("old.pdf", Outcome.UNCHANGED)],
    )
    result, reports = prefect.run(batch)

    assert reports == [*batch.already, *batch.files], "every file is told, in the order in which it ended"
    assert result.summary is not None
    assert result.summary.counts == {Outcome.INDEXED: 2, Outcome.QUARANTINED: 1, Outcome.UNCHANGED: 1}
    assert (result.fault, result.interrupted) == (None, False)
    assert batch.closed.is_set()
    assert not batch.cancelled.is_set()

    (flow_run,) = prefect.flow_runs("run-good")
    assert flow_run["state"]["type"] == "COMPLETED"
    assert flow_run["state"]["message"] == "2 indexed, 1 unchanged, 1 quarantined"
    artifacts = prefect.artifacts(flow_run["id"])
    assert json.loads(artifacts["gloveport-outcomes"]["data"]) == [
        {"outcome": "indexed", "reason": "", "files": 2},
        {"outcome": "quarantined", "reason": "crashed", "files": 1},
        {"outcome": "unchanged", "reason": "", "files": 1},
    ]
    assert artifacts["gloveport-progress"]["data"] == 100
    page = artifacts["gloveport-run"]["data"]
    assert "crashed" in page
    assert "<script>" not in page
    assert "\u202e" not in page


def test_an_event_for_every_quarantined_file_and_for_no_other(prefect: Prefect) -> None:
    ugly = FileReport(UGLY, Outcome.QUARANTINED, Reason.BOMB, "ratio 900")
    broken = FileReport("lone\udcff.pdf", Outcome.QUARANTINED, Reason.CORRUPT, "no pages")
    batch = ScriptedBatch(run_id="run-events", files=[indexed(1), ugly, broken])
    prefect.run(batch)

    def events() -> list[dict[str, object]]:
        wanted = {"event": {"name": [QUARANTINED_EVENT]}}
        found = prefect.post("/events/filter", filter=wanted, limit=50)["events"]
        return [event["payload"] | event["resource"] for event in found if event["payload"]["run_id"] == "run-events"]

    eventually(lambda: len(events()) >= 2)
    found = {str(event["gloveport.reason"]): event for event in events()}
    assert set(found) == {"bomb", "corrupt"}
    assert found["bomb"]["key"] == UGLY, "the payload is data: the key is whole"
    assert "\u202e" not in str(found["bomb"]["prefect.resource.name"])
    assert str(found["bomb"]["prefect.resource.id"]).isascii()
    assert found["corrupt"]["key"] == "lone?.pdf", "JSON cannot carry a lone surrogate"


def test_prefect_is_told_no_secret(prefect: Prefect) -> None:
    batch = ScriptedBatch(run_id="run-secret", files=[indexed(1)])
    settings = prefect.settings.model_copy(
        update={"database_url": "postgresql://user:planted@host/db", "pids": 99, "s3_endpoint_url": "http://planted"}
    )
    run_through_prefect(
        BatchParameters("file:///scripted/", settings, None),
        prefect.api_url,
        lambda _report: None,
        open_batch=lambda _request: batch,
        live_runs=lambda _batch: set(),
    )
    (flow_run,) = prefect.flow_runs("run-secret")
    assert flow_run["parameters"]["request"]["overrides"] == {"pids": 99}
    assert "planted" not in json.dumps(flow_run)


def test_files_left_pending_fail_the_flow_run_and_say_why(prefect: Prefect) -> None:
    fault = SandboxUnavailable("engine does not answer")
    batch = ScriptedBatch(
        run_id="run-pending", files=[indexed(1), FileReport("later.pdf", None, detail=str(fault))], fault=fault
    )
    result, _ = prefect.run(batch)
    assert result.summary is not None
    assert result.summary.pending == 1
    assert result.fault is fault
    (flow_run,) = prefect.flow_runs("run-pending")
    assert flow_run["state"]["type"] == "FAILED"
    assert "1 files are still pending: the sandbox is not available: engine" in flow_run["state"]["message"]


def test_a_broken_invariant_fails_the_flow_run_and_is_raised(prefect: Prefect) -> None:
    batch = ScriptedBatch(run_id="run-lost", files=[indexed(1)], summary_error=ReconciliationError("lost.pdf"))
    with pytest.raises(ReconciliationError, match=r"lost\.pdf"):
        prefect.run(batch)
    (flow_run,) = prefect.flow_runs("run-lost")
    assert flow_run["state"]["type"] == "FAILED"
    assert "files without a state: lost.pdf" in flow_run["state"]["message"]
    assert batch.closed.is_set()


def test_a_batch_that_cannot_open_raises_its_own_error(prefect: Prefect) -> None:
    def open_batch(_request: object) -> ScriptedBatch:
        raise SandboxUnavailable("no engine", hint="start it")

    with pytest.raises(SandboxUnavailable, match="no engine") as caught:
        run_through_prefect(
            BatchParameters("x", prefect.settings), prefect.api_url, lambda _report: None, open_batch=open_batch
        )
    assert caught.value.hint == "start it"


def test_a_limit_is_kept_and_is_no_failure(prefect: Prefect) -> None:
    batch = ScriptedBatch(run_id="run-limit", files=[indexed(number) for number in range(5)])
    result, reports = prefect.run(batch, files_max=2)
    assert [report.key for report in reports] == ["good 0.pdf", "good 1.pdf"]
    assert result.summary is not None
    assert result.summary.pending == 3
    (flow_run,) = prefect.flow_runs("run-limit")
    assert flow_run["state"]["type"] == "COMPLETED"


def test_a_task_is_a_slice_of_files_never_a_file(prefect: Prefect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_module, "FILES_PER_TASK", 40)
    batch = ScriptedBatch(run_id="run-slices", files=[indexed(number) for number in range(100)])
    prefect.run(batch)
    assert batch.slices == [40, 40, 20, 0]
    (flow_run,) = prefect.flow_runs("run-slices")
    wanted = {"id": {"any_": [flow_run["id"]]}}
    names = eventually(
        lambda: (
            len(found := prefect.post("/task_runs/filter", flow_runs=wanted)) == 6 and {task["name"] for task in found}
        )
    )
    assert names == {"plan", "drain 1", "drain 2", "drain 3", "drain 4", "reconcile"}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "file:///etc/passwd", "nonsense"])
def test_nobody_there_is_told_before_anything_begins(tmp_path: Path, address: str) -> None:
    with pytest.raises(PrefectUnreachable):
        run_through_prefect(
            BatchParameters("x", Settings(state_directory=tmp_path)),
            address,
            lambda _report: None,
            open_batch=lambda _request: pytest.fail("a batch was opened"),
        )


def test_a_refused_login_is_told_before_anything_begins(prefect: Prefect, tmp_path: Path) -> None:
    elsewhere = Settings(state_directory=tmp_path)  # this state folder has no login for that server
    with pytest.raises(PrefectUnreachable, match="refused the first question"):
        run_through_prefect(
            BatchParameters("x", elsewhere),
            prefect.api_url,
            lambda _report: None,
            open_batch=lambda _request: pytest.fail("a batch was opened"),
        )


def test_configuration_among_the_uploads_is_not_obeyed(prefect: Prefect, tmp_path: Path) -> None:
    """Hostile: files by which Prefect would take another server, or load code, lie in the folder that is ingested."""
    (tmp_path / "prefect.toml").write_text(
        '[api]\nurl = "http://127.0.0.1:9/api"\n[logging]\nconfig_path = "evil.yml"\n'
    )
    (tmp_path / ".env").write_text("PREFECT_LOGGING_CONFIG_PATH=evil.yml\n")
    (tmp_path / "pyproject.toml").write_text('[tool.prefect.logging]\nconfig_path = "evil.yml"\n')
    (tmp_path / "evil.yml").write_text("version: 1\nhandlers: {evil: {(): os.abort}}\nroot: {handlers: [evil]}\n")
    script = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from pathlib import Path
from flows.batch import BatchParameters, run_through_prefect
from ingest.settings import Settings
from tests.integration.flows.scripted import ScriptedBatch
batch = ScriptedBatch()
run_through_prefect(BatchParameters("file:///x/", Settings(state_directory=Path(sys.argv[1]))), sys.argv[2], print,
                    open_batch=lambda _request: batch, live_runs=lambda _batch: set())
names = ("prefect.toml", ".env", "pyproject.toml", "evil.yml")
print([path for path in opened if path in names or path.startswith(sys.argv[3])])
"""
    checkout = Path(__file__).resolve().parents[3]
    completed = subprocess.run(
        [sys.executable, "-P", "-c", script, str(prefect.settings.state_directory), prefect.api_url, str(tmp_path)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout == "[]\n"
    assert completed.stderr == "", "quiet: no line of Prefect's own"
