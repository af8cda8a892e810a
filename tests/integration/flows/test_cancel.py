"""TEST: a run is stopped from the UI, by a signal, or by the death of its process; its sandboxes never outlive it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.verdicts import Reason
from ingest.control import Order, Wish
from ingest.outcome import FileReport, Outcome
from tests.integration.flows.scripted import Prefect, ScriptedBatch

pytestmark = pytest.mark.timeout(600)

# A process whose run blocks until it is cancelled, and which says on stdout what became of it.
RUNNER = """
import json, sys, threading
from pathlib import Path
from flows.batch import BatchParameters, run_through_prefect
from ingest.outcome import FileReport, Outcome
from ingest.settings import Settings
from tests.integration.flows.scripted import ScriptedBatch

class Telling(ScriptedBatch):
    def plan(self, stop):
        print("planned", flush=True)
        return super().plan(stop)

    def drain(self, *, on_file, stop, files_max=None):
        threading.Thread(target=lambda: stop.wait() and print("stopping", flush=True), daemon=True).start()
        return super().drain(on_file=on_file, stop=stop, files_max=files_max)

batch = Telling([FileReport(f"{n}.pdf", Outcome.INDEXED) for n in range(3)], run_id=sys.argv[3], blocks_after=1)
result = run_through_prefect(
    BatchParameters("file:///x/", Settings(state_directory=Path(sys.argv[1]))), sys.argv[2],
    lambda report: print("file", report.key, flush=True),
    open_batch=lambda _request: batch, live_runs=lambda _batch: {batch.run_id},
)
print(json.dumps([result.interrupted, batch.cancelled.is_set(), batch.closed.is_set()]), flush=True)
"""


def blocking(run_id: str) -> ScriptedBatch:
    files = [FileReport("first.pdf", Outcome.INDEXED), FileReport("second.pdf", Outcome.QUARANTINED, Reason.CRASHED)]
    return ScriptedBatch(files, run_id=run_id, blocks_after=1)


def test_cancelling_in_prefect_stops_the_sandboxes(prefect: Prefect) -> None:
    batch = blocking("run-cancel")

    def cancel() -> None:
        assert batch.blocked.wait(60)
        (flow_run,) = prefect.flow_runs("run-cancel")
        prefect.post(f"/flow_runs/{flow_run['id']}/set_state", state={"type": "CANCELLING"})

    somebody = threading.Thread(target=cancel)
    somebody.start()
    result, reports = prefect.run(batch)
    somebody.join()

    assert batch.cancelled.is_set()
    assert batch.closed.is_set()
    assert batch.ended_by is not None, "whoever cancels the flow run means the run on every host"
    assert batch.ended_by.actor == "Prefect"
    assert result.interrupted
    assert [report.key for report in reports] == ["first.pdf"]
    assert result.summary is not None
    assert result.summary.pending == 1, "nothing is lost"
    (flow_run,) = prefect.flow_runs("run-cancel")
    assert flow_run["state"]["type"] == "CANCELLED"
    assert "1 pending" in flow_run["state"]["message"]


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.DRAIN])
def test_an_order_from_elsewhere_is_the_state_of_the_flow_run(prefect: Prefect, wish: Wish) -> None:
    class Ordered(ScriptedBatch):
        def drain(self, *, on_file: Any, stop: threading.Event, files_max: int | None = None) -> int:
            on_file(self.files[0])
            self.drained.append(self.files[0])
            self.ended_by = Order(wish, "ada", "wrong bucket")
            stop.set()  # as the drain does when it finds the order
            return 1

    batch = Ordered(blocking("").files, run_id=f"run-ordered-{wish}")
    result, _ = prefect.run(batch)
    assert result.interrupted
    assert result.drained is (wish is Wish.DRAIN)
    (flow_run,) = prefect.flow_runs(f"run-ordered-{wish}")
    assert flow_run["state"]["type"] == "CANCELLED"
    assert f"{Order(wish, 'ada', 'wrong bucket')}; nothing is lost" in flow_run["state"]["message"]


@pytest.fixture
def runner(prefect: Prefect) -> Iterator["Runner"]:
    started = Runner(prefect)
    yield started
    started.process.kill()
    started.process.communicate()


class Runner:
    """`RUNNER` in a process of its own, at the point where its first file has ended and the second blocks."""

    def __init__(self, prefect: Prefect) -> None:
        self.run_id = f"run-process-{os.urandom(4).hex()}"
        arguments = [str(prefect.settings.state_directory), prefect.api_url, self.run_id]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", RUNNER, *arguments],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.expect("planned")
        self.expect("file 0.pdf")

    def expect(self, line: str) -> None:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said == line, said + (self.process.communicate()[1] if not said else "")


def test_sigterm_stops_the_sandboxes_and_the_process_ends_well(prefect: Prefect, runner: Runner) -> None:
    runner.process.send_signal(signal.SIGTERM)
    runner.expect("stopping")
    output, errors = runner.process.communicate(timeout=120)
    assert json.loads(output) == [True, True, True], errors
    (flow_run,) = prefect.flow_runs(runner.run_id)
    assert flow_run["state"]["type"] in {"CRASHED", "CANCELLED"}


def test_a_second_interrupt_stops_the_sandboxes(prefect: Prefect, runner: Runner) -> None:
    runner.process.send_signal(signal.SIGINT)
    runner.expect("stopping")  # begins no other file; two signals at once would be delivered as one
    runner.process.send_signal(signal.SIGINT)
    output, errors = runner.process.communicate(timeout=120)
    assert json.loads(output) == [True, True, True], errors
    (flow_run,) = prefect.flow_runs(runner.run_id)
    assert flow_run["state"]["type"] == "CANCELLED"


def test_a_killed_run_is_ended_in_prefect_by_the_next_one(prefect: Prefect, runner: Runner) -> None:
    runner.process.kill()
    runner.process.wait()
    (flow_run,) = prefect.flow_runs(runner.run_id)
    assert flow_run["state"]["type"] == "RUNNING", "nobody told Prefect"

    alive = prefect.post(
        "/flow_runs/", flow_id=flow_run["flow_id"], state={"type": "RUNNING"}, tags=["gloveport-run:run-alive"]
    )
    young = prefect.post("/flow_runs/", flow_id=flow_run["flow_id"], state={"type": "RUNNING"})
    prefect.run(ScriptedBatch(run_id="run-next"), living=["run-alive"])

    (flow_run,) = prefect.flow_runs(runner.run_id)
    assert flow_run["state"]["type"] == "CRASHED"
    assert "no living worker" in flow_run["state"]["message"]
    assert prefect.flow_runs("run-alive")[0]["state"]["type"] == "RUNNING", "its worker lives"
    still = prefect.client.get(f"/flow_runs/{young['id']}").json()
    assert still["state"]["type"] == "RUNNING", "it has had no time yet to open its batch"
    for made in (alive, young):
        prefect.client.delete(f"/flow_runs/{made['id']}")
