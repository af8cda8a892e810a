"""HOST, trusted: the limits that are enforced by a clock or a count of ours, never by the parser.

All times are seconds of the monotonic clock, passed in: nothing here reads a clock, so every case can be tested.
"""

from typing import Final, NamedTuple

from contract.verdicts import Reason
from ingest.sandbox.base import Limits

SAMPLE_SECONDS: Final = 0.25  # between two readings of the control group
# A frame of five bytes costs the host some hundred; without this, 64 MiB of them would cost it a gigabyte.
OUTPUT_BYTES_PER_FRAME_MIN: Final = 512


class Stop(NamedTuple):
    """A limit was reached: the reason for the file's quarantine, and one line with the figures."""

    reason: Reason
    detail: str


class Deadlines:
    """The clocks of one run: wall, stall, CPU-seconds, output. `cpu_seconds_before` is what warming up had used.

    Bytes of embedded files count apart from all other output, up to `embedded_bytes_max`, which the job allows.
    """

    def __init__(
        self, limits: Limits, input_bytes: int, *, now: float, cpu_seconds_before: float, embedded_bytes_max: int = 0
    ) -> None:
        self._limits = limits
        self._embedded_bytes_max = embedded_bytes_max
        self._embedded_bytes = 0
        self._wall_seconds = limits.wall_seconds_for(input_bytes)
        self._wall_at = now + self._wall_seconds
        self._stall_at = now + limits.stall_seconds
        self._sample_at = now + SAMPLE_SECONDS
        self._cpu_seconds_before = cpu_seconds_before
        self._output_bytes = 0
        self._frames = 0

    def frame_arrived(self, now: float, embedded_bytes: int = 0) -> None:
        """Any frame is a sign of life. `embedded_bytes` is how many of an embedded file it carried."""
        self._frames += 1
        self._embedded_bytes += embedded_bytes
        self._stall_at = now + self._limits.stall_seconds

    def output_arrived(self, size: int) -> None:
        """Bytes of stdout or stderr, framing included."""
        self._output_bytes += size

    def sample_due(self, now: float) -> bool:
        """Whether the control group should be read now. True once per `SAMPLE_SECONDS`."""
        if now < self._sample_at:
            return False
        self._sample_at = now + SAMPLE_SECONDS
        return True

    def seconds_until_next(self, now: float) -> float:
        """How long one may wait for events before the next thing is due."""
        return max(0.0, min(self._wall_at, self._stall_at, self._sample_at) - now)

    def passed(self, now: float, cpu_seconds: float) -> Stop | None:
        """The limit that was reached, if any. `cpu_seconds` is the control group's last reading."""
        limits = self._limits
        if self._output_bytes - min(self._embedded_bytes, self._embedded_bytes_max) > limits.output_bytes:
            return Stop(Reason.OUTPUT_LIMIT, f"more than {limits.output_bytes} bytes of output")
        if self._frames > max(1, limits.output_bytes // OUTPUT_BYTES_PER_FRAME_MIN):
            return Stop(Reason.OUTPUT_LIMIT, f"more than {self._frames - 1} frames of output")
        cpu_used = cpu_seconds - self._cpu_seconds_before
        if cpu_used > limits.cpu_seconds:
            return Stop(Reason.CPU_LIMIT, f"used {cpu_used:.1f} CPU-seconds, the limit is {limits.cpu_seconds:g}")
        if now >= self._wall_at:
            return Stop(Reason.TIMEOUT, f"not done after {_rounded(self._wall_seconds)} s")
        if now >= self._stall_at:
            return Stop(Reason.STALLED, f"no frame for {_rounded(limits.stall_seconds)} s")
        return None


def _rounded(seconds: float) -> str:
    """As a person would say it: 32 for 31.9073, 2.5 for 2.5. What exactly was allowed follows from the limits."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"
