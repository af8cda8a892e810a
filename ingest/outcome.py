"""HOST, trusted: the words for what happened to a file, and the admitted result of reading it.

Everything here has passed the airlock or was observed by the host; nothing carries a sandbox's raw bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from contract.verdicts import Reason

Json = dict[str, Any]


class Outcome(StrEnum):
    """The four ends of a file. A file in none of them makes the run fail loudly."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class AdmittedChunk:
    """A retrieval unit, rebuilt by the host from admitted text and elements.

    `chunk_id` is a hash of heading path, text and occurrence, so an unchanged chunk of a changed document keeps it.
    `spans` are (start, end) in characters of the normalized text; `boxes` are {page, x0, y0, x1, y1} in points.
    """

    chunk_id: str
    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    page_numbers: tuple[int, ...]
    boxes: tuple[Json, ...]
    element_ids: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    token_count: int


@dataclass(frozen=True, slots=True)
class AdmittedFinding:
    """Something a parser saw. Plain text, length-bounded; the words are still the parser's."""

    kind: str
    severity: str
    place: str
    evidence: str


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file found inside another. `member` is its lasting identity there: a hash of what its container calls it.

    `name` is fit to be shown, and empty where the container has none. `sha256` is empty when its bytes were withheld,
    for the reason in `withheld`; `size` is then its container's claim.
    """

    member: str
    name: str
    size: int
    sha256: str = ""
    media_type_hint: str = ""
    withheld: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AdmittedDocument:
    """What the airlock let in: checked in shape, size, order and cross-reference. `elements` are plain JSON objects.

    `contents` are the bytes of the embedded files, in pieces, by their SHA-256.
    """

    metadata: Json
    elements: tuple[Json, ...]
    text: str
    chunks: tuple[AdmittedChunk, ...]
    findings: tuple[AdmittedFinding, ...] = ()
    embedded: tuple[EmbeddedFile, ...] = ()
    contents: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """No document, and why: `reason` as observed by the host or admitted from the sandbox, one line of `detail`."""

    reason: Reason
    detail: str
    findings: tuple[AdmittedFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """The account of one file in one run, as `run --json` prints it. `parent` is the key of the file it lies in."""

    key: str
    outcome: Outcome | None  # None: still pending, through a fault of ours
    reason: Reason | None = None
    detail: str = ""
    findings: tuple[str, ...] = ()
    media_type: str = ""
    parser: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    chunks: int = 0
    source: str = ""  # told where one worker serves several
    parent: str = ""

    def as_json(self) -> Json:
        """The documented object of `--json`, `type` first."""
        return {
            "type": "file",
            **({"source": self.source} if self.source else {}),
            "key": self.key,
            "parent": self.parent or None,
            "outcome": self.outcome.value if self.outcome else "pending",
            "reason": self.reason.value if self.reason else None,
            "detail": self.detail,
            "findings": list(self.findings),
            "media_type": self.media_type,
            "parser": self.parser,
            "seconds": round(self.seconds, 4),
            "cpu_seconds": round(self.cpu_seconds, 4),
            "peak_memory_bytes": self.peak_memory_bytes,
            "chunks": self.chunks,
        }


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why files wait although nothing is wrong: a limit of their tenant, named as its setting is.

    `until` is when the quota begins anew, by minute or by day; None for a limit that ends as soon as another file of
    the tenant does.
    """

    tenant: str
    limit: str
    until: datetime | None

    @property
    def brief(self) -> bool:
        """Whether it ends while a run can wait: the next file's end, or the next minute."""
        return self.limit in {"concurrency", "files_per_minute"}

    def __str__(self) -> str:
        when = "until others of its files end" if self.until is None else f"until {self.until:%Y-%m-%d %H:%M} UTC"
        return f"{self.limit} of tenant {self.tenant}, {when}"

    def as_json(self) -> Json:
        """Part of the documented objects of `run --json`, `why --json` and `tenants list --json`."""
        return {"tenant": self.tenant, "limit": self.limit, "until": self.until.isoformat() if self.until else None}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The account of a whole run. `pending` counts files a fault of ours left behind; 0 in a good run.

    `counts` and `reasons` are of the source's own files, `embedded` and `embedded_reasons` of the files inside them.

    `accounted_elsewhere` counts files that this run brought to an end and that another run of the source has listed
    since: they are in that run's counts, files inside others included, and decide about this run's exit code, too.
    `pending_elsewhere` counts files that failed through a fault of ours, too, and are another run's to end by now.
    `deferred` counts files that a limit of their tenant keeps waiting, which is nobody's fault; `deferral` says why.
    `left` counts files that were not begun because the run reached its `--limit` or was told to stop: the next run's.
    `complete` is False when the listing of the source was cut short: then files may exist that nobody counted.
    """

    run_id: str
    source: str
    counts: dict[Outcome, int]
    reasons: dict[Reason, int] = field(default_factory=dict)
    embedded: dict[Outcome, int] = field(default_factory=dict)
    embedded_reasons: dict[Reason, int] = field(default_factory=dict)
    pending: int = 0
    pending_elsewhere: int = 0
    accounted_elsewhere: dict[Outcome, int] = field(default_factory=dict)
    deferred: int = 0
    deferral: Deferral | None = None
    left: int = 0
    complete: bool = True
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def quarantined(self) -> int:
        """How many are in quarantine: files inside others, and those that another run accounts for, included."""
        counted = (self.counts, self.embedded, self.accounted_elsewhere)
        return sum(counts.get(Outcome.QUARANTINED, 0) for counts in counted)

    def as_json(self) -> Json:
        """The last object of `--json`."""
        return {
            "type": "summary",
            "run_id": self.run_id,
            "source": self.source,
            **{outcome.value: self.counts.get(outcome, 0) for outcome in Outcome},
            "pending": self.pending,
            "pending_elsewhere": self.pending_elsewhere,
            "accounted_elsewhere": {
                outcome.value: files for outcome in Outcome if (files := self.accounted_elsewhere.get(outcome))
            },
            "deferred": self.deferred,
            "deferral": self.deferral.as_json() if self.deferral else None,
            "left": self.left,
            "complete": self.complete,
            "reasons": {reason.value: count for reason, count in sorted(self.reasons.items())},
            "embedded": {
                **{outcome.value: self.embedded.get(outcome, 0) for outcome in Outcome},
                "reasons": {reason.value: count for reason, count in sorted(self.embedded_reasons.items())},
            },
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }
