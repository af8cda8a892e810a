"""HOST, trusted: one job's conversation with a sandbox: a loop on the attached socket that never waits on one side.

A sandbox that does not read cannot block us, one that floods cannot make us forget the clock, and each round asks the
deadlines. Frames are cut and counted here, not read: that is the airlock's.
"""

import contextlib
import json
import os
import re
import select
import time
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameError, FrameKind, FrameSplitter, encode_json
from contract.job import Job
from ingest.errors import SandboxUnavailable
from ingest.sandbox.cgroup import Meter
from ingest.sandbox.channel import Channel
from ingest.sandbox.deadline import Deadlines, Stop

SEND_BYTES: Final = 256 << 10
EXIT_SECONDS: Final = 2.0  # between our half-close after DONE and the end of the output
FROM_HOST_OR_ONCE: Final = frozenset({FrameKind.JOB, FrameKind.READY})

_PROGRESS: Final = re.compile(rb'\{"stage":"([\w ./:-]{1,64})","done":(\d{1,12}),"total":(\d{1,12})\}', re.ASCII)


class Wake:
    """A way to interrupt one run from another thread or a signal handler: an event a poll can wait for."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """For `poll`. Readable once set."""
        return self._descriptor

    def set(self) -> None:
        """From now on every poll returns at once."""
        os.eventfd_write(self._descriptor, 1)

    def clear(self) -> None:
        """Until set again."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


@dataclass(slots=True)
class Transcript:
    """What a conversation left behind. `stop` and `rule_broken` exclude each other; both mean: kill it."""

    untrusted_frames: list[Frame] = field(default_factory=list, repr=False)
    stop: Stop | None = None
    rule_broken: str = ""
    done: bool = False
    last_progress: str = ""

    @property
    def must_kill(self) -> bool:
        """Whether the host ended the conversation, not the sandbox."""
        return bool(self.stop or self.rule_broken)


