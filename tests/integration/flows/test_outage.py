"""TEST: Prefect is the display, not the truth: a run outlives the death of its server."""

import os
import signal

import pytest

from flows.batch import BatchParameters, PrefectUnreachable, run_through_prefect
from ingest.outcome import FileReport, Outcome
from ingest.stack.layout import Component, Layout
from ingest.stack.lifecycle import up
from ingest.stack.processes import read_record, wait_for_end
from tests.integration.flows.scripted import Prefect, ScriptedBatch

pytestmark = pytest.mark.timeout(600)


def test_a_run_outlives_its_server(prefect: Prefect) -> None:
    batch = ScriptedBatch([FileReport(f"{n}.pdf", Outcome.INDEXED) for n in range(5)], run_id="run-outage")
    reports: list[FileReport] = []

    def on_file(report: FileReport) -> None:
        if not reports:
            record = read_record(Layout(prefect.settings.state_directory).record(Component.PREFECT_SERVER))
            assert record is not None
            os.kill(record.pid, signal.SIGKILL)
            assert wait_for_end(record, 30)
        reports.append(report)

    result = run_through_prefect(
        BatchParameters("file:///scripted/", prefect.settings),
        prefect.api_url,
        on_file,
        open_batch=lambda _request: batch,
        live_runs=lambda _batch: set(),
    )
    assert reports == batch.files, "every file was still worked on and told"
    assert result.summary is not None
    assert result.summary.counts == {Outcome.INDEXED: 5}
    assert isinstance(result.fault, PrefectUnreachable), "the caller can say that Prefect's account has a hole"

    assert up(prefect.settings).complete
    (flow_run,) = prefect.flow_runs("run-outage")
    assert flow_run["state"]["type"] == "RUNNING", "what a lost run looks like"
    prefect.run(ScriptedBatch(run_id="run-after-outage"))
    (flow_run,) = prefect.flow_runs("run-outage")
    assert flow_run["state"]["type"] == "CRASHED", "and the next run ends it"
