"""TEST: one run, asked for through Prefect's API, on three workers: each a process with its own state folder.

Everything is real but the engine, so that the test needs none: Prefect server and workers, PostgreSQL, S3. The three
share this machine's name, so a worker is told its own.
"""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.deployments import WORK_POOL
from ingest.catalog import reconcile, story
from ingest.catalog.database import Database
from ingest.settings import Settings
from ingest.stack import prefect_environment
from ingest.stack.address import stored_port
from ingest.stack.layout import Layout
from ingest.stack.lifecycle import down, up
from ingest.stack.worker_environment import worker_environment
from ingest.store.s3_client import connect
from tests.integration.catalog.builders import rows
from tests.integration.deploy.servers import PASSWORD, postgresql, s3
from tests.integration.flows.scripted import Prefect, eventually
from tests.integration.flows.test_worker import ended, start

pytestmark = pytest.mark.timeout(
    900
)  # seven minutes on a machine six times overloaded; starting the servers is most of it
FILES = 24
PATIENCE = 300.0
SCRIPTED = shlex.join([sys.executable, "-P", "-m", "tests.integration.deploy.scripted_engine"])


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Prefect, Path]]:
    """Three workers of one pool, and the folder in which their flow runs meet."""
    with tempfile.TemporaryDirectory(prefix="gloveport-hosts-") as name, ExitStack() as resources:
        folder = Path(name)
        (folder / "met").mkdir()
        database_url = resources.enter_context(postgresql(folder / "postgres"))
        endpoint = resources.enter_context(s3())
        for variable, value in {
            "AWS_ACCESS_KEY_ID": "gloveport-test", "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
            "TEST_MEETING_FOLDER": str(folder / "met"),
        }.items():  # fmt: skip
            monkeypatch.setenv(variable, value)
        client = connect(endpoint_url=endpoint, concurrency=4)
        resources.callback(client.close)
        client.create_bucket(Bucket="uploads")
        for number in range(FILES):
            client.put_object(Bucket="uploads", Key=f"{number:02}.txt", Body=f"text number {number}".encode())
        settings = Settings(
            state_directory=folder / "first", database_url=database_url, s3_endpoint_url=endpoint, s3_addressing="path",
            concurrency=1, claim_batch=2,
        )  # fmt: skip
        resources.callback(down, settings)
        up(settings)
        _start_further(resources, settings, ("second", "third"))
        prefect = resources.enter_context(_client(settings))
        _play_the_sandboxes(prefect)
        yield prefect, folder / "met"


def _start_further(resources: ExitStack, settings: Settings, names: tuple[str, ...]) -> None:
    """Workers as on further hosts, with state folders of their own, all ready at the end."""
    layout = Layout(settings.state_directory)
    port = stored_port(layout)
    assert port is not None
    ready = []
    for name in names:
        own = settings.model_copy(update={"state_directory": settings.state_directory.with_name(name)})
        own.state_directory.mkdir()
        ready.append(own.state_directory / "ready")
        log = resources.enter_context((own.state_directory / "log").open("wb"))
        worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "flows.worker", "--ready-file", str(ready[-1]), "--name", name],
            cwd=own.state_directory, env=worker_environment(layout, port, own), stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        resources.callback(worker.wait, 60)
        resources.callback(worker.terminate)
    try:
        eventually(lambda: all(file.exists() for file in ready), PATIENCE)
    except AssertionError:
        pytest.fail("\n".join((file.parent / "log").read_text() for file in ready))


def _client(settings: Settings) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Iterator[Prefect]:
        environment = prefect_environment(settings.state_directory)
        assert environment is not None
        user, password = environment["PREFECT_API_AUTH_STRING"].split(":", 1)
        api_url = environment["PREFECT_API_URL"]
        with httpx.Client(base_url=api_url, auth=(user, password), trust_env=False, timeout=30) as api:
            yield Prefect(settings, api_url, api)

    return opened()


def _play_the_sandboxes(prefect: Prefect) -> None:
    """Have the pool start flow runs with a script in the engine's place."""
    template = prefect.client.get(f"/work_pools/{WORK_POOL}").json()["base_job_template"]
    template["variables"]["properties"]["command"]["default"] = SCRIPTED
    answer = prefect.client.patch(f"/work_pools/{WORK_POOL}", json={"base_job_template": template})
    answer.raise_for_status()


def test_one_run_is_spread_over_three_hosts_and_closed_by_one(hosts: tuple[Prefect, Path]) -> None:
    """No file ends before three hosts have begun one each: without the other two, the run would never end well."""
    prefect, met = hosts
    state = ended(prefect, start(prefect, source="s3://uploads/", hosts=3), PATIENCE)
    assert state["type"] == "COMPLETED", state
    assert f"{FILES} indexed" in str(state["message"])

    assert len(list(met.iterdir())) == 3
    with Database.open(prefect.settings.database_url) as db:
        (run,) = rows(db, "SELECT id::text, state FROM runs")
        assert run["state"] == "finished"
        workers = rows(db, "SELECT pid FROM workers WHERE run_id = :run", run=run["id"])
        assert {str(worker["pid"]) for worker in workers} == {file.name for file in met.iterdir()}
        (source,) = story.list_sources(db)
        assert reconcile.reconcile(db, source.id).ok

    def states() -> set[str]:
        return {each["state"]["type"] for each in prefect.flow_runs(run["id"])}

    eventually(lambda: states() == {"COMPLETED"}, 60)
    flow_runs = prefect.flow_runs(run["id"])
    assert len(flow_runs) == 3
    tasks = prefect.post("/task_runs/filter", task_runs={"flow_run_id": {"any_": [each["id"] for each in flow_runs]}})
    assert sorted(task["name"].split()[0] for task in tasks) == ["drain", "drain", "plan", "reconcile"]
