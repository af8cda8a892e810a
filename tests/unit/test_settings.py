"""TEST: settings follow the documented precedence, name their source, and refuse what they do not know."""

from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from ingest.settings import Settings, load_settings, origins, without_password


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No user file and no variable of the person who runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GLOVEPORT_{name.upper()}", raising=False)


def source_of(name: str, directory: Path, **flags: object) -> tuple[object, str]:
    origin = next(o for o in origins(flags, directory=directory) if o.name == name)
    return origin.value, origin.source


def test_each_source_beats_the_weaker_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source_of("claim_batch", tmp_path) == (20, "default")
    user = tmp_path / "config" / "gloveport" / "gloveport.toml"
    user.parent.mkdir(parents=True)
    user.write_text("claim_batch = 1\n")
    assert source_of("claim_batch", tmp_path) == (1, str(user))
    (tmp_path / "pyproject.toml").write_text("[tool.gloveport]\nclaim_batch = 2\n[tool.other]\nx = 1\n")
    assert source_of("claim_batch", tmp_path) == (2, f"{tmp_path / 'pyproject.toml'} [tool.gloveport]")
    (tmp_path / "gloveport.toml").write_text("claim_batch = 3\n")
    assert source_of("claim_batch", tmp_path) == (3, str(tmp_path / "gloveport.toml"))
    monkeypatch.setenv("GLOVEPORT_CLAIM_BATCH", "4")
    assert source_of("claim_batch", tmp_path) == (4, "GLOVEPORT_CLAIM_BATCH")
    assert source_of("claim_batch", tmp_path, claim_batch=5) == (5, "flag")


@pytest.mark.parametrize("text", ["claim_bach = 3", "claim_batch = 'many'", "claim_batch = -1", "= 3"])
def test_a_bad_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "gloveport.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"gloveport\.toml"):
        load_settings(directory=tmp_path)


def test_an_unknown_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOVEPORT_MEMORY", "1")
    with pytest.raises(ConfigurationError, match="memory"):
        load_settings(directory=tmp_path)


def test_variables_of_the_bootstrap_are_not_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOVEPORT_NO_INSTALL", "1")
    assert load_settings(directory=tmp_path).claim_batch == 20


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_passwords_are_not_shown() -> None:
    assert without_password("postgresql://me:secret@db/x") == "postgresql://me:***@db/x"
    assert without_password("postgresql://me:se/cr@et@db/x") == "postgresql://me:***@db/x"
    assert without_password("postgresql://db/x?user=me&password=secret&a=1") == (
        "postgresql://db/x?user=me&password=***&a=1"
    )
    assert without_password("postgresql://db/x?host=/run") == "postgresql://db/x?host=/run"
