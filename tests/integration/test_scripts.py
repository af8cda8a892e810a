"""TEST: the scripts behind `make`: an engine that answers is left alone, and nothing is installed against a wish."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "scripts/engine.sh"

# A mount namespace with an empty /run has no engine's socket in it: a host without an engine, for this process alone.
WITHOUT_ENGINE = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]
needs_namespace = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="hiding the engine's socket takes root and unshare"
)


def run(command: list[str], state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run with a state folder of the test's own and without what the environment says of engines."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DOCKER_HOST", "GLOVEPORT_NO_INSTALL"}
    }
    environment = {**inherited, "GLOVEPORT_STATE_DIRECTORY": str(state), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_an_engine_that_answers_is_used_as_it_is(tmp_path: Path) -> None:
    named = {"DOCKER_HOST": os.environ["DOCKER_HOST"]} if "DOCKER_HOST" in os.environ else {}
    ran = run([str(ENGINE)], tmp_path, **named)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{named.get('DOCKER_HOST', 'unix:///var/run/docker.sock')}\n"
    assert not (tmp_path / "engine/daemon.json").exists()


def test_a_named_engine_that_does_not_answer_is_not_replaced(tmp_path: Path) -> None:
    ran = run([str(ENGINE)], tmp_path, DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert f"DOCKER_HOST=unix://{tmp_path}/no.sock" in ran.stderr


@needs_namespace
def test_without_an_engine_the_plan_is_told(tmp_path: Path) -> None:
    ran = run([*WITHOUT_ENGINE, str(ENGINE), "--dry-run"], tmp_path, GLOVEPORT_NO_INSTALL="0")
    assert ran.returncode == 0, ran.stderr
    assert "would start dockerd" in ran.stderr
    assert not (tmp_path / "engine/dockerd.log").exists()


@needs_namespace
def test_a_host_that_must_not_be_changed_is_told_what_to_do(tmp_path: Path) -> None:
    ran = run([*WITHOUT_ENGINE, str(ENGINE)], tmp_path, GLOVEPORT_NO_INSTALL="1")
    assert ran.returncode == 1
    assert "GLOVEPORT_NO_INSTALL forbids" in ran.stderr
    assert "DOCKER_HOST" in ran.stderr


def test_an_unknown_option_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    ran = run([str(ENGINE), "--force"], tmp_path)
    assert ran.returncode == 1
    assert "usage:" in ran.stderr


def test_the_command_of_the_checkout_runs_from_anywhere(tmp_path: Path) -> None:
    ran = run([str(ROOT / ".venv/bin/gloveport"), "--help"], tmp_path, PATH="/usr/bin:/bin")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Usage: gloveport ")
