"""TEST: deploy/prefect.yaml by Prefect's own loader, and what it deploys by our own flow and parameters."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.request import BatchRequest

PREFECT_FILE = Path(__file__).resolve().parents[3] / "deploy" / "prefect.yaml"


@pytest.fixture(scope="module")
def loaded() -> list[dict[str, Any]]:
    from prefect.cli.deploy._config import _load_deploy_configs_and_actions
    from rich.console import Console

    configurations, _ = _load_deploy_configs_and_actions(PREFECT_FILE, console=Console(stderr=True))
    return [dict(each) for each in configurations]


def test_prefect_loads_every_deployment(loaded: list[dict[str, Any]]) -> None:
    written = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))["deployments"]
    assert [each["name"] for each in loaded] == [each["name"] for each in written] == ["nightly", "small-first"]


def test_each_names_our_flow_and_our_pool(loaded: list[dict[str, Any]]) -> None:
    from prefect.flows import load_flow_from_entrypoint

    from flows.deployments import WORK_POOL
    from flows.ingest_batch import ingest_batch

    for each in loaded:
        assert load_flow_from_entrypoint(each["entrypoint"]).name == ingest_batch.name
        assert each["work_pool"]["name"] == WORK_POOL


def test_parameters_are_those_of_the_flow(loaded: list[dict[str, Any]]) -> None:
    for each in loaded:
        assert BatchRequest.model_validate(each["parameters"]["request"]).source == "s3://change-me/"


def test_no_schedule_begins_before_somebody_says_so(loaded: list[dict[str, Any]]) -> None:
    assert [schedule["active"] for each in loaded for schedule in each["schedules"]] == [False]
