"""TEST: what commands say to people: of what is left, of nothing to do, and of what failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest import cli
from ingest.cli import down
from ingest.cli.run import account
from ingest.errors import ExitCode, GloveportError
from ingest.images import build, engine
from ingest.images.installed import InstalledImage
from ingest.outcome import Outcome, RunSummary
from ingest.stack import lifecycle


def summary(**fields: int) -> RunSummary:
    return RunSummary("run", "file:///x/", {Outcome.INDEXED: 2}, **fields)  # type: ignore[arg-type]


def test_what_a_limit_left_is_told_as_the_next_run_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert account(summary(left=16), ExitCode.OK, False, "quarantined") is ExitCode.OK
    told = capsys.readouterr()
    assert "left     for the next run  16" in told.out
    assert "fault" not in told.out + told.err


def test_an_interrupted_run_says_that_the_rest_waits(capsys: pytest.CaptureFixture[str]) -> None:
    for given in (None, summary(left=1)):
        assert account(given, ExitCode.INTERRUPTED, False, "quarantined") is ExitCode.INTERRUPTED
        assert "nothing is lost, the rest waits for the next run" in capsys.readouterr().err


def test_an_interruption_while_a_command_starts_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def starting(**_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "cli", starting)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == ExitCode.INTERRUPTED
    assert "interrupted; nothing is lost" in capsys.readouterr().err


def test_an_empty_source_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert account(RunSummary("run", "file:///x/", {}), ExitCode.OK, False, "quarantined") is ExitCode.OK
    told = capsys.readouterr()
    assert told.out == ""
    assert "nothing to ingest in file:///x/" in told.err


def test_output_that_nobody_reads_any_more_ends_quietly() -> None:
    """As of `gloveport config view | head -1`, with a reader that is gone before the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "ingest.cli", "config", "view"]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (ExitCode.READER_GONE, "")


def test_a_pipe_of_somebody_else_that_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError("the engine's socket")

    monkeypatch.setattr(cli, "_reader_has_gone", lambda: False)
    monkeypatch.setattr(lifecycle, "down", broken)
    with pytest.raises(GloveportError, match="the engine's socket"):
        cli.cli(["down"], standalone_mode=False)


def test_stopping_what_does_not_run_says_so(tmp_path: Path) -> None:
    ran = CliRunner().invoke(down.command, ["--set", f"state_directory={tmp_path}"])
    assert ran.exit_code == ExitCode.OK
    assert "nothing is running" in ran.stderr


def test_the_doctor_says_the_whole_failure_and_how_to_start_an_engine(tmp_path: Path) -> None:
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/socket"}
    command = [sys.executable, "-m", "ingest.cli", "doctor", "--set", f"state_directory={tmp_path}"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == ExitCode.SANDBOX_UNAVAILABLE
    assert "No such file or directory" in ran.stdout
    assert "…" not in ran.stdout
    assert "scripts/engine.sh" in ran.stdout
    assert "gloveport doctor" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["run", "refresh", "watch", "work"])
def test_zero_for_concurrency_means_on_the_command_line_what_it_means_as_a_setting(name: str) -> None:
    (option,) = [each for each in cli.cli.get_command(None, name).params if each.name == "concurrency"]  # type: ignore[arg-type,union-attr]
    assert option.type.convert("0", option, None) == 0


def test_whoever_waits_for_the_lock_of_image_builds_names_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code = (
        "import sys\nfrom ingest.images.engine import one_builder_at_a_time\n"
        "with one_builder_at_a_time(): print('has it', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == "has it\n"
        real = engine.say

        def say(line: str) -> None:
            real(line)
            assert holder.stdin
            holder.stdin.close()  # it ends, and the lock is ours

        monkeypatch.setattr(engine, "say", say)
        with engine.one_builder_at_a_time():
            pass
    assert f"waiting for another build on this host (process {holder.pid})" in capsys.readouterr().err


def test_current_images_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    current = InstalledImage("documents", "sha256:" + "1" * 64, "digest", ("x",), 1, 1, True)

    def lock() -> None:
        raise AssertionError("the lock was asked for")

    monkeypatch.setattr(build, "_known_manifest", lambda *_: None)
    monkeypatch.setattr(build, "_reusable", lambda *_: current)
    monkeypatch.setattr(build, "one_builder_at_a_time", lock)
    assert build.build_image(None, "documents") is current  # type: ignore[arg-type]
