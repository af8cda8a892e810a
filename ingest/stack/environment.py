"""HOST, trusted: what the embedded Prefect processes are told, through their environment and nowhere else.

Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of its working directory, and a logging configuration named
there can load any code; so its processes run in a folder of ours (`Layout.prefect_home`) and Python's own "current
directory first" is off. No inherited `PREFECT_*` variable survives: somebody's profile for another server must not
steer this one.

The server asks for a login although it listens on loopback only: whoever may create a deployment in a process work pool
runs commands as the worker's user, and every local user (and, by DNS rebinding, a web page) can reach a loopback port.
"""

import os
import secrets
import site
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import ingest
from ingest.stack.layout import Layout

LOOPBACK: Final = "127.0.0.1"
# What a Prefect server needs of our environment. It touches no store and no database of ours, so it gets no credential.
SERVER_INHERITS: Final = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONDONTWRITEBYTECODE"})

QUIET: Final[Mapping[str, str]] = {
    # Nothing leaves the machine: the server's start-up ping and the client's usage events are both off.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Two ephemeral servers started together both fail, and one started by accident hides that the real one is down.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_COLORS": "false",
}


def api_url(port: int) -> str:
    """The address of the API; the UI is at the same address without `/api`."""
    return f"http://{LOOPBACK}:{port}/api"


def login(layout: Layout) -> str:
    """The server's login, `user:password`, made on first use and kept in a file for its owner alone."""
    if not layout.login.exists():
        descriptor = os.open(layout.login, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"gloveport:{secrets.token_urlsafe(18)}")
    return layout.login.read_text().strip()


def client_environment(layout: Layout, port: int) -> dict[str, str]:
    """What a client of the embedded server needs: address, login, a home of its own, and quiet."""
    return {
        **QUIET,
        "PREFECT_HOME": str(layout.prefect_home),
        "PREFECT_PROFILES_PATH": str(layout.prefect_home / "profiles.toml"),
        "PREFECT_API_URL": api_url(port),
        "PREFECT_API_AUTH_STRING": login(layout),
    }


def server_environment(layout: Layout, port: int) -> dict[str, str]:
    """The whole environment of the Prefect server."""
    return {
        **{name: value for name, value in os.environ.items() if name in SERVER_INHERITS},
        **client_environment(layout, port),
        **python_environment(),
        "PREFECT_SERVER_API_AUTH_STRING": login(layout),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{layout.prefect_database}",
        # The default, any origin, lets every page in the operator's browser talk to the API.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{LOOPBACK}:{port}",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def python_environment() -> dict[str, str]:
    """Lets a child import what this process imports, from a checkout as from an installed wheel.

    The root of a checkout is put on the child's path. `site-packages` never is: there it would come before the standard
    library, where any installed module of the same name would win.
    """
    root = Path(ingest.__file__).resolve().parents[1]
    installed = {Path(folder).resolve() for folder in (*site.getsitepackages(), site.getusersitepackages())}
    installed.add(Path(sysconfig.get_path("purelib")).resolve())
    return {"PYTHONSAFEPATH": "1", **({} if root in installed else {"PYTHONPATH": str(root)})}
