"""HOST, trusted: how each component is started and known to be ready."""

import hashlib
import http.client
import random
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import ingest
from ingest.settings import Settings
from ingest.stack.address import stored_port
from ingest.stack.environment import LOOPBACK, server_environment
from ingest.stack.layout import Component, Layout
from ingest.stack.processes import Record, find, launch, read_record, session_of, stop, wait_for_end
from ingest.stack.report import StackError
from ingest.stack.worker_environment import settings_environment, worker_environment

READY_SECONDS: Final = 120.0  # a Prefect server takes 16–18 s on two slow cores, more while migrating its database
PROBE_SECONDS: Final = 0.25
REQUEST_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 20.0
LOG_BYTES_MAX: Final = 8 << 20
PORT_ATTEMPTS: Final = 3
PORTS_TRIED: Final = 100
LOG_TAIL_LINES: Final = 8


def start_server(layout: Layout) -> None:
    """Start the Prefect server and wait until it answers. Raises `StackError` with the end of its log."""
    for attempt in range(1, PORT_ATTEMPTS + 1):
        port = choose_port(layout)
        arguments = ["server", "start", "--host", LOOPBACK, "--port", str(port)]
        record = _launch(layout, Component.PREFECT_SERVER, "prefect", arguments, server_environment(layout, port))
        if _ready(record, lambda: healthy(port)):  # noqa: B023 - called only within this turn of the loop
            return
        end(layout, Component.PREFECT_SERVER)
        # Somebody else may have taken the port between our choice and the server's bind; anything else is final.
        if attempt == PORT_ATTEMPTS or port_is_free(port):
            raise _not_ready(layout, Component.PREFECT_SERVER)


def start_worker(layout: Layout, settings: Settings, port: int) -> None:
    """Start the worker and wait until its deployments are registered. Raises `StackError` with the end of its log."""
    layout.worker_ready.unlink(missing_ok=True)
    environment = worker_environment(layout, port, settings)
    record = _launch(
        layout, Component.PREFECT_WORKER, "flows.worker", ["--ready-file", str(layout.worker_ready)], environment
    )
    layout.worker_settings.write_text(fingerprint(settings))
    if not _ready(record, lambda: worker_is_ready(layout, record)):
        end(layout, Component.PREFECT_WORKER)
        raise _not_ready(layout, Component.PREFECT_WORKER)


def worker_is_ready(layout: Layout, record: Record) -> bool:
    """Whether this worker, not one before it, has registered its deployments."""
    try:
        return layout.worker_ready.read_text().strip() == str(record.pid)
    except OSError:
        return False


def worker_is_current(layout: Layout, settings: Settings) -> bool:
    """Whether the worker was started with these settings and this release."""
    try:
        return layout.worker_settings.read_text() == fingerprint(settings)
    except OSError:
        return False


def fingerprint(settings: Settings) -> str:
    """A digest of what a worker depends on."""
    told = sorted(settings_environment(settings).items())
    return hashlib.sha256(repr((ingest.__version__, told)).encode()).hexdigest()


def end(layout: Layout, component: Component) -> list[int]:
    """Stop a component's process and its whole session. Returns the ids of what could not be stopped."""
    record = read_record(layout.record(component))
    survivors = [] if record is None else stop(record, grace_seconds=GRACE_SECONDS)
    if not survivors:
        layout.record(component).unlink(missing_ok=True)
    return survivors


def is_leftover(layout: Layout, component: Component) -> bool:
    """Whether a component's process died and left children behind."""
    record = read_record(layout.record(component))
    return record is not None and not record.alive and bool(session_of(record))


def healthy(port: int) -> bool:
    """Whether a Prefect API answers there. Asks without a proxy, whatever the environment says."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        return answer.status == http.client.OK and answer.read(16).strip() == b"true"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def choose_port(layout: Layout) -> int:
    """The port of last time if it is free, otherwise another one, which is kept for next time."""
    kept = stored_port(layout)
    if kept is not None and port_is_free(kept):
        return kept
    port = next((port for port in _candidate_ports() if port_is_free(port)), None)
    if port is None:
        raise StackError(
            f"{Component.PREFECT_SERVER}: no free port found", hint="stop some of the servers on this host"
        )
    layout.port.write_text(str(port))
    return port


def _candidate_ports() -> list[int]:
    """Random ports below the range from which the kernel gives outgoing connections theirs.

    A port of that range may be somebody's connection at the moment when the server is to be started again.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(10_000, first_outgoing) if first_outgoing > 11_000 else range(10_000, 1 << 16)
    return random.sample(ports, PORTS_TRIED)


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _launch(
    layout: Layout, component: Component, module: str, arguments: list[str], environment: Mapping[str, str]
) -> Record:
    running = find(layout.record(component))
    if running is not None:
        return running
    try:
        return launch(
            module,
            arguments,
            record=layout.record(component),
            log=layout.log(component),
            log_bytes_max=LOG_BYTES_MAX,
            environment=environment,
            directory=layout.prefect_home,
        )
    except (OSError, TimeoutError) as error:
        raise _not_ready(layout, component, str(error)) from None


def _ready(record: Record, probe: Callable[[], bool]) -> bool:
    """Probe until it succeeds, the process ends or the time is over."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if wait_for_end(record, PROBE_SECONDS):
            return False
        if probe():
            return True
    return False


def _not_ready(layout: Layout, component: Component, why: str = "it did not become ready") -> StackError:
    log = layout.log(component)
    return StackError(f"{component}: {why}{_tail(log)}", hint=f"its log is {log}")


def _tail(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in lines if line.strip())
