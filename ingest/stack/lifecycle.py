"""HOST, trusted: `up`, `down` and `status` of the embedded stack. One at a time, repeatable, all or nothing.

`up` starts PostgreSQL (unless a database is configured), the Prefect server and the worker, in this order; `down` stops
them in the opposite one. When `up` fails, whatever this very call started is stopped again.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DatabaseError
from ingest.settings import Settings
from ingest.stack import services
from ingest.stack.address import listening_port, stored_port
from ingest.stack.detached import bound_once
from ingest.stack.environment import api_url
from ingest.stack.layout import Component, Layout
from ingest.stack.processes import find
from ingest.stack.report import ComponentStatus, Condition, OnEvent, StackError, StackEvent, StackStatus

if TYPE_CHECKING:
    from ingest.catalog.embedded import EmbeddedPostgres


def ignore(_event: StackEvent) -> None:
    """Tell nobody."""


def up(settings: Settings, *, on_event: OnEvent = ignore) -> StackStatus:
    """Bring the whole stack up and return its status. Idempotent; waits for another `up` or `down` that is at work.

    Raises `StackError` or `DatabaseError`, after stopping what this call had started.
    """
    layout = Layout(settings.state_directory.absolute())
    layout.create()
    with _alone(layout, on_event):
        before = _status(layout, settings)
        try:
            _start_postgresql(layout, settings, on_event)
            _start_server(layout, on_event)
            _start_worker(layout, settings, on_event)
        except BaseException:
            _stop_again(layout, settings, before, on_event)
            raise
        return _status(layout, settings)


def down(settings: Settings, *, on_event: OnEvent = ignore) -> StackStatus:
    """Stop the worker, the server and PostgreSQL, verify that they are gone, and return the status.

    Runs in progress are told to stop first: their containers are removed and their files stay pending. Raises
    `StackError` naming whatever could not be stopped, after trying to stop the rest.
    """
    layout = Layout(settings.state_directory.absolute())
    if not layout.stack.exists() and not layout.postgresql.exists():
        return _status(layout, settings)
    layout.create()
    failures = []
    with _alone(layout, on_event):
        for component in reversed(Component):
            if _is_stopped(layout, component):
                continue
            on_event(StackEvent(component, "stopping"))
            failure = _stop(layout, component)
            on_event(StackEvent(component, failure or "stopped"))
            if failure:
                failures.append(f"{component}: {failure}")
        if failures:
            raise StackError("could not be stopped: " + "; ".join(failures))
        return _status(layout, settings)


def status(settings: Settings) -> StackStatus:
    """How every component is now. Starts nothing and waits for nobody."""
    return _status(Layout(settings.state_directory.absolute()), settings)


def _start_postgresql(layout: Layout, settings: Settings, on_event: OnEvent) -> None:
    if settings.database_url:
        on_event(StackEvent(Component.POSTGRESQL, "using the configured server"))
        return
    server = _postgres(layout)
    if server.is_running():
        on_event(StackEvent(Component.POSTGRESQL, "already running"))
        return
    on_event(StackEvent(Component.POSTGRESQL, "starting"))
    bound_once(_postgres_log(layout), services.LOG_BYTES_MAX)
    server.start()
    on_event(StackEvent(Component.POSTGRESQL, "ready"))


def _start_server(layout: Layout, on_event: OnEvent) -> None:
    component = Component.PREFECT_SERVER
    port = listening_port(layout)
    if port is not None and services.healthy(port):
        on_event(StackEvent(component, f"already running at {api_url(port)}"))
        return
    _clear(layout, component, on_event)
    on_event(StackEvent(component, "starting (takes about 20 s)"))
    services.start_server(layout)
    on_event(StackEvent(component, f"ready at {api_url(stored_port(layout) or 0)}"))


def _start_worker(layout: Layout, settings: Settings, on_event: OnEvent) -> None:
    component = Component.PREFECT_WORKER
    record = find(layout.record(component))
    if record is not None and services.worker_is_ready(layout, record):
        if services.worker_is_current(layout, settings):
            on_event(StackEvent(component, "already running"))
            return
        on_event(StackEvent(component, "settings have changed, restarting"))
    _clear(layout, component, on_event)
    on_event(StackEvent(component, "starting"))
    services.start_worker(layout, settings, stored_port(layout) or 0)
    on_event(StackEvent(component, "ready"))


def _stop_again(layout: Layout, settings: Settings, before: StackStatus, on_event: OnEvent) -> None:
    """Stop what does not run as it ran before: `up` gives everything or leaves nothing of its own."""
    now = _status(layout, settings)
    for component in reversed(Component):
        as_before = before[component].condition is Condition.RUNNING and before[component].pid == now[component].pid
        if not as_before and now[component].condition is not Condition.EXTERNAL and not _is_stopped(layout, component):
            on_event(StackEvent(component, "stopping again"))
            _stop(layout, component)


def _clear(layout: Layout, component: Component, on_event: OnEvent) -> None:
    """End what an earlier start left: a process that does not answer, or the children of one that was killed."""
    if find(layout.record(component)) is None and not services.is_leftover(layout, component):
        return
    on_event(StackEvent(component, "stopping what an earlier start left"))
    survivors = services.end(layout, component)
    if survivors:
        raise StackError(f"{component}: processes {survivors} of an earlier start do not end, even with SIGKILL")


def _is_stopped(layout: Layout, component: Component) -> bool:
    if component is Component.POSTGRESQL:
        return not layout.postgresql.exists() or (_postgres_pid(layout) is None and not _postgres(layout).is_running())
    return find(layout.record(component)) is None and not services.is_leftover(layout, component)


def _stop(layout: Layout, component: Component) -> str:
    """Stop one component. Returns why it could not be stopped, or ""."""
    if component is Component.POSTGRESQL:
        try:
            _postgres(layout).stop()
        except DatabaseError as error:
            return str(error)
        return ""
    survivors = services.end(layout, component)
    return f"processes {survivors} outlived SIGKILL" if survivors else ""


def _status(layout: Layout, settings: Settings) -> StackStatus:
    port = listening_port(layout)
    return StackStatus(
        components=(
            _postgresql_status(layout, settings),
            _server_status(layout, port),
            _worker_status(layout),
        ),
        ui="" if port is None else api_url(port).removesuffix("/api"),
        login=layout.login,
    )


def _postgresql_status(layout: Layout, settings: Settings) -> ComponentStatus:
    component = Component.POSTGRESQL
    if settings.database_url:
        return ComponentStatus(component, Condition.EXTERNAL)
    if not layout.postgresql.exists():
        return ComponentStatus(component, Condition.STOPPED)
    server, pid, log = _postgres(layout), _postgres_pid(layout), _postgres_log(layout)
    if server.is_running():
        since = _modified(layout.postgresql / "data" / "postmaster.pid")
        return ComponentStatus(component, Condition.RUNNING, pid, server.url(), log, since)
    return ComponentStatus(component, Condition.STOPPED, log=log if log.exists() else None)


def _server_status(layout: Layout, port: int | None) -> ComponentStatus:
    component = Component.PREFECT_SERVER
    log = layout.log(component)
    record = find(layout.record(component))
    if record is None:
        return ComponentStatus(component, Condition.STOPPED, log=log if log.exists() else None)
    answers = port is not None and services.healthy(port)
    condition = Condition.RUNNING if answers else Condition.NOT_ANSWERING
    return ComponentStatus(component, condition, record.pid, api_url(port) if port else "", log, record.since)


def _worker_status(layout: Layout) -> ComponentStatus:
    component = Component.PREFECT_WORKER
    log = layout.log(component)
    record = find(layout.record(component))
    if record is None:
        return ComponentStatus(component, Condition.STOPPED, log=log if log.exists() else None)
    condition = Condition.RUNNING if services.worker_is_ready(layout, record) else Condition.NOT_ANSWERING
    return ComponentStatus(component, condition, record.pid, "work pool gloveport", log, record.since)


@contextmanager
def _alone(layout: Layout, on_event: OnEvent) -> Iterator[None]:
    """Held by one `up` or `down` at a time. The kernel frees the lock of a process that is killed."""
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_event(StackEvent(Component.POSTGRESQL, "waiting for another `gloveport up` or `gloveport down`"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _postgres(layout: Layout) -> "EmbeddedPostgres":
    # Imported here: it loads psycopg, which asking for an address must not cost.
    from ingest.catalog.embedded import EmbeddedPostgres

    return EmbeddedPostgres(layout.postgresql)


def _postgres_log(layout: Layout) -> Path:
    return layout.postgresql / "postgresql.log"


def _postgres_pid(layout: Layout) -> int | None:
    """From the first line of PostgreSQL's own `postmaster.pid`."""
    try:
        return int((layout.postgresql / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
