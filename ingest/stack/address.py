"""HOST, trusted: where the embedded Prefect server is, for a few file reads and one connection; imports no Prefect."""

import socket
from pathlib import Path

from ingest.stack.environment import LOOPBACK, api_url, client_environment
from ingest.stack.layout import Component, Layout
from ingest.stack.processes import find

CONNECT_SECONDS = 0.5


def prefect_api_url(state_directory: Path) -> str | None:
    """The API of the embedded Prefect server, or None when it is not up (or still starting)."""
    port = listening_port(Layout(state_directory))
    return None if port is None else api_url(port)


def prefect_environment(state_directory: Path) -> dict[str, str] | None:
    """The environment variables a Prefect client needs for the embedded server, login included; None when not up."""
    layout = Layout(state_directory)
    port = listening_port(layout)
    return None if port is None else client_environment(layout, port)


def listening_port(layout: Layout) -> int | None:
    """The port on which our own server process listens now."""
    port = stored_port(layout)
    if port is None or find(layout.record(Component.PREFECT_SERVER)) is None:
        return None
    try:
        socket.create_connection((LOOPBACK, port), timeout=CONNECT_SECONDS).close()
    except OSError:
        return None
    return port


def stored_port(layout: Layout) -> int | None:
    """The port of the last start, if there was one."""
    try:
        port = int(layout.port.read_text())
    except (OSError, ValueError):
        return None
    return port if 0 < port < 1 << 16 else None
