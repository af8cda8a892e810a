"""TEST: the topology of deploy/, in processes instead of images: PostgreSQL over TCP with a password, an S3 server,
a Prefect server and a worker, each on its own, and runs that are asked for through Prefect's API.

What this does not show: the images, networks and volumes of compose.yaml, and Prefect's own tables in PostgreSQL (the
wheel that brings PostgreSQL here lacks the extension they need, so Prefect keeps its SQLite file).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from ingest import audit, backup, control
from ingest.catalog import reconcile, story
from ingest.catalog.database import Database
from ingest.errors import GloveportError
from ingest.images import connect as connect_engine
from ingest.images import resolve_profiles
from ingest.knowledge.base import Query
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.settings import Settings
from ingest.stack import prefect_environment
from ingest.stack.lifecycle import down, up
from ingest.store.s3_client import connect
from tests.integration.catalog.builders import rows
from tests.integration.deploy.servers import PASSWORD, postgresql, s3
from tests.integration.flows.scripted import Prefect, eventually
from tests.integration.flows.test_worker import ended, start

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.timeout(600)
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Topology:
    prefect: Prefect
    settings: Settings
    bucket: "S3Client"
    environment: dict[str, str]


@pytest.fixture(scope="module")
def topology() -> Iterator[Topology]:
    """Every server and one worker, on fresh ports and folders. Skips loudly without an engine, but never in CI."""
    try:
        resolve_profiles(connect_engine())
    except GloveportError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(f"no engine or no current image: {error}")
    with (
        tempfile.TemporaryDirectory(prefix="gloveport-topology-") as folder,
        postgresql(Path(folder) / "postgres") as database_url,
        s3() as endpoint,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in {
            "AWS_ACCESS_KEY_ID": "gloveport-test", "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        client = connect(endpoint_url=endpoint, concurrency=4)
        for name in ("uploads", "documents"):
            client.create_bucket(Bucket=name)
        settings = Settings(
            state_directory=Path(folder) / "state",
            database_url=database_url,
            store="s3://documents",
            s3_endpoint_url=endpoint,
            s3_addressing="path",
        )
        try:
            up(settings)
            environment = prefect_environment(settings.state_directory)
            assert environment is not None
            user, password = environment["PREFECT_API_AUTH_STRING"].split(":", 1)
            api_url = environment["PREFECT_API_URL"]
            with httpx.Client(base_url=api_url, auth=(user, password), trust_env=False, timeout=30) as api:
                yield Topology(Prefect(settings, api_url, api), settings, client, environment)
        finally:
            down(settings)
            client.close()


def test_a_run_asked_for_through_the_api_ends_searchable(topology: Topology) -> None:
    for number in range(3):
        body = f"<h1>Sheet {number}</h1><p>the glove number {number} has a sensor</p>".encode()
        topology.bucket.put_object(Bucket="uploads", Key=f"in/{number}.html", Body=body)
    topology.bucket.put_object(Bucket="uploads", Key="in/broken.pdf", Body=b"%PDF-1.7 and no more")

    state = ended(topology.prefect, start(topology.prefect, source="s3://uploads/in/"))
    assert state["type"] == "COMPLETED", state
    assert "3 indexed, 1 quarantined" in str(state["message"])

    with Database.open(topology.settings.database_url) as db:
        hits = PostgresKnowledge(db).search(Query("glove sensor"))
        assert sorted(hit.key for hit in hits) == ["0.html", "1.html", "2.html"]
        (source,) = story.list_sources(db)
        assert reconcile.reconcile(db, source.id).ok
    kept = [item["Key"] for item in topology.bucket.list_objects_v2(Bucket="documents")["Contents"]]
    assert sum(key.endswith("/document.md") for key in kept) == 3
    assert any("/quarantine/" in key or "original" in key for key in kept), "the broken one's bytes"


def test_pause_and_resume_through_the_api_hold_a_run_back_on_its_host(topology: Topology) -> None:
    steer(topology, wish="pause", source="s3://uploads/later/", because="the store is slow")
    topology.bucket.put_object(Bucket="uploads", Key="later/a.txt", Body=b"words")
    waiting = start(topology.prefect, source="s3://uploads/later/")
    with Database.open(topology.settings.database_url) as db:
        (paused,) = control.list_pauses(db)
        assert (paused["source"], paused["actor"]) == ("s3://uploads/later/", "ada")
        work = "SELECT count(*) AS n FROM workers JOIN runs ON runs.id = run_id JOIN sources ON sources.id = source_id"
        planned = "SELECT state FROM objects WHERE key = 'a.txt'"
        eventually(lambda: rows(db, f"{work} WHERE uri LIKE '%later/'") == [{"n": 1}], 120)
        eventually(lambda: rows(db, planned) == [{"state": "pending"}], 60)
        steer(topology, wish="resume", source="s3://uploads/later/", because="it is fast again")
        assert ended(topology.prefect, waiting)["type"] == "COMPLETED"
        assert rows(db, planned) == [{"state": "indexed"}]
        assert {event["kind"] for event in audit.newest(db, limit=9)} >= {"paused", "resumed"}


def test_a_run_is_cancelled_through_the_api_and_its_flow_run_says_so(topology: Topology) -> None:
    steer(topology, wish="pause", because="so that the run is still there when it is cancelled")
    topology.bucket.put_object(Bucket="uploads", Key="never/b.txt", Body=b"other words")
    waiting = start(topology.prefect, source="s3://uploads/never/")
    with Database.open(topology.settings.database_url) as db:
        of_it = "FROM runs JOIN sources ON sources.id = source_id WHERE uri LIKE '%never/'"
        (run,) = eventually(lambda: rows(db, f"SELECT runs.id::text AS id {of_it}"), 120)
        steer(topology, wish="cancel", run=run["id"], because="wrong bucket")
        state = ended(topology.prefect, waiting)
        assert state["type"] == "CANCELLED"
        assert "cancelled by ada: wrong bucket" in str(state["message"])
        assert rows(db, f"SELECT state {of_it}") == [{"state": "interrupted"}]
    steer(topology, wish="resume", because="done")


def steer(topology: Topology, **request: str) -> None:
    (deployment,) = topology.prefect.post("/deployments/filter", deployments={"name": {"any_": ["steer"]}})
    parameters = {"request": {"actor": "ada", **request}}
    made = topology.prefect.post(
        f"/deployments/{deployment['id']}/create_flow_run", parameters=parameters, state={"type": "SCHEDULED"}
    )
    assert ended(topology.prefect, made["id"])["type"] == "COMPLETED"


def test_nothing_that_prefect_stores_holds_a_password(topology: Topology) -> None:
    for what in ("flow_runs", "deployments", "work_pools", "artifacts", "logs"):
        assert PASSWORD not in str(topology.prefect.post(f"/{what}/filter")), what


def test_prefects_own_command_deploys_what_the_file_says(topology: Topology) -> None:
    arguments = ["--no-prompt", "deploy", "--all", "--prefect-file", "deploy/prefect.yaml"]
    environment = {**os.environ, **topology.environment, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made: dict[str, Any] = {each["name"]: each for each in topology.prefect.post("/deployments/filter")}
    assert set(made) == {"batch", "join", "steer", "nightly", "small-first"}
    for name in ("nightly", "small-first"):
        assert made[name]["entrypoint"] == made["batch"]["entrypoint"]
        assert made[name]["pull_steps"] == made["batch"]["pull_steps"] == []
        assert made[name]["work_pool_name"] == "gloveport"
    assert [each["active"] for each in made["nightly"]["schedules"]] == [False]


def test_a_server_with_a_password_is_backed_up_and_restored(topology: Topology, tmp_path: Path) -> None:
    with Database.open(topology.settings.database_url) as db:
        made = backup.back_up(db, tmp_path / "b.tar", kept=None)
        answers = [hit.as_json() for hit in PostgresKnowledge(db).search(Query("glove sensor"))]
    assert answers
    elsewhere = topology.settings.database_url.replace("/catalogue", "/restored")
    with psycopg.connect(_as_superuser(topology), autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored OWNER operator")
    with Database.open(elsewhere) as db:
        assert backup.restore(db, tmp_path / "b.tar", kept=None) == made
        assert [hit.as_json() for hit in PostgresKnowledge(db).search(Query("glove sensor"))] == answers


def _as_superuser(topology: Topology) -> str:
    """Through the socket, which trusts: only the tests' own user can enter its folder."""
    folder = topology.settings.state_directory.parent / "postgres" / "socket"
    port = next(folder.glob(".s.PGSQL.*[0-9]")).name.rpartition(".")[2]
    return f"postgresql://postgres@/postgres?host={folder}&port={port}"
