"""TEST: the parameters that Prefect stores and shows: validated, and free of secrets and addresses."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.request import OVERRIDABLE, BatchRequest
from ingest.settings import Settings

SECRETS = {
    "database_url", "s3_endpoint_url", "s3_addressing", "s3_region", "store", "state_directory",
    "watch_rescan_seconds", "watch_settle_seconds", "watch_grace_seconds", "watch_tries", "watch_warm", "worker_runs",
}  # fmt: skip


def test_every_setting_is_either_overridable_or_kept_from_prefect() -> None:
    assert set(Settings.model_fields) == OVERRIDABLE | SECRETS


@pytest.mark.parametrize("name", sorted(SECRETS | {"no_such_setting"}))
def test_a_run_from_the_ui_cannot_choose_where_the_worker_connects(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        BatchRequest(source="s3://bucket/", overrides={name: "x"})


def test_overrides_are_validated_before_the_run_starts() -> None:
    with pytest.raises(ValidationError, match="memory_bytes"):
        BatchRequest(source="s3://bucket/", overrides={"memory_bytes": 1})


@pytest.mark.parametrize(
    "bad",
    [
        {"source": ""},
        {"concurrency": -1},
        {"files_max": 0},
        {"surprise": 1},
        {"hosts": 0},
        {"hosts": 2, "files_max": 5},
        {"hosts": 2, "source": "/srv/uploads"},
    ],
)
def test_nonsense_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BatchRequest.model_validate({"source": "s3://bucket/"} | bad)


def test_a_request_tells_limits_and_no_secret(tmp_path: Path) -> None:
    settings = Settings(
        state_directory=tmp_path,
        database_url="postgresql://user:planted-password@host/db",
        s3_endpoint_url="http://planted-endpoint",
        concurrency=3,
        wall_seconds=7,
    )
    request = BatchRequest.of("s3://bucket/", settings, 5)
    assert request == BatchRequest(source="s3://bucket/", concurrency=3, files_max=5, overrides={"wall_seconds": 7})
    assert "planted" not in request.model_dump_json()


def test_settings_of_a_worker_come_from_its_environment_and_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GLOVEPORT_STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("GLOVEPORT_CONCURRENCY", "9")
    plain = BatchRequest(source="x").settings()
    asked = BatchRequest(source="x", concurrency=2, overrides={"pids": 32}).settings()
    assert (plain.concurrency, plain.state_directory) == (9, tmp_path)
    assert (asked.concurrency, asked.pids) == (2, 32)


def test_a_tenant_is_told_only_when_somebody_set_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default among them: it brings a source back, and silence about it must not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    silent = BatchRequest.of("s3://bucket/", Settings(state_directory=tmp_path), None)
    assert silent.overrides == {}
    assert silent.settings().ownership() == {}
    said = BatchRequest.of("s3://bucket/", Settings(state_directory=tmp_path, tenant="default", priority=0), None)
    assert said.settings().ownership() == {"tenant": "default", "priority": 0}
