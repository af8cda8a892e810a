"""HOST, trusted: the life of one file, top to bottom.

    claim → fetch → known? → identify → profile → sandbox → airlock → publish, or quarantine with evidence

Files inside a file come out of its sandbox, and become claims of their own when it is published: the same way again.
A file's own faults come back as a `FileReport`. Faults of ours are exceptions of `errors.py`; the caller decides how
often to try again. Nothing here starts threads, holds state between files or knows where work comes from.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from contract import CONTRACT_VERSION
from contract.job import Job, Options
from contract.verdicts import Reason
from ingest import airlock, outputs, publish, quarantine
from ingest.catalog import discover, lineage, parses
from ingest.catalog.claims import Claim, Within
from ingest.catalog.database import Database
from ingest.catalog.parses import Identity, Recipe, Remembered
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import ObjectChanged, ObjectMissing, StoreError
from ingest.fetch import Fetched, fetched
from ingest.identify import UNKNOWN, media_type_hint
from ingest.knowledge.base import KnowledgeBase
from ingest.outcome import AdmittedDocument, AdmittedFinding, FileReport, Json, Outcome, Refused
from ingest.policy import Policy
from ingest.sandbox.base import Profile, SandboxEngine, SandboxRun
from ingest.store.base import ObjectStore
from ingest.usage import SandboxRecord

# What a clock says of a file, it may as well say of the host.
ON_TIME: Final = frozenset({Reason.TIMEOUT, Reason.STALLED, Reason.CPU_LIMIT})
# Once may be chance or a neighbour's doing; each further time the file was the only one at work.
DEATHS_MAX: Final = 3


class Health(Protocol):
    """What is known of the images; `images.health` says how. Without one, every verdict is held against its file."""

    def note_good_end(self, profile: Profile) -> None: ...  # noqa: D102
    def require_working(self, profile: Profile, since: float, *, in_time: bool = False) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Stations:
    """Everything a file passes on its way, wired by `run.py`. `kept` is the store that gloveport writes to."""

    database: Database
    source: ObjectStore
    source_uri: str
    kept: ObjectStore
    knowledge: KnowledgeBase
    engine: SandboxEngine
    policy: Policy
    options: Options
    spool: Path
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """One file on its way: its claim, its content, and what was decided about it so far.

    `last_try`: whatever this sandbox comes to, no other follows. `tried` are the sandboxes before it. `otherwise` is
    what stands if this one has no document to give: the same file as it was at first, and what that came to.
    """

    claim: Claim
    content: Fetched
    media_type_hint: str
    profile: Profile
    identity: Identity
    result_key: outputs.ResultKey
    last_try: bool = False
    tried: tuple[SandboxRecord, ...] = ()
    otherwise: tuple["_File", Remembered] | None = None

    @property
    def allowed(self) -> frozenset[Reason]:
        """Reasons a reviewer let through, for exactly this content."""
        override = self.claim.override
        if override.get("sha256") != self.content.sha256:
            return frozenset()
        return frozenset(Reason(reason) for reason in override.get("allow", ()))


def process(claim: Claim, at: Stations) -> FileReport:
    """Take one claimed file to its end. Raises `GloveportError` for a fault of ours: the file is then still pending."""
    started = time.monotonic()
    report = _process(claim, at)
    return replace(report, seconds=time.monotonic() - started, parent=claim.parent_key)


def _process(claim: Claim, at: Stations) -> FileReport:
    if claim.within is not None:
        return _process_embedded(claim, claim.within, at)
    if claim.irregular:
        return _hold(at, claim, Refused(Reason.UNSUPPORTED, f"not a regular file: {claim.irregular}"), original_uri="")
    if claim.size > at.policy.input_bytes_max:
        return _hold_unread(at, claim)
    reached(CrashPoint.FETCH_BEFORE)
    try:
        if claim.deaths >= DEATHS_MAX:
            return _hold_deadly(at, claim)
        with fetched(
            at.source, claim.key, claim.version, bytes_max=at.policy.input_bytes_max, spool=at.spool
        ) as content:
            reached(CrashPoint.FETCH_AFTER)
            if content.over_limit:
                return _hold_unread(at, claim)
            return _examine(_identify(claim, content, at), at)
    except ObjectMissing:
        return _gone(at, claim)
    except ObjectChanged:
        # The listing is out of date: note the new version and let the next claim read that one.
        current = next(iter(at.source.list(claim.key)), None)
        if current is None or current.key != claim.key:
            return _gone(at, claim)  # what stands there now is no object of this key: a folder, for example
        discover.note_change(at.database, claim, current)
        reached(CrashPoint.CHANGE_NOTED)
        raise


def _process_embedded(claim: Claim, within: Within, at: Stations) -> FileReport:
    """A file that lay in another: its bytes are in our own store, under their hash, unless they were withheld."""
    if within.withheld is not None:
        evidence = {"depth": within.depth, "budget": asdict(at.policy.budget)}
        return _hold(at, claim, Refused(within.withheld, within.detail), original_uri="", evidence=evidence)
    key = outputs.embedded_key(claim.version)
    if claim.size > at.policy.input_bytes_max:
        return _hold_too_large(at, claim, f"{at.kept.uri}{key}")
    reached(CrashPoint.FETCH_BEFORE)
    try:
        with fetched(at.kept, key, "", bytes_max=at.policy.input_bytes_max, spool=at.spool) as content:
            reached(CrashPoint.FETCH_AFTER)
            if content.sha256 != claim.version:
                raise ObjectMissing(f"{key} holds something else")
            return _examine(_identify(claim, content, at), at)
    except ObjectMissing as error:
        # Somebody tidied up, or wrote there: the container still has them. The next try comes when it was read again.
        lineage.send_parent_back(at.database, within.parent_id)
        raise StoreError(f"the bytes of {claim.key} are gone; {claim.parent_key} will be read again") from error


def _gone(at: Stations, claim: Claim) -> FileReport:
    publish.mark_deleted(at.database, at.knowledge, claim)
    return FileReport(claim.key, Outcome.DELETED, detail="gone before it was read")


def _identify(claim: Claim, content: Fetched, at: Stations) -> _File:
    """Decide what to run: a hint of the type, a profile, and with them the identity of the result."""
    hint = media_type_hint(content.leading_bytes, claim.key if claim.within is None else claim.within.name)
    if hint == UNKNOWN and claim.within is not None:
        hint = claim.within.media_type or UNKNOWN  # what its container says it is
    released = _released_for_resources(claim, content)
    profile = at.policy.profile_for(hint, larger_limits=released)
    return _File(claim, content, hint, profile, *_identities(content, profile, at), last_try=released)


def _identities(content: Fetched, profile: Profile, at: Stations) -> tuple[Identity, outputs.ResultKey]:
    result_key = outputs.result_key(content.sha256, profile.parser_digest, at.options)
    recipe = Recipe(profile.parser_digest, result_key.options_digest)
    return Identity(content.sha256, recipe, outputs.digest_of(asdict(profile.limits))), result_key


def _released_for_resources(claim: Claim, content: Fetched) -> bool:
    return bool(claim.override.get("larger_limits")) and claim.override.get("sha256") == content.sha256


def _examine(file: _File, at: Stations) -> FileReport:
    """Use what is known of this content, or read it in a sandbox; in one more where the policy says so."""
    remembered = parses.recall(at.database, file.identity)
    reached(CrashPoint.KNOWN_CHECKED)
    if remembered is not None and (further := _further_try(file, remembered.reason, remembered.findings, at)):
        return _examine(replace(further, otherwise=_standing(file, remembered, at)), at)
    if remembered is not None and (known := _settle_known(file, remembered, at)) is not None:
        return known
    job: Job = {
        "contract": CONTRACT_VERSION,
        "media_type_hint": file.media_type_hint,
        "input_bytes": file.content.size,
        "options": at.options,
        "wall_seconds": file.profile.limits.wall_seconds_for(file.content.size),
        "output_bytes_max": file.profile.limits.output_bytes,
    }
    reached(CrashPoint.SANDBOX_BEFORE)
    begun = time.monotonic()
    ran = at.engine.run(file.profile, job, file.content.content)
    reached(CrashPoint.SANDBOX_AFTER)
    admitted: AdmittedDocument | Refused
    if ran.verdict is not None:
        admitted = Refused(ran.verdict, ran.observation)
    else:
        admitted = airlock.admit(ran.untrusted_frames, at.options)
    if isinstance(admitted, Refused) and admitted.reason is Reason.EMPTY and not file.content.size:
        admitted = replace(admitted, detail="the file is empty")  # which the host knows without being told
    reached(CrashPoint.ADMITTED)
    if isinstance(admitted, Refused):
        _hold_against_it(file, admitted, ran, begun, at)
        if further := _further_try(file, admitted.reason, (), at):
            return _examine(_after(file, admitted, ran, further, at), at)
        if file.otherwise is not None:
            return _settle_otherwise(_after(file, admitted, ran, file, at), file.otherwise, admitted, at)
    else:
        if at.health is not None:
            at.health.note_good_end(file.profile)
        if further := _further_try(file, None, admitted.findings, at):
            return _examine(_after_document(file, admitted, ran, further, at), at)
    report = _settle(file, admitted, ran, at)
    return _with_cost(report, (*file.tried, SandboxRecord.of("parse", file.profile, ran)))


def _with_cost(report: FileReport, records: tuple[SandboxRecord, ...]) -> FileReport:
    """The report with what all of a file's sandboxes cost."""
    return replace(
        report,
        cpu_seconds=sum(record.usage.cpu_seconds for record in records),
        peak_memory_bytes=max((record.usage.memory_peak_bytes for record in records), default=0),
    )


