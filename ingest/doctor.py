"""HOST, trusted: proves on the spot, with this engine, these images and this disk, that files can come in safely."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.errors import GloveportError
from ingest.images import START_HINT, connect, resolve_profiles
from ingest.outcome import Json
from ingest.sandbox.base import MEBIBYTE, Tier
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.hardening import RUNTIMES
from ingest.sandbox.probe import probe

FREE_BYTES_MIN: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One proof: what was checked, whether it holds, what was seen, and what to do when it does not."""

    name: str
    ok: bool
    seen: str
    fix: str

    def as_json(self) -> Json:
        """The documented object of `doctor --json`."""
        return {
            "type": "check",
            "name": self.name,
            "ok": self.ok,
            "seen": self.seen,
            "fix": "" if self.ok else self.fix,
        }


def examine(engine: DockerEngine, state_directory: Path) -> Iterator[Check]:
    """Every check, in the order in which a failure explains the next. Raises nothing: a fault is a failed check."""
    try:
        with closing(connect()) as client:
            yield Check("engine answers", True, f"Docker Engine {client.version()['Version']}", "")
            profiles = resolve_profiles(client)
            runtimes = client.info()["Runtimes"]
        yield Check("images are current", True, ", ".join(sorted(profiles)), "")
        for result in probe(engine, next(iter(profiles.values()))):
            yield Check(result.name, result.held, result.seen, result.fix)
        gvisor = RUNTIMES[Tier.SINGLE_USE_GVISOR]
        seen = "available" if gvisor in runtimes else "not installed; only the tier single_use_gvisor needs it"
        yield Check("gVisor runtime", True, seen, "")
    except GloveportError as error:
        # A hint to ask the doctor is no advice of a doctor's.
        fix = START_HINT if not error.hint or "doctor" in error.hint else error.hint
        yield Check("sandbox available", False, str(error), fix)
    free = shutil.disk_usage(state_directory).free
    yield Check(
        "disk space", free >= FREE_BYTES_MIN, f"{free // MEBIBYTE} MiB free", f"free space in {state_directory}"
    )
