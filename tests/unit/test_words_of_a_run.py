"""TEST: what a run says at its end of what it left, and of an interruption."""

import pytest

from ingest import cli
from ingest.cli.run import account
from ingest.errors import ExitCode
from ingest.outcome import Outcome, RunSummary


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
