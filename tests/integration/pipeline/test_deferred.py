"""TEST: a run ends where its tenant's limit does, says so, and the next one goes on; and the commands for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from ingest.catalog.tenants import set_tenant
from ingest.cli import cli
from ingest.cli.run import _exit_code
from ingest.drain import Drain
from ingest.errors import ExitCode, StoreUnavailable
from ingest.outcome import Outcome, RunSummary
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import echo


def test_a_run_stops_at_a_quota_and_the_next_day_s_run_goes_on(house: House) -> None:
    for number in range(5):
        house.upload(f"{number}.txt", f"Text {number}.")
    set_tenant(house.db, "default", {"files_per_day": 2})
    _, drain = house.run(echo)
    assert drain.finished == 2
    assert drain.fault is None
    assert drain.deferral is not None
    assert drain.deferral.limit == "files_per_day"
    assert house.states() == {"indexed": 2, "pending": 3}

    _, drain = house.run(echo)
    assert (drain.finished, drain.deferral is not None) == (0, True)

    with house.db.begin() as connection:
        connection.execute(text("UPDATE tenant_usage SET day = day - 1"))
    set_tenant(house.db, "default", {"files_per_day": 3})
    _, drain = house.run(echo)
    assert (drain.finished, drain.deferral) == (3, None)
    assert house.states()["indexed"] + house.states().get("unchanged", 0) == 5


def test_a_concurrency_limit_slows_a_run_down_and_ends_it_nowhere(house: House) -> None:
    for number in range(5):
        house.upload(f"{number}.txt", f"Text {number}.")
    set_tenant(house.db, "default", {"concurrency": 1})
    _, drain = house.run(echo)
    assert (drain.finished, drain.deferral) == (5, None)


def test_a_rate_slows_a_run_down_and_ends_it_nowhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute ends, as the clock would end it, only after the run has nothing left that it may begin."""
    monkeypatch.setattr("ingest.drain.POLL_SECONDS", 0.02)
    for number in range(3):
        house.upload(f"{number}.txt", f"Text {number}.")
    set_tenant(house.db, "default", {"files_per_minute": 2})
    turns = 0

    def wait_for_more(drain: Drain, enough: bool) -> bool:
        nonlocal turns
        turns += 1
        if turns == 3:
            with house.db.begin() as connection:
                connection.execute(text("UPDATE tenants SET minute = minute - interval '1 minute'"))
        return _wait_for_more(drain, enough)

    _wait_for_more = Drain._wait_for_more
    monkeypatch.setattr(Drain, "_wait_for_more", wait_for_more)
    _, drain = house.run(echo)
    assert (drain.finished, drain.deferral) == (3, None)
    assert turns >= 3


def _summary(**fields: Any) -> RunSummary:
    return RunSummary("run", "file:///x/", {Outcome.INDEXED: 1}, **fields)


def test_exit_codes_tell_deferred_from_unfinished() -> None:
    assert _exit_code(_summary(), None, False, None) is ExitCode.OK
    assert _exit_code(_summary(deferred=2), None, False, None) is ExitCode.DEFERRED
    assert _exit_code(_summary(deferred=2, pending=1), None, False, None) is ExitCode.RECONCILIATION_FAILED
    fault = StoreUnavailable("503")
    assert _exit_code(_summary(complete=False), fault, False, None) is ExitCode.STORE_UNREACHABLE
    assert _exit_code(_summary(complete=False), fault, False, 5) is ExitCode.STORE_UNREACHABLE
    assert _exit_code(_summary(pending=4), None, False, 5) is ExitCode.OK


@pytest.fixture
def gloveport(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", db_url)
    monkeypatch.setenv("GLOVEPORT_STATE_DIRECTORY", str(tmp_path / "state"))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    return call


def test_limits_are_set_shown_and_lifted(gloveport: Any) -> None:
    assert gloveport("tenants", "set", "default").exit_code == 0
    assert gloveport("tenants", "set", "acme", "--files-per-day", "0", "--priority", "5").exit_code == 0
    shown = {row["name"]: row for row in map(json.loads, gloveport("tenants", "list", "--json").stdout.splitlines())}
    assert set(shown) == {"acme", "default"}
    assert (shown["acme"]["files_per_day"], shown["acme"]["bytes_per_day"], shown["acme"]["priority"]) == (0, None, 5)
    assert shown["acme"]["deferred"]["limit"] == "files_per_day"
    assert shown["default"]["deferred"] is None
    listed = gloveport("tenants", "list")
    assert "acme" in listed.stdout
    assert "deferred: files_per_day of tenant acme" in listed.stderr

    lifted = json.loads(gloveport("tenants", "set", "acme", "--files-per-day", "none", "--json").stdout)
    assert (lifted["files_per_day"], lifted["priority"], lifted["deferred"]) == (None, 5, None)


@pytest.mark.parametrize(
    "wrong", [("--files-per-day", "-1"), ("--concurrency", "0"), ("--cpu-seconds-per-day", "nan"), ("--priority", "0")]
)
def test_a_wrong_limit_is_a_usage_error(gloveport: Any, wrong: tuple[str, str]) -> None:
    assert gloveport("tenants", "set", "acme", *wrong).exit_code == ExitCode.USAGE
