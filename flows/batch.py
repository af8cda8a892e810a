"""HOST, trusted: runs the flow in this process, for `gloveport run`. Cheap to import; loads Prefect when called.

A run through a worker begins 10–19 s after it was asked for, so `gloveport run` is the flow run itself: Prefect shows
it like any other, and the reports of its files come back as they end.
"""

import os
import signal
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from flows.request import BatchRequest
from ingest.errors import GloveportError
from ingest.outcome import FileReport, RunSummary
from ingest.settings import Settings
from ingest.stack import prefect_environment
from ingest.stack.environment import QUIET

if TYPE_CHECKING:
    from prefect import Flow

    from flows.ingest_batch import Batch, Control, LiveRuns, OpenBatch

REACH_SECONDS: Final = 5.0
# Once the server has gone away, a call fails after 6 s instead of a minute, and a run's end takes several calls.
PATIENCE: Final = {"PREFECT_CLIENT_MAX_RETRIES": "2", "PREFECT_API_REQUEST_TIMEOUT": "20"}


class PrefectUnreachable(GloveportError):
    """Prefect is not reachable: {detail}"""


@dataclass(frozen=True, slots=True)
class BatchParameters:
    """What to run. `settings` stay in this process; Prefect is told only what `BatchRequest` holds."""

    source: str
    settings: Settings
    files_max: int | None = None
    refresh: bool = False
    allow_mass_delete: bool = False

    @property
    def request(self) -> BatchRequest:
        """As much of it as Prefect may know."""
        asked = {"refresh": self.refresh, "allow_mass_delete": self.allow_mass_delete}
        return BatchRequest.of(self.source, self.settings, self.files_max, **asked)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a run. `fault` is why files are still pending; `interrupted`: by a signal, in Prefect or by
    `gloveport cancel`; `drained`: by `gloveport cancel --drain`, as wanted.

    `summary` is None only when the run was ended before it could give an account.
    """

    summary: RunSummary | None
    fault: GloveportError | None
    interrupted: bool
    drained: bool = False


def run_through_prefect(
    parameters: BatchParameters,
    api_url: str,
    on_file: Callable[[FileReport], None],
    *,
    verbose: bool = False,
    open_batch: "OpenBatch | None" = None,
    live_runs: "LiveRuns | None" = None,
) -> BatchResult:
    """Run the flow here and wait for its end. Must be called from the main thread, where signals arrive.

    The first SIGINT lets the files at work end, a second one, or SIGTERM, stops their sandboxes. Raises
    `PrefectUnreachable` before anything was begun, so that the caller may run directly instead; afterwards, the errors
    of `ingest.run.Batch`. `open_batch` and `live_runs` exist for tests.
    """
    with prefect_at(api_url, parameters.settings, verbose=verbose):
        from flows import ingest_batch as flow_module

        control = flow_module.Control(on_file=on_file)
        flow = flow_module.batch_flow(
            open_batch or _opener(parameters), live_runs or flow_module.live_runs_of_catalogue, control
        )
        _let_events_fail_fast()
        with _interrupts(control):
            state = _run(flow, parameters.request, control)
    if control.summary is None and not control.stopped:
        raise control.fault or GloveportError(f"the flow run ended as {state}")
    return BatchResult(control.summary, control.fault, interrupted=control.stopped, drained=control.drained)


def _run(flow: "Flow[..., Any]", request: BatchRequest, control: "Control") -> str:
    """Run the flow to its end and return the name of its state. Raises only when nothing was begun, or for a bug."""
    import httpx
    from prefect.exceptions import PrefectException, TerminationSignal

    try:
        state = flow(request, return_state=True)
    except (TerminationSignal, KeyboardInterrupt):
        control.stopped = True
        return "interrupted"
    except (httpx.HTTPError, PrefectException) as error:
        if not control.begun:
            raise PrefectUnreachable(type(error).__name__) from error
        # The files were worked on and the catalogue has their account; only Prefect's own account has a hole.
        control.fault = control.fault or PrefectUnreachable(f"{type(error).__name__} in the middle of the run")
        return "unknown to Prefect"
    return str(state)


@contextmanager
def prefect_at(api_url: str, settings: Settings, *, verbose: bool = False) -> Iterator[None]:
    """Prefect, loaded and configured for this API, which answers and knows us. Raises `PrefectUnreachable`."""
    _must_answer(api_url)
    with _prefect_loaded(api_url, settings, verbose):
        _must_admit()
        yield


def _opener(parameters: BatchParameters) -> "OpenBatch":
    def open_batch(_request: BatchRequest) -> "AbstractContextManager[Batch]":
        from ingest.run import Batch as RealBatch

        return RealBatch.open(parameters.settings, parameters.source, kind="refresh" if parameters.refresh else "batch")

    return open_batch


def _must_answer(api_url: str) -> None:
    """Ask before Prefect is imported: two seconds saved when nobody is there. Any HTTP answer counts as somebody."""
    address = urllib.parse.urlsplit(api_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise PrefectUnreachable(f"{api_url!r} is not the address of an API")
    direct = address.hostname in {"127.0.0.1", "localhost", "::1"}
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if direct else []))
    try:
        opener.open(f"{api_url.rstrip('/')}/health", timeout=REACH_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError as error:
        raise PrefectUnreachable(f"{address.hostname}: {error}") from None


def _must_admit() -> None:
    """Ask something that needs the login, before anything is begun."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException

    try:
        with get_client(sync_client=True) as client:
            client.read_flow_runs(limit=1)
    except (httpx.HTTPError, PrefectException) as error:
        raise PrefectUnreachable(
            f"it refused the first question ({type(error).__name__})",
            hint="check PREFECT_API_AUTH_STRING or PREFECT_API_KEY",
        ) from None


