"""TEST: `up`, `down` and `status` with the real PostgreSQL, Prefect server and worker on a state folder of its own."""

import concurrent.futures
import os
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.settings import Settings
from ingest.stack import prefect_api_url, prefect_environment, services
from ingest.stack.layout import Component, Layout
from ingest.stack.lifecycle import down, status, up
from ingest.stack.processes import read_record, session_of, wait_for_end
from ingest.stack.report import Condition, StackError, StackEvent

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """One stack for the tests of this file, each of which finds it up and leaves it up."""
    with tempfile.TemporaryDirectory(prefix="gloveport-stack-") as folder:
        settings = Settings(state_directory=Path(folder) / "state")
        try:
            up(settings)
            yield settings
        finally:
            down(settings)
        assert left_behind(settings) == []


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: every pytest that starts closes that to other users, and PostgreSQL is one."""
    with tempfile.TemporaryDirectory(prefix="gloveport-stack-") as folder:
        yield Path(folder)


def left_behind(settings: Settings) -> list[str]:
    """Processes that have the state folder in their command line, their environment or their working directory."""
    folder = os.fsencode(settings.state_directory)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            shown = (process / "cmdline").read_bytes() + os.fsencode((process / "cwd").readlink())
        except OSError:
            continue
        if folder in shown:
            found.append(f"{process.name}: {shown!r}")
    return found


def pids(settings: Settings) -> dict[Component, int | None]:
    return {each.component: each.pid for each in status(settings).components}


def test_everything_runs_and_says_where(settings: Settings) -> None:
    now = status(settings)
    assert now.complete
    assert [each.condition for each in now.components] == [Condition.RUNNING] * 3
    assert all(each.pid and each.address and each.log and each.log.exists() and each.since for each in now.components)
    api_url = prefect_api_url(settings.state_directory)
    assert api_url == now[Component.PREFECT_SERVER].address == f"{now.ui}/api"
    assert [each.as_json()["state"] for each in now.components] == ["running"] * 3


def test_up_again_changes_nothing(settings: Settings) -> None:
    before = pids(settings)
    events: list[StackEvent] = []
    assert up(settings, on_event=events.append).complete
    assert pids(settings) == before
    assert all("already running" in event.message for event in events)


def test_concurrent_ups_give_one_stack(settings: Settings) -> None:
    before = pids(settings)
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        ups = [threads.submit(up, settings) for _ in range(3)]
        assert all(each.result().complete for each in ups)
    assert pids(settings) == before


def test_the_server_listens_on_loopback_only_and_wants_a_login(settings: Settings) -> None:
    environment = prefect_environment(settings.state_directory)
    assert environment is not None
    import httpx

    with httpx.Client(base_url=environment["PREFECT_API_URL"], trust_env=False) as client:
        assert client.get("/health").status_code == 200
        assert client.post("/deployments/filter", json={}).status_code == 401
        user, password = environment["PREFECT_API_AUTH_STRING"].split(":", 1)
        named = client.post("/deployments/filter", json={}, auth=(user, password)).json()
        assert sorted(deployment["name"] for deployment in named) == ["batch", "join", "steer"]
        foreign = client.options(
            "/health", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
        )
        assert "access-control-allow-origin" not in foreign.headers
    port = int(environment["PREFECT_API_URL"].split(":")[2].removesuffix("/api"))
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {fields[1] for fields in listening if fields[3] == "0A" and fields[1].endswith(f":{port:04X}")}
    assert addresses == {f"0100007F:{port:04X}"}


def test_secrets_are_private_and_on_no_command_line(settings: Settings) -> None:
    layout = Layout(settings.state_directory)
    assert stat.S_IMODE(layout.stack.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.login.stat().st_mode) == 0o600
    password = layout.login.read_bytes().strip().split(b":")[1]
    for component in (Component.PREFECT_SERVER, Component.PREFECT_WORKER):
        pid = status(settings)[component].pid
        assert password not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_the_server_gets_none_of_our_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.stack.environment import server_environment
    from ingest.stack.worker_environment import worker_environment

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    monkeypatch.setenv("PREFECT_API_KEY", "somebody-else's")
    monkeypatch.setenv("GLOVEPORT_PIDS", "9")
    layout = Layout(tmp_path)
    layout.create()
    server = server_environment(layout, 1)
    worker = worker_environment(layout, 1, Settings(state_directory=tmp_path, pids=33))
    assert "AWS_SECRET_ACCESS_KEY" not in server
    assert worker["AWS_SECRET_ACCESS_KEY"] == "planted", "the worker reads the stores"
    assert "PREFECT_API_KEY" not in server | worker
    assert worker["GLOVEPORT_PIDS"] == "33", "the settings of this `up`, not whatever is in its environment"
    for environment in (server, worker):
        assert environment["DO_NOT_TRACK"] == "1"
        assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
        assert environment["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"


def test_up_replaces_a_killed_server_and_keeps_the_rest(settings: Settings) -> None:
    before = status(settings)
    record = read_record(Layout(settings.state_directory).record(Component.PREFECT_SERVER))
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    assert wait_for_end(record, 30)
    assert prefect_api_url(settings.state_directory) is None
    assert status(settings)[Component.PREFECT_SERVER].condition is Condition.STOPPED

    after = up(settings)
    assert after.complete
    assert after.ui == before.ui, "bookmarks stay valid"
    assert after[Component.PREFECT_SERVER].pid != record.pid
    for untouched in (Component.POSTGRESQL, Component.PREFECT_WORKER):
        assert after[untouched].pid == before[untouched].pid


def test_other_settings_restart_the_worker_alone(settings: Settings) -> None:
    before = pids(settings)
    changed = settings.model_copy(update={"wall_seconds": 7.0})
    assert up(changed).complete
    after = pids(changed)
    assert {each for each in Component if before[each] != after[each]} == {Component.PREFECT_WORKER}
    environment = Path(f"/proc/{after[Component.PREFECT_WORKER]}/environ").read_bytes().split(b"\0")
    assert b"GLOVEPORT_WALL_SECONDS=7.0" in environment


def test_a_failed_up_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(layout: Layout, settings: Settings, port: int) -> None:
        raise StackError("the worker cannot start")

    monkeypatch.setattr(services, "start_worker", fail)
    settings = Settings(state_directory=folder / "state")
    with pytest.raises(StackError, match="the worker cannot start"):
        up(settings)
    assert [each.condition for each in status(settings).components] == [Condition.STOPPED] * 3
    assert left_behind(settings) == []


def test_a_server_that_does_not_start_is_an_error_with_its_log(tmp_path: Path) -> None:
    settings = Settings(state_directory=tmp_path / "state", database_url="postgresql://nobody@127.0.0.1:1/none")
    layout = Layout(settings.state_directory)
    layout.create()
    layout.prefect_database.mkdir()  # hostile: a folder where SQLite wants its file
    with pytest.raises(StackError, match="prefect-server") as caught:
        up(settings)
    assert "unable to open database file" in layout.log(Component.PREFECT_SERVER).read_text()
    assert str(layout.log(Component.PREFECT_SERVER)) in caught.value.hint
    assert left_behind(settings) == []


def test_a_taken_port_is_replaced(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        layout.port.write_text(str(taken.getsockname()[1]))
        chosen = services.choose_port(layout)
        assert chosen != taken.getsockname()[1]
    assert services.choose_port(layout) == chosen, "and the new one is kept"


@pytest.mark.parametrize("content", ["", "x", "0", "70000", "-1"])
def test_a_damaged_port_file_means_not_up(tmp_path: Path, content: str) -> None:
    Layout(tmp_path).create()
    Layout(tmp_path).port.write_text(content)
    assert prefect_api_url(tmp_path) is None


def test_down_where_nothing_ever_ran_creates_nothing(tmp_path: Path) -> None:
    settings = Settings(state_directory=tmp_path / "state")
    assert [each.condition for each in down(settings).components] == [Condition.STOPPED] * 3
    assert not settings.state_directory.exists()


def test_a_configured_database_is_never_started_nor_stopped(tmp_path: Path) -> None:
    settings = Settings(state_directory=tmp_path, database_url="postgresql://user:planted@host/db")
    shown = status(settings)[Component.POSTGRESQL]
    assert shown.condition is Condition.EXTERNAL
    assert "planted" not in str(shown)


def test_the_database_is_where_runs_look_for_it(tmp_path: Path) -> None:
    from ingest import run

    assert Layout(tmp_path).postgresql == tmp_path / run.DATABASE_DIRECTORY


def test_down_stops_everything_and_the_next_up_comes_back(settings: Settings) -> None:
    records = [read_record(Layout(settings.state_directory).record(each)) for each in list(Component)[1:]]
    ui = status(settings).ui
    assert [each.condition for each in down(settings).components] == [Condition.STOPPED] * 3
    assert left_behind(settings) == []
    assert all(record is not None and session_of(record) == [] for record in records)
    assert prefect_api_url(settings.state_directory) is None
    assert down(settings).ui == ""
    assert up(settings).ui == ui