def _hold_against_it(file: _File, refused: Refused, ran: SandboxRun, begun: float, at: Stations) -> None:
    """Before a verdict of ours counts as the file's: raises `SandboxUnavailable` when the image itself does not work.

    A broken image crashes on every file, and on a frozen or overloaded host every file is too slow. What a clock said
    is held against the file only if others were in time during the same last seconds.
    """
    if at.health is None:
        return
    if refused.reason in ON_TIME:
        since = max(begun, time.monotonic() - file.profile.limits.stall_seconds)
        at.health.require_working(file.profile, since, in_time=True)
    elif ran.verdict is not None or refused.reason is Reason.PROTOCOL_VIOLATION:
        at.health.require_working(file.profile, begun)
    else:
        at.health.note_good_end(file.profile)  # to refuse by the contract takes a parser that works


def _further_try(
    file: _File, reason: Reason | None, findings: tuple[AdmittedFinding, ...], at: Stations
) -> _File | None:
    """The same file as it is tried once more after this verdict or these findings; None when the result stands."""
    kinds = {finding.kind for finding in findings}
    if file.last_try or (profile := at.policy.escalated(file.profile, reason, kinds)) is None:
        return None
    identity, result_key = _identities(file.content, profile, at)
    return replace(file, profile=profile, identity=identity, result_key=result_key, last_try=True)