def _let_events_fail_fast() -> None:
    """Keep a dead server from holding up the end of this process by seven seconds for every quarantined file.

    By default each event tries eleven times to reach the server, one event after the other.
    """
    from prefect.events.clients import PrefectEventsClient
    from prefect.events.worker import EventsWorker, emit_events_to_cloud

    if not emit_events_to_cloud():
        EventsWorker.set_client_override(PrefectEventsClient, reconnection_attempts=2)


@contextmanager
def _prefect_loaded(api_url: str, settings: Settings, verbose: bool) -> Iterator[None]:
    """Prefect imported and configured for this API; its configuration is as before afterwards.

    Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of the working directory, whose logging section can load
    any code. `gloveport run .` in a folder of uploads must not obey files found there, so Prefect reads its
    configuration while an empty folder of ours is the working directory.
    """
    environment = _environment(api_url, settings, verbose)
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        with _in_empty_directory():
            loaded = "prefect" in sys.modules
            from prefect.settings import temporary_settings

            # Only a process that had Prefect loaded before, with other variables, needs them set again.
            configured = temporary_settings(updates=_where(environment)) if loaded else nullcontext()
            configured.__enter__()
        try:
            yield
        finally:
            configured.__exit__(None, None, None)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _environment(api_url: str, settings: Settings, verbose: bool) -> dict[str, str]:
    embedded = prefect_environment(settings.state_directory) or {}
    ours = embedded if embedded.get("PREFECT_API_URL") == api_url else {}
    quiet = {} if verbose else dict.fromkeys(("CONSOLE", "DEBUG"), "CRITICAL")
    levels = {f"PREFECT_LOGGING_HANDLERS_{handler}_LEVEL": level for handler, level in quiet.items()}
    hosts = [os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), "127.0.0.1", "localhost"]
    return {
        **QUIET,
        **PATIENCE,
        **levels,
        **ours,
        "PREFECT_API_URL": api_url,
        "NO_PROXY": ",".join(filter(None, hosts)),
    }


def _where(environment: Mapping[str, str]) -> dict[Any, Any]:
    """Address and login as Prefect's own setting objects."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL

    settings = {"PREFECT_API_URL": PREFECT_API_URL, "PREFECT_API_AUTH_STRING": PREFECT_API_AUTH_STRING}
    return {setting: environment[name] for name, setting in settings.items() if name in environment}


@contextmanager
def _in_empty_directory() -> Iterator[None]:
    """Change to an empty folder and back, by descriptor: the folder we came from may have no name any more."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with tempfile.TemporaryDirectory(prefix="gloveport-") as empty:
            os.chdir(empty)
            try:
                yield
            finally:
                os.fchdir(here)
    finally:
        os.close(here)


@contextmanager
def _interrupts(control: "Control") -> Iterator[None]:
    """SIGINT: first finish the files at work, then stop their sandboxes. SIGTERM is Prefect's while the flow runs."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        (control.cancel if control.stop.is_set() else control.stop).set()
        control.stopped = True

    before = signal.signal(signal.SIGINT, handle), signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
