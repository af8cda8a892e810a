"""TEST: exit codes, help that costs nothing, settings with their sources, and a doctor that looks for itself."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import COMMAND, REPOSITORY, Installation


def modules_of(*arguments: str) -> set[str]:
    """Top-level modules that a command imports."""
    code = (
        "import sys; from ingest.cli import cli\ntry: cli(sys.argv[1:])\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    command = [COMMAND[0], "-c", code, *arguments]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
    return {name.partition(".")[0] for name in ran.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("search", "--help"), ("quarantine", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not modules_of(*arguments) & {"prefect", "boto3", "docker", "sqlalchemy", "psycopg", "rich", "alembic"}


def test_help_lists_every_command_without_importing_one() -> None:
    ran = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert "quarantine" in ran.stdout
    assert "pydantic" not in modules_of("--help")


def test_an_unknown_setting_ends_with_the_code_of_configuration(fresh: Installation) -> None:
    ran = fresh("run", str(fresh.state), "--set", "memroy_bytes=1")
    assert ran.exit_code == 3
    assert "memroy_bytes" in ran.stderr


def test_a_source_that_is_not_there_ends_with_the_code_of_the_store(fresh: Installation) -> None:
    assert fresh("run", "/no/such/folder").exit_code == 5
    assert fresh("run", "gopher://x").exit_code == 3


def test_without_an_engine_nothing_runs_unsandboxed(fresh: Installation, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    ran = fresh("run", str(tmp_path), DOCKER_HOST="unix:///no/such/socket")
    assert ran.exit_code == 4
    assert "sandbox" in ran.stderr


def test_a_database_that_refuses_ends_with_its_code_and_without_its_password(
    fresh: Installation, tmp_path: Path
) -> None:
    url = "postgresql://me:planted-secret@127.0.0.1:1/x"
    ran = fresh("run", str(tmp_path), GLOVEPORT_DATABASE_URL=url)
    assert ran.exit_code == 6
    assert "planted-secret" not in ran.stdout + ran.stderr


def test_a_reader_that_goes_away_gets_no_traceback(fresh: Installation) -> None:
    with fresh.start("config", "view") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        said = process.stderr.read()
    assert "Traceback" not in said


def test_config_view_names_sources_and_hides_passwords(fresh: Installation) -> None:
    url = "postgresql://me:planted-secret@db/x"
    rows = {r["name"]: r for r in fresh("config", "view", "--json", GLOVEPORT_DATABASE_URL=url).rows}
    assert rows["database_url"]["value"] == "postgresql://me:***@db/x"
    assert rows["database_url"]["source"] == "GLOVEPORT_DATABASE_URL"
    assert rows["claim_batch"]["source"] == "default"


def test_a_dry_run_writes_nothing(fresh: Installation, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("words")
    before = sorted(fresh.state.rglob("*"))
    ran = fresh("run", str(tmp_path), "--dry-run", "--json")
    assert ran.exit_code == 0
    assert ran.rows[0] == {
        "type": "object", "key": "a.pdf", "size": 5, "taken_for": "application/pdf", "irregular": "",
    }  # fmt: skip
    assert sorted(fresh.state.rglob("*")) == before


def test_the_doctor_proves_the_sandbox(fresh: Installation) -> None:
    ran = fresh("doctor", "--json")
    checks = {row["name"]: row["ok"] for row in ran.rows}
    assert all(checks.values()), ran.stdout
    assert {
        "no route",
        "no connection",
        "read-only root",
        "empty environment",
        "memory cap kills",
        "deadline kills",
    } <= set(checks)
    assert ran.exit_code == 0


def test_the_doctor_says_what_to_do_without_an_engine(fresh: Installation) -> None:
    ran = fresh("doctor", DOCKER_HOST="unix:///no/such/socket")
    assert ran.exit_code == 4
    assert os.linesep in ran.stdout + ran.stderr
    assert "Docker" in ran.stdout + ran.stderr


def test_images_are_verified_in_a_real_sandbox(fresh: Installation) -> None:
    ran = fresh("images", "verify", "--json")
    assert ran.exit_code == 0
    assert {row["profile"] for row in ran.rows} >= {"pdf", "office", "text"}
    assert all(row["problem"] == "" for row in ran.rows)
