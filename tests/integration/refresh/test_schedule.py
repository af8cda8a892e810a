"""TEST: a schedule, as the real Prefect server keeps it, and a refresh run from it by the real flow."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.batch import BatchParameters, run_through_prefect
from flows.schedules import deployment_name, schedule_refresh, unschedule_refresh
from ingest.cli.refresh import command
from ingest.errors import ConfigurationError
from ingest.refresh import MassDeletionRefused
from tests.integration.flows.conftest import prefect
from tests.integration.flows.scripted import Json, Prefect
from tests.integration.refresh.conftest import Refreshing

__all__ = ["prefect"]

pytestmark = pytest.mark.timeout(600)
NIGHTLY = "0 3 * * *"
SOURCE = "file:///scheduled/"


@pytest.fixture
def parameters(prefect: Prefect) -> Iterator[BatchParameters]:
    """What to schedule; whatever a test scheduled is taken back, for the tests that count deployments."""
    settings = prefect.settings.model_copy(update={"pids": 99, "database_url": "postgresql://me:planted@host/db"})
    made = BatchParameters(SOURCE, settings, refresh=True)
    yield made
    unschedule_refresh(made, prefect.api_url)


def scheduled(prefect: Prefect) -> list[Json]:
    return [
        {"cron": schedule["schedule"]["cron"], "timezone": schedule["schedule"]["timezone"], **deployment}
        for deployment in prefect.post("/deployments/filter")
        if deployment["name"] == deployment_name(SOURCE)
        for schedule in deployment["schedules"]
    ]


def test_a_schedule_is_kept_replaced_and_taken_back(prefect: Prefect, parameters: BatchParameters) -> None:
    name = schedule_refresh(parameters, prefect.api_url, NIGHTLY)
    (first,) = scheduled(prefect)
    assert name == f"gloveport-ingest-batch/{first['name']}"
    assert (first["cron"], first["timezone"]) == (NIGHTLY, "UTC")
    assert first["work_pool_name"] == "gloveport"
    request = first["parameters"]["request"]
    assert (request["source"], request["refresh"], request["allow_mass_delete"]) == (SOURCE, True, False)
    assert request["overrides"] == {"pids": 99}
    assert "planted" not in json.dumps(first)

    schedule_refresh(parameters, prefect.api_url, "*/5 * * * *")
    (second,) = scheduled(prefect)
    assert (second["id"], second["cron"]) == (first["id"], "*/5 * * * *")

    assert unschedule_refresh(parameters, prefect.api_url) == (name, True)
    assert scheduled(prefect) == []
    assert unschedule_refresh(parameters, prefect.api_url) == (name, False)


def test_nonsense_is_no_schedule(prefect: Prefect, parameters: BatchParameters) -> None:
    with pytest.raises(ConfigurationError, match="'whenever' is no cron expression"):
        schedule_refresh(parameters, prefect.api_url, "whenever")
    assert scheduled(prefect) == []


def test_the_command_tells_the_deployment(prefect: Prefect, parameters: BatchParameters, tmp_path: Path) -> None:
    state = f"state_directory={prefect.settings.state_directory}"
    arguments = [str(tmp_path), "--json", "--set", state]
    ran = CliRunner().invoke(command, [*arguments, "--schedule", NIGHTLY], catch_exceptions=False)
    uri = tmp_path.resolve().as_uri() + "/"
    assert json.loads(ran.stdout.splitlines()[-1]) == {
        "type": "schedule",
        "source": uri,
        "deployment": f"gloveport-ingest-batch/{deployment_name(uri)}",
        "cron": NIGHTLY,
        "timezone": "UTC",
    }
    ran = CliRunner().invoke(command, [*arguments, "--unschedule"], catch_exceptions=False)
    assert json.loads(ran.stdout.splitlines()[-1])["cron"] is None


def test_the_flow_refreshes(prefect: Prefect, refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt", "c.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.remove("b.txt")
    refreshing.rename("c.txt", "d.txt")
    with refreshing.batch() as batch:
        result = run_through_prefect(
            BatchParameters("file:///refreshed/", prefect.settings, refresh=True),
            prefect.api_url,
            refreshing.reports.append,
            open_batch=lambda request: refreshing.opened(batch, request.refresh),
            live_runs=lambda _batch: {batch.run_id},
        )
    assert result.summary is not None
    assert (result.fault, result.interrupted) == (None, False)
    assert refreshing.chunk_rows() == {"a.txt": before["a.txt"], "d.txt": before["c.txt"]}
    (flow_run,) = prefect.flow_runs(batch.run_id)
    assert flow_run["state"]["message"] == "2 unchanged, 2 deleted"


def test_the_safety_catch_ends_the_flow_with_its_own_error(prefect: Prefect, refreshing: Refreshing) -> None:
    names = [f"{number}.txt" for number in range(12)]
    refreshing.upload(*names)
    refreshing.refresh()
    refreshing.remove(*names)
    for allowed in (False, True):
        with refreshing.batch() as batch:
            parameters = BatchParameters("x", prefect.settings, refresh=True, allow_mass_delete=allowed)
            opened = refreshing.opened(batch, True)

            def run(parameters: BatchParameters = parameters, opened: object = opened) -> object:
                return run_through_prefect(
                    parameters,
                    prefect.api_url,
                    refreshing.reports.append,
                    open_batch=lambda _request: opened,  # type: ignore[arg-type, return-value]
                    live_runs=lambda _batch: set(),
                )

            if allowed:
                run()
            else:
                with pytest.raises(MassDeletionRefused, match="12 of 12"):
                    run()
        assert len(refreshing.answers()) == (0 if allowed else 12)
