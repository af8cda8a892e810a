"""HOST, trusted: the engine on Docker: single-use containers, prewarmed, watched from outside, verified gone."""

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from contract.job import Job
from ingest.errors import SandboxUnavailable
from ingest.sandbox.api import EngineApi
from ingest.sandbox.base import Evidence, Profile, SandboxRun, SandboxUsage
from ingest.sandbox.container import Containers, Ending, Sandbox
from ingest.sandbox.deadline import Deadlines
from ingest.sandbox.dialogue import Transcript, Wake
from ingest.sandbox.pool import Pool
from ingest.sandbox.reaper import OWNER_LABEL, Owner, containers_of, orphans
from ingest.sandbox.removals import Removals
from ingest.sandbox.verdict import Observation, judge

REMOVALS_WAITING_MAX: Final = 32


class DockerEngine:
    """A `SandboxEngine` on a Docker Engine of this host. See `base.SandboxEngine` for the five methods.

    base_url         as in DOCKER_HOST; "" takes that variable, or the usual socket
    namespace        a name for this installation; together with the owner folder's identity it marks its containers
    owner_directory  a folder in the state folder, the same for every process of this installation
    api_seconds      the longest any single call to the engine may take
    ready_seconds    the longest a started sandbox may take until READY
    """

    def __init__(
        self,
        base_url: str = "",
        *,
        namespace: str,
        owner_directory: Path,
        api_seconds: float = 20.0,
        ready_seconds: float = 30.0,
    ) -> None:
        self._api = EngineApi(base_url, api_seconds=api_seconds)
        self._owner = Owner(owner_directory, namespace)
        self._containers = Containers(self._api, ready_seconds=ready_seconds)
        self._pool = Pool(self._start, self._discard)
        self._removals = Removals(self._discard, waiting_max=REMOVALS_WAITING_MAX)
        self._running: set[Wake] = set()
        self._idle_again = threading.Condition(threading.RLock())
        self._closed = False

    @property
    def namespace(self) -> str:
        """The value of the namespace label on this installation's containers."""
        return self._owner.namespace

    def prewarm(self, profile: Profile, count: int) -> None:
        """Keep `count` sandboxes of this profile ready. Returns at once."""
        self._pool.keep(profile, count)

    def ready(self, profile: Profile) -> int:
        """How many prewarmed sandboxes of this profile wait for a job now."""
        return self._pool.idle_count(profile)

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        """Run one job in a prewarmed sandbox, or in one started now. Raises `SandboxUnavailable`."""
        return self._run(profile, job, document, ())

    def run_program(self, profile: Profile, job: Job, document: BinaryIO, program: Sequence[str]) -> SandboxRun:
        """As `run`, in a sandbox of the same hardening whose image runs `program` instead: for probes of ours."""
        return self._run(profile, job, document, program)

    def cancel(self) -> None:
        """Stop every run. Only sets what each waits for, so it may be called from a signal handler."""
        with self._idle_again:  # re-entrant; no descriptor is closed, and perhaps used again, meanwhile
            for wake in self._running:
                wake.set()

    def reap(self) -> int:
        """Remove containers of this namespace whose owner is dead. Cut short when the engine is closed meanwhile."""
        count = 0
        for container_ids in orphans(self._api, self._owner).values():
            for container_id in container_ids:
                if self._closed:
                    return count
                self._containers.remove(container_id)
                count += 1
        self._owner.forget_dead()
        return count

    def close(self) -> None:
        """Cancel what runs, remove every container of ours, refuse further work. Safe to call twice."""
        with self._idle_again:
            if self._closed:
                return
            self._closed = True
        self.cancel()
        with self._idle_again:
            self._idle_again.wait_for(lambda: not self._running)
        try:
            self._pool.close()
            self._removals.close()
            # Also what a call that timed out created without telling us.
            for container in containers_of(self._api, {OWNER_LABEL: self._owner.owner}):
                self._containers.remove(container["Id"])
        finally:
            self._owner.release()
            self._api.close()

    def _start(self, profile: Profile, wake: Wake, program: Sequence[str] = ()) -> Sandbox:
        return self._containers.start(profile, self._owner.labels(profile.name), wake, program)

    def _discard(self, sandbox: Sandbox) -> None:
        """Let an unused sandbox go. A fault is left to `close` and the reaper, which look again."""
        sandbox.channel.close()
        with contextlib.suppress(SandboxUnavailable):
            self._containers.remove(sandbox.container_id)

    def _run(self, profile: Profile, job: Job, document: BinaryIO, program: Sequence[str]) -> SandboxRun:
        wake = Wake()
        with self._idle_again:
            if self._closed:
                wake.close()
                raise SandboxUnavailable("engine is closed")
            self._running.add(wake)
        try:
            sandbox = None if program else self._pool.take(profile)
            return self._use(sandbox or self._start(profile, wake, program), job, document, wake)
        finally:
            with self._idle_again:
                self._running.discard(wake)
                wake.close()
                self._idle_again.notify_all()

    def _use(self, sandbox: Sandbox, job: Job, document: BinaryIO, wake: Wake) -> SandboxRun:
        dispatched_at = time.monotonic()
        sandbox.meter.sample()
        deadlines = Deadlines(
            sandbox.profile.limits,
            job["input_bytes"],
            now=dispatched_at,
            cpu_seconds_before=sandbox.meter.counters.cpu_seconds,
            embedded_bytes_max=job["options"]["embedded_bytes_max"],
        )
        try:
            transcript = sandbox.dialogue.converse(job, document, deadlines, sandbox.meter, wake)
            ending = self._containers.ensure_gone(sandbox, kill=transcript.must_kill, done=transcript.done)
        except BaseException:
            self._discard(sandbox)  # kills it: a fault of ours, or of the document's reader
            raise
        wall_seconds = time.monotonic() - dispatched_at
        self._removals.add(sandbox)  # it is verified gone; its remains can wait
        if ending.by_others:
            raise SandboxUnavailable(f"sandbox {sandbox.container_id[:12]} was ended by somebody else")
        return _account(sandbox, transcript, ending, wall_seconds)


def _account(sandbox: Sandbox, transcript: Transcript, ending: Ending, wall_seconds: float) -> SandboxRun:
    """The record of a run: verdict, usage and evidence."""
    counters = sandbox.meter.counters
    verdict, observation = judge(
        Observation(
            stop=transcript.stop,
            rule_broken=transcript.rule_broken,
            done=transcript.done,
            exit_code=ending.exit_code,
            oom_killed=ending.oom_killed,
            oom_kills=counters.oom_kills,
            pids_limit_hits=counters.pids_limit_hits,
        )
    )
    if transcript.last_progress and verdict is not None:
        observation = f"{observation}; last progress: {transcript.last_progress}"
    return SandboxRun(
        verdict=verdict,
        observation=observation,
        untrusted_frames=transcript.untrusted_frames,
        usage=SandboxUsage(
            wall_seconds=wall_seconds,
            cpu_seconds=counters.cpu_seconds,
            memory_peak_bytes=counters.memory_peak_bytes,
            bytes_in=sandbox.channel.bytes_in,
            bytes_out=sandbox.channel.bytes_out,
        ),
        evidence=Evidence(
            container_id=sandbox.container_id,
            image=sandbox.profile.image,
            exit_code=ending.exit_code,
            oom_killed=ending.oom_killed,
            oom_kills=counters.oom_kills,
            pids_limit_hits=counters.pids_limit_hits,
            last_progress=transcript.last_progress,
            stderr_tail=sandbox.channel.stderr_tail(),
            limits=sandbox.profile.limits,
        ),
    )
