"""HOST, trusted: shows a run in Prefect: progress, tables and events; and asks whether somebody cancelled it there.

Prefect is the display, not the truth: when its API fails in the middle of a run, the display goes stale and the files
go on. After a failure Prefect is left alone for a while.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import emit_event
from prefect.exceptions import PrefectException

from flows import artifacts
from flows.crashed import run_tag
from flows.tally import Counted
from ingest.outcome import FileReport

QUARANTINED_EVENT: Final = "gloveport.file.quarantined"
PROGRESS_SECONDS: Final = 3.0  # an update costs 0.1 s of server time
CANCEL_POLL_SECONDS: Final = 4.0
QUIET_SECONDS: Final = 30.0

log = logging.getLogger(__name__)


class Reporter:
    """Shows one run. Must live in the thread of its flow: artifacts find their flow run by context."""

    def __init__(self, client: SyncPrefectClient, flow_run_id: UUID, source: str) -> None:
        self._client = client
        self._flow_run_id = flow_run_id
        self._source = source
        self._progress: UUID | None = None
        self._shown_at = self._asked_at = time.monotonic()
        self._quiet_until = 0.0
        self._related = {
            "prefect.resource.id": f"prefect.flow-run.{flow_run_id}",
            "prefect.resource.role": "flow-run",
        }

    def tag(self, run_id: str) -> None:
        """Tie the flow run to its run in the catalogue."""
        self._try(lambda: self._client.update_flow_run(self._flow_run_id, tags=[run_tag(run_id)]))

    def begin(self, total: int) -> None:
        """Create the progress artifact."""

        def create() -> None:
            made = create_progress_artifact(0.0, key="gloveport-progress", description=f"0 of {total} files")
            self._progress = made if isinstance(made, UUID) else None

        self._try(create)

    def progress(self, counted: Counted, total: int, *, now: bool = False) -> None:
        """Update the progress artifact, unless that was done a moment ago."""
        if self._progress is None or not (now or time.monotonic() - self._shown_at >= PROGRESS_SECONDS):
            return
        shown, line = self._progress, artifacts.progress_line(counted, total)
        self._try(lambda: update_progress_artifact(shown, artifacts.percent(counted.finished, total), line))
        self._shown_at = time.monotonic()

    def finish(self, run_id: str, counted: Counted, total: int) -> None:
        """Write the tables: outcomes by reason, and the page with the files in quarantine."""
        self.progress(counted, total, now=True)
        rows = artifacts.outcome_rows(counted)
        self._try(lambda: create_table_artifact(rows, key="gloveport-outcomes", description="Outcomes by reason"))
        page = artifacts.report_page(self._source, run_id, counted)
        self._try(lambda: create_markdown_artifact(page, key="gloveport-run", description="Outcomes and quarantine"))

    def quarantined(self, run_id: str, report: FileReport) -> None:
        """Emit the event of one quarantined file. Queued, never waited for; may be called from any thread."""
        if not self._answering:
            return
        reason = report.reason.value if report.reason else ""
        with suppress(PrefectException):
            emit_event(
                event=QUARANTINED_EVENT,
                resource={
                    "prefect.resource.id": artifacts.resource_id(self._source, report.key),
                    "prefect.resource.name": artifacts.visible(report.key),
                    "gloveport.reason": reason,
                },
                related=[self._related],
                payload={
                    "source": artifacts.payload_text(self._source),
                    "key": artifacts.payload_text(report.key),
                    "reason": reason,
                    "detail": artifacts.payload_text(report.detail),
                    "run_id": run_id,
                },
            )

    def cancel_wanted(self) -> bool:
        """Whether somebody cancelled the flow run. Asks the API at most every few seconds.

        Nobody signals a flow that runs in the process of `gloveport run`; it has to look for itself.
        """
        if time.monotonic() - self._asked_at < CANCEL_POLL_SECONDS:
            return False
        self._asked_at = time.monotonic()
        wanted = False

        def ask() -> None:
            nonlocal wanted
            state = self._client.read_flow_run(self._flow_run_id).state
            wanted = state is not None and (state.is_cancelling() or state.is_cancelled())

        self._try(ask)
        return wanted

    @property
    def _answering(self) -> bool:
        return time.monotonic() >= self._quiet_until

    def _try(self, call: Callable[[], object]) -> None:
        """Call, unless Prefect failed a moment ago: each failure costs the client's whole ladder of retries."""
        if not self._answering:
            return
        try:
            call()
        except (httpx.HTTPError, PrefectException, OSError) as error:
            log.warning("Prefect takes no reports for now: %s", type(error).__name__)
            self._quiet_until = time.monotonic() + QUIET_SECONDS