def _standing(file: _File, result: Remembered, at: Stations) -> tuple[_File, Remembered] | None:
    """What stands if the further try has no document: what was read, or a verdict of which the policy says so."""
    return (file, result) if result.reason is None or at.policy.first_stands(file.profile) else None


def _after(file: _File, refused: Refused, ran: SandboxRun, further: _File, at: Stations) -> _File:
    """Remember the first verdict, lest its price be paid again for this content, and get ready for the further try."""
    verdict = Remembered(
        refused.reason, refused.detail, file.media_type_hint, findings=refused.findings, evidence=_evidence(ran)
    )
    with at.database.begin() as connection:
        parses.remember(connection, file.identity, verdict)
    file.content.content.seek(0)
    tried = (*file.tried, SandboxRecord.of("parse", file.profile, ran))
    return replace(further, tried=tried, otherwise=file.otherwise or _standing(file, verdict, at))


def _after_document(file: _File, admitted: AdmittedDocument, ran: SandboxRun, further: _File, at: Stations) -> _File:
    """Keep the first result, which stands if the further try has none, and get ready for that try."""
    outputs.write_embedded(at.kept, admitted.contents)
    remembered = Remembered(
        reason=None,
        media_type=admitted.metadata["media_type"],
        metadata=admitted.metadata,
        findings=admitted.findings,
        artifacts=outputs.write_document(at.kept, file.result_key, admitted),
        chunk_count=len(admitted.chunks),
    )
    with at.database.begin() as connection:
        parses.remember(connection, file.identity, remembered)
    file.content.content.seek(0)
    return replace(further, tried=(SandboxRecord.of("parse", file.profile, ran),), otherwise=(file, remembered))


