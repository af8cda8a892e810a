"""TEST: a run started from the deployment, on the real worker in its own process."""

import pytest

from tests.integration.flows.scripted import Prefect, eventually

pytestmark = pytest.mark.timeout(600)


def start(prefect: Prefect, **request: object) -> str:
    (deployment,) = prefect.post("/deployments/filter", deployments={"name": {"any_": ["batch"]}})
    made = prefect.post(
        f"/deployments/{deployment['id']}/create_flow_run",
        parameters={"request": request},
        state={"type": "SCHEDULED"},
    )
    return str(made["id"])


def ended(prefect: Prefect, flow_run_id: str, seconds: float = 180) -> dict[str, object]:
    def state() -> dict[str, object] | None:
        now = prefect.client.get(f"/flow_runs/{flow_run_id}").json()["state"]
        return now if now["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    found: dict[str, object] = eventually(state, seconds)
    return found


def test_the_worker_runs_the_flow_and_its_error_is_the_state(prefect: Prefect) -> None:
    state = ended(prefect, start(prefect, source="ftp://no-such-store/"))
    assert state["type"] == "FAILED"
    assert "ConfigurationError" in str(state["message"])


def test_the_api_refuses_parameters_that_are_none(prefect: Prefect) -> None:
    (deployment,) = prefect.post("/deployments/filter", deployments={"name": {"any_": ["batch"]}})
    answer = prefect.client.post(
        f"/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"request": {"source": "x", "database_url": "postgresql://elsewhere"}}},
    )
    assert answer.status_code == 409
    assert "database_url" in answer.text


def test_registering_again_keeps_one_deployment_of_each(prefect: Prefect) -> None:
    deployments = prefect.post("/deployments/filter")
    assert sorted((each["name"], each["entrypoint"], str(each["pull_steps"])) for each in deployments) == [
        ("batch", "flows.ingest_batch.ingest_batch", "[]"),
        ("join", "flows.join.join", "[]"),
        ("steer", "flows.steer.steer", "[]"),
    ]
    (pool,) = prefect.post("/work_pools/filter", work_pools={"name": {"any_": ["gloveport"]}})
    assert pool["type"] == "process"
    command = pool["base_job_template"]["variables"]["properties"]["command"]["default"]
    assert " -P -m prefect.engine" in command, "never the working directory first on the import path"