class Dialogue:
    """The conversation with one sandbox. `await_ready` first, then `converse` once."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._splitter = FrameSplitter()
        self._poll = select.poll()
        self.transcript = Transcript()

    def await_ready(self, seconds: float, wake: Wake) -> None:
        """Wait for READY of our contract. Raises `SandboxUnavailable`: nothing here can be a file's fault."""
        deadline = time.monotonic() + seconds
        untrusted_frames = self.transcript.untrusted_frames
        while not untrusted_frames:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise SandboxUnavailable(f"not ready after {seconds:g} s; stderr: {self._channel.stderr_tail()!r}")
            self._wait(remaining, wake, sending=False)
            if self._channel.ended:
                raise SandboxUnavailable(f"ended before it was ready; stderr: {self._channel.stderr_tail()!r}")
            for untrusted_piece in self._channel.receive():
                self._cut(untrusted_piece)
            if self.transcript.rule_broken:
                break
        # No document byte was sent yet: this is our image speaking, not a document through it.
        if self.transcript.rule_broken or [frame.kind for frame in untrusted_frames] != [FrameKind.READY]:
            spoken = self.transcript.rule_broken or ", ".join(frame.kind.name for frame in untrusted_frames[:3])
            raise SandboxUnavailable(f"did not open with READY and wait: {spoken}")
        try:
            agreed = json.loads(untrusted_frames[0].payload)["contract"] == CONTRACT_VERSION
        except (ValueError, TypeError, KeyError):
            agreed = False
        if not agreed:
            raise SandboxUnavailable(f"image does not speak contract {CONTRACT_VERSION}", hint="gloveport images build")

    def converse(self, job: Job, document: BinaryIO, deadlines: Deadlines, meter: Meter, wake: Wake) -> Transcript:
        """Send the job, collect frames up to the end of output or to a limit. Raises `SandboxUnavailable` if woken."""
        outgoing = _Outgoing(job, document)
        transcript = self.transcript
        while not (self._channel.ended or transcript.done or transcript.must_kill):
            outgoing.push(self._channel)
            self._wait(deadlines.seconds_until_next(time.monotonic()), wake, sending=outgoing.waiting)
            self._receive(deadlines, meter)
        if transcript.done and not transcript.must_kill:
            meter.sample()  # the last moment at which the counters are sure to be there
            self._channel.end_input()
            self._drain(wake)
        if self._channel.ended:
            meter.sample()  # often still there: the engine has not tidied up yet
        return transcript

    def _wait(self, seconds: float, wake: Wake, *, sending: bool) -> None:
        interest = select.POLLIN | select.POLLOUT if sending else select.POLLIN
        self._poll.register(self._channel, interest)
        self._poll.register(wake, select.POLLIN)
        ready = self._poll.poll(seconds * 1000)
        if any(descriptor == wake.fileno() for descriptor, _ in ready):
            raise SandboxUnavailable("cancelled")

    def _receive(self, deadlines: Deadlines, meter: Meter) -> None:
        bytes_before = self._channel.bytes_out
        untrusted_pieces = self._channel.receive()
        deadlines.output_arrived(self._channel.bytes_out - bytes_before)
        now = time.monotonic()
        if deadlines.sample_due(now):
            meter.sample()
        transcript = self.transcript
        for untrusted_piece in untrusted_pieces:
            for embedded_bytes in self._cut(untrusted_piece):
                deadlines.frame_arrived(now, embedded_bytes)
            # After each piece, not each reading: a reading can hold fifty thousand empty frames.
            if not transcript.rule_broken:
                transcript.stop = deadlines.passed(now, meter.counters.cpu_seconds)
            if transcript.must_kill:
                return
        if not (untrusted_pieces or self._channel.ended):
            transcript.stop = deadlines.passed(now, meter.counters.cpu_seconds)

    def _cut(self, untrusted_piece: memoryview) -> list[int]:
        """Cut frames out of output. Returns how many bytes of an embedded file each carried, mostly 0.

        A broken rule is noted in the transcript.
        """
        transcript = self.transcript
        carried: list[int] = []
        if transcript.done and untrusted_piece:
            transcript.rule_broken = "output after DONE"
        if transcript.rule_broken:
            return carried
        try:
            for untrusted_frame in self._splitter.feed(bytes(untrusted_piece)):
                carried.append(len(untrusted_frame.payload) if untrusted_frame.kind is FrameKind.ARTIFACT else 0)
                if transcript.done:
                    transcript.rule_broken = "output after DONE"
                    break
                self._keep(untrusted_frame)
        except FrameError as error:
            transcript.rule_broken = "output after DONE" if transcript.done else str(error)
        if transcript.done and not self._splitter.at_boundary():
            transcript.rule_broken = "output after DONE"
        return carried

    def _keep(self, untrusted_frame: Frame) -> None:
        transcript = self.transcript
        if untrusted_frame.kind in FROM_HOST_OR_ONCE and transcript.untrusted_frames:
            transcript.rule_broken = f"{untrusted_frame.kind.name} frame out of place"
        transcript.untrusted_frames.append(untrusted_frame)
        if untrusted_frame.kind is FrameKind.DONE:
            transcript.done = True
        elif untrusted_frame.kind is FrameKind.PROGRESS:
            match = _PROGRESS.fullmatch(untrusted_frame.payload)
            if match:
                stage, done, total = (part.decode("ascii") for part in match.groups())
                transcript.last_progress = f"{stage} {done} of {total}"

    def _drain(self, wake: Wake) -> None:
        """After DONE and our half-close: nothing more may come but the end."""
        deadline = time.monotonic() + EXIT_SECONDS
        while not (self._channel.ended or self.transcript.must_kill):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                self.transcript.rule_broken = f"did not exit within {EXIT_SECONDS:g} s of DONE"
                return
            self._wait(remaining, wake, sending=False)
            for untrusted_piece in self._channel.receive():
                self._cut(untrusted_piece)


class _Outgoing:
    """The JOB frame and exactly `input_bytes` of document, pushed as far as the sandbox reads."""

    def __init__(self, job: Job, document: BinaryIO) -> None:
        self._document = document
        self._expected = job["input_bytes"]
        self._unread = self._expected
        self._pending = memoryview(encode_json(FrameKind.JOB, job))

    @property
    def waiting(self) -> bool:
        """Whether there is more to send."""
        return bool(self._pending) or self._unread > 0

    def push(self, channel: Channel) -> None:
        """Send what fits now. Raises `SandboxUnavailable` when the document is shorter than the job says."""
        while self.waiting:
            if not self._pending:
                self._refill()
            sent = channel.send(self._pending)
            if not sent:
                return
            self._pending = self._pending[sent:]

    def _refill(self) -> None:
        data = self._document.read(min(SEND_BYTES, self._unread))
        if not data:
            raise SandboxUnavailable(f"document ended {self._unread} bytes short of {self._expected}")
        self._unread -= len(data)
        self._pending = memoryview(data)