def _settle_otherwise(file: _File, otherwise: tuple[_File, Remembered], second: Refused, at: Stations) -> FileReport:
    """End a file whose further try had no document with what the first one came to."""
    first, remembered = otherwise
    first = replace(first, tried=file.tried, last_try=True)
    if remembered.reason is not None:
        refused = Refused(remembered.reason, remembered.detail, remembered.findings)
        further = {"parser": file.profile.parser_name, "reason": second.reason, "detail": second.detail}
        evidence = {**remembered.evidence, "further_try": further}
        return _with_cost(_hold_read(at, first, refused, evidence, records=first.tried), first.tried)
    known = _settle_known(first, remembered, at)
    if known is None:
        return _examine(first, at)  # what was kept is gone: read again, by the first alone
    return _with_cost(known, first.tried)


def _settle_known(file: _File, remembered: Remembered, at: Stations) -> FileReport | None:
    """End a file whose content was read before; None when the earlier result cannot be used and must be made again."""
    if remembered.reason is not None:
        refused = Refused(remembered.reason, remembered.detail, remembered.findings)
        if file.otherwise is not None:
            return _settle_otherwise(file, file.otherwise, refused, at)
        if remembered.reason in file.allowed:
            return None
        return _hold_read(at, file, refused, {**remembered.evidence, "remembered": True}, records=file.tried)
    earlier = outputs.read_chunks(at.kept, file.result_key, remembered.artifacts)
    if earlier is None:
        return None
    metadata, chunks, embedded = earlier
    publication = publish.Publication(
        claim=file.claim,
        identity=file.identity,
        media_type=remembered.media_type,
        metadata=metadata,
        chunks=chunks,
        findings=remembered.findings,
        artifacts=remembered.artifacts,
        sandbox_runs=file.tried,
        embedded=embedded,
        budget=at.policy.budget,
    )
    published = publish.publish_known(at.database, at.knowledge, publication)
    return FileReport(
        file.claim.key,
        published.outcome,
        findings=tuple(finding.kind for finding in remembered.findings),
        media_type=remembered.media_type,
        parser=file.profile.parser_name,
        chunks=len(chunks),
    )


def _settle(file: _File, admitted: AdmittedDocument | Refused, ran: SandboxRun, at: Stations) -> FileReport:
    """Publish what the airlock admitted, or hold the file with what was observed."""
    records = (*file.tried, SandboxRecord.of("parse", file.profile, ran))
    if isinstance(admitted, Refused):
        if admitted.reason is not Reason.EMPTY or Reason.EMPTY not in file.allowed:
            return _hold_read(at, file, admitted, _evidence(ran), records=records)
        admitted = AdmittedDocument({"media_type": file.media_type_hint}, (), "", (), admitted.findings)
    # Before the result itself, which is used again only with all that belongs to it.
    outputs.write_embedded(at.kept, admitted.contents)
    artifacts = outputs.write_document(at.kept, file.result_key, admitted)
    publication = publish.Publication(
        claim=file.claim,
        identity=file.identity,
        media_type=admitted.metadata["media_type"],
        metadata=admitted.metadata,
        chunks=admitted.chunks,
        findings=admitted.findings,
        artifacts=artifacts,
        sandbox_runs=records,
        embedded=admitted.embedded,
        budget=at.policy.budget,
    )
    published = publish.publish(at.database, at.knowledge, publication)
    return FileReport(
        file.claim.key,
        published.outcome,
        findings=tuple(finding.kind for finding in admitted.findings),
        media_type=admitted.metadata["media_type"],
        parser=file.profile.parser_name,
        chunks=len(admitted.chunks),
    )


