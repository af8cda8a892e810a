"""TEST: the program of the doctor's probe keeps to the contract: after READY it waits for the job, as a parser does."""

import select
import subprocess
import sys

from contract.frames import FrameKind
from ingest.sandbox import probe

SILENCE_SECONDS = 0.3


def test_nothing_follows_ready_before_the_job() -> None:
    """On a busy host READY and what follows arrive as one. What it looks at is left out: it is not for this host."""
    opening, looks, _ = probe._LOOK.partition("import json, socket\n")
    assert looks
    command = [sys.executable, "-I", "-S", "-B", "-c", f"{opening}os.write(1, b'spoke')"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(len(probe._READY))[0] == FrameKind.READY
        assert select.select([process.stdout], [], [], SILENCE_SECONDS)[0] == []
        process.stdin.write(bytes((FrameKind.JOB,)))
        process.stdin.close()
        assert process.stdout.read() == b"spoke"
