"""TEST: deploy/compose.yaml by structure, and by Docker's own client where that has `compose`."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.cli import COMMANDS
from ingest.settings import FOREIGN_VARIABLES, Settings

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("worker", "watcher")


def example_variables() -> dict[str, str]:
    lines = (DEPLOY / "compose.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_whole_topology_is_there() -> None:
    assert set(SERVICES) == {"postgres", "prefect", "store", "worker", "watcher"}


def test_every_image_is_a_variable_and_none_has_a_default() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"\$\{[A-Z_]+_IMAGE:\?[^}]+\}", service["image"]), name


def test_every_variable_is_in_the_example_and_the_reverse() -> None:
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == set(example_variables())


def test_defaults_are_the_same_in_both() -> None:
    told = example_variables()
    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT):
        assert told[name] == default


def test_networks_volumes_and_dependencies_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith(("./", "/", "${"))
        for needed in service.get("depends_on", {}):
            assert "healthcheck" in SERVICES[needed], f"{needed} is waited for until it is healthy"
    assert all((DEPLOY / path).is_file() for path in re.findall(r"- \./(\S+?):", TEXT))


def test_database_and_store_are_out_of_reach_from_outside() -> None:
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    for name in ("postgres", "store"):
        assert SERVICES[name]["networks"] == ["inner"]
        assert "ports" not in SERVICES[name]
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", OURS)
def test_what_holds_the_engine_socket_has_nothing_else(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    targets = [volume.rpartition(":")[0] if volume.endswith(":ro") else volume for volume in service["volumes"]]
    assert [target.rpartition(":")[2] for target in targets] == [
        "/var/lib/gloveport", "/var/run/docker.sock", "/sys/fs/cgroup",
    ]  # fmt: skip
    assert (service["pid"], service["cgroup"]) == ("host", "host"), "or no sandbox could be observed from outside"


def test_no_other_service_has_the_socket() -> None:
    for name in set(SERVICES) - set(OURS):
        assert "docker.sock" not in str(SERVICES[name])


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one(name: str) -> None:
    told = [key for key in SERVICES[name]["environment"] if key.startswith("GLOVEPORT_")]
    assert told
    known = {f"GLOVEPORT_{field.upper()}" for field in Settings.model_fields} | FOREIGN_VARIABLES
    assert set(told) <= known


def test_commands_exist() -> None:
    assert SERVICES["watcher"]["command"][:2] == ["gloveport", "watch"]
    assert "watch" in COMMANDS
    assert SERVICES["worker"]["command"][:4] == ["python", "-P", "-m", "flows.worker"]


def test_files_at_work_get_the_time_they_may_take() -> None:
    longest = Settings.model_fields["wall_seconds_max"].default
    for name in OURS:
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) > longest


def test_docker_accepts_it(tmp_path: Path) -> None:
    """Needs Docker's compose plugin; without it the tests above are all there is."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("this machine's docker client has no `compose`: its own validation did not run")
    filled = tmp_path / "filled.env"
    filled.write_text("".join(f"{name}={value or 'x'}\n" for name, value in example_variables().items()))
    shutil.copy(DEPLOY / "compose.yaml", tmp_path)
    (tmp_path / "store.env").touch()
    command = [docker, "compose", "--file", "compose.yaml", "--env-file", str(filled), "config", "--quiet"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
