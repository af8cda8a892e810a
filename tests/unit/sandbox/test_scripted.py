"""TEST: the engine that plays: what it plays, and that it refuses to exist outside a test."""

import io
import subprocess
import sys

import pytest

from contract import CONTRACT_VERSION
from contract.job import Job
from contract.verdicts import Reason
from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import Profile, SandboxEngine
from ingest.sandbox.scripted import ScriptedEngine, played

PROFILE = Profile("p", "sha256:" + "0" * 64, "d")
JOB: Job = {
    "contract": CONTRACT_VERSION, "media_type_hint": "", "input_bytes": 3,
        "options": {"chunk_tokens_max": 1, "embedded_files_max": 9, "embedded_bytes_max": 9, "comments_in_text": True},
    "wall_seconds": 1.0, "output_bytes_max": 1,
}  # fmt: skip


def test_it_refuses_production() -> None:
    program = "from ingest.sandbox.scripted import ScriptedEngine; ScriptedEngine([])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": "."})
    assert ended.returncode == 1
    assert "RuntimeError" in ended.stderr


def test_it_plays_in_order_and_records_jobs() -> None:
    engine: SandboxEngine = ScriptedEngine([played(verdict=Reason.BOMB), SandboxUnavailable("down")])
    assert engine.run(PROFILE, JOB, io.BytesIO(b"doc and more")).verdict is Reason.BOMB
    for _ in range(2):  # the script's fault, then the script's end
        with pytest.raises(SandboxUnavailable):
            engine.run(PROFILE, JOB, io.BytesIO(b"doc"))
    assert isinstance(engine, ScriptedEngine)
    assert [document for _, _, document in engine.jobs] == [b"doc"] * 3


def test_it_plays_by_the_job() -> None:
    engine = ScriptedEngine(lambda profile, job, document: played(observation=f"{profile.name} {document!r}"))
    assert engine.run(PROFILE, JOB, io.BytesIO(b"doc")).observation == "p b'doc'"


def test_closed_is_closed() -> None:
    engine = ScriptedEngine([played()])
    engine.prewarm(PROFILE, 2)
    engine.cancel()
    assert (engine.prewarmed, engine.cancelled, engine.reap()) == ({"p": 2}, 1, 0)
    engine.close()
    with pytest.raises(SandboxUnavailable):
        engine.run(PROFILE, JOB, io.BytesIO(b"doc"))