def _hold_read(
    at: Stations, file: _File, refused: Refused, evidence: Json, *, records: tuple[SandboxRecord, ...]
) -> FileReport:
    """Quarantine a file whose content was read: its original is kept under the hash of what the sandbox was given."""
    if file.claim.within is not None:
        key = outputs.embedded_key(file.content.sha256)  # there it lies already
    else:
        key = outputs.original_key(file.content.sha256, at.source_uri, file.claim.key)
        # From the spool, not copied within the store: these are the very bytes that were judged.
        file.content.content.seek(0)
        reached(CrashPoint.ORIGINAL_BEFORE)
        at.kept.put(key, file.content.content, only_if_absent=True)
        reached(CrashPoint.ORIGINAL_AFTER)
    holding = quarantine.Holding(
        claim=file.claim,
        reason=refused.reason,
        detail=refused.detail,
        original_uri=f"{at.kept.uri}{key}",
        sha256=file.content.sha256,
        media_type=file.media_type_hint,
        findings=refused.findings,
        evidence=evidence,
        identity=file.identity,
        sandbox_runs=records,
    )
    quarantine.hold(at.database, at.knowledge, holding)
    report = _quarantined(file.claim, refused)
    return replace(report, media_type=file.media_type_hint, parser=file.profile.parser_name)


def _hold_unread(at: Stations, claim: Claim) -> FileReport:
    """Quarantine a file that is too large to read: its original is copied within the store where the store can."""
    key = outputs.unread_original_key(at.source_uri, claim.key, claim.version)
    reached(CrashPoint.ORIGINAL_BEFORE)
    at.kept.copy_from(at.source, claim.stored, key)
    reached(CrashPoint.ORIGINAL_AFTER)
    return _hold_too_large(at, claim, f"{at.kept.uri}{key}")


def _hold_too_large(at: Stations, claim: Claim, original_uri: str) -> FileReport:
    limit = at.policy.input_bytes_max
    refused = Refused(Reason.TOO_LARGE, f"{claim.size} bytes, the limit is {limit}")
    return _hold(at, claim, refused, original_uri=original_uri, evidence={"input_bytes_max": limit})


def _hold_deadly(at: Stations, claim: Claim) -> FileReport:
    """Quarantine a file with which our own process died again and again, without reading it once more.

    Not remembered for its content: whatever kills us is ours to mend, and `quarantine reprocess` tries it again.
    """
    key = outputs.unread_original_key(at.source_uri, claim.key, claim.version)
    reached(CrashPoint.ORIGINAL_BEFORE)
    at.kept.copy_from(at.source, claim.stored, key)
    reached(CrashPoint.ORIGINAL_AFTER)
    detail = f"the host's own process died {claim.deaths} times while it was at work on this file"
    evidence: Json = {"deaths": claim.deaths, "deaths_max": DEATHS_MAX, "last_run": claim.run_id}
    return _hold(at, claim, Refused(Reason.CRASHED, detail), original_uri=f"{at.kept.uri}{key}", evidence=evidence)


def _hold(
    at: Stations, claim: Claim, refused: Refused, *, original_uri: str, evidence: Json | None = None
) -> FileReport:
    holding = quarantine.Holding(
        claim=claim,
        reason=refused.reason,
        detail=refused.detail,
        original_uri=original_uri,
        evidence=evidence or {},
    )
    quarantine.hold(at.database, at.knowledge, holding)
    return _quarantined(claim, refused)


def _quarantined(claim: Claim, refused: Refused) -> FileReport:
    findings = tuple(finding.kind for finding in refused.findings)
    return FileReport(claim.key, Outcome.QUARANTINED, refused.reason, refused.detail, findings)


def _evidence(ran: SandboxRun) -> Json:
    """What a reviewer needs to believe the verdict, as plain JSON."""
    return {**asdict(ran.evidence), "observation": ran.observation, "usage": asdict(ran.usage)}
