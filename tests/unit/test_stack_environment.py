"""TEST: what the embedded processes are told: how they import us, and what their login is."""

import stat
import sysconfig
from pathlib import Path

import pytest

import ingest
from ingest.settings import Settings
from ingest.stack.environment import api_url, client_environment, login, python_environment
from ingest.stack.layout import Component, Layout
from ingest.stack.worker_environment import settings_environment


def test_a_checkout_is_put_on_the_path_of_a_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ingest, "__file__", str(tmp_path / "ingest" / "__init__.py"))
    assert python_environment() == {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(tmp_path)}


def test_site_packages_are_never_put_before_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "__file__", str(Path(sysconfig.get_path("purelib")) / "ingest" / "__init__.py"))
    assert python_environment() == {"PYTHONSAFEPATH": "1"}


def test_the_login_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    first = login(layout)
    assert login(layout) == first
    assert len(first.split(":")[1]) >= 24
    assert stat.S_IMODE(layout.login.stat().st_mode) == 0o600
    assert client_environment(layout, 4711)["PREFECT_API_AUTH_STRING"] == first


def test_two_stacks_have_two_logins(tmp_path: Path) -> None:
    layouts = [Layout(tmp_path / name) for name in "ab"]
    for layout in layouts:
        layout.create()
    assert login(layouts[0]) != login(layouts[1])


def test_prefect_keeps_everything_below_the_state_directory(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    told = client_environment(layout, 4711)
    assert told["PREFECT_API_URL"] == api_url(4711) == "http://127.0.0.1:4711/api"
    assert all(Path(told[name]).is_relative_to(tmp_path) for name in ("PREFECT_HOME", "PREFECT_PROFILES_PATH"))
    places = [layout.prefect_database, layout.lock, layout.port, layout.worker_ready, layout.worker_settings]
    places += [path for each in Component for path in (layout.record(each), layout.log(each))]
    assert all(path.is_relative_to(tmp_path) for path in places)
    assert len(set(places)) == len(places)


def test_a_worker_is_not_told_whose_files_these_are_unless_somebody_said_so(tmp_path: Path) -> None:
    told = settings_environment(Settings(state_directory=tmp_path))
    assert "GLOVEPORT_CONCURRENCY" in told
    assert not {"GLOVEPORT_TENANT", "GLOVEPORT_PRIORITY"} & set(told)
    assert settings_environment(Settings(state_directory=tmp_path, tenant="default"))["GLOVEPORT_TENANT"] == "default"
