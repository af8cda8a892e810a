"""TEST: the image of the worker is made of what the lock file names, and its user owns its state folder."""

import re

from tests.unit.deploy.test_compose import DEPLOY, OURS, SERVICES, example_variables

TEXT = (DEPLOY / "Dockerfile").read_text("utf-8")


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock, re.MULTILINE))


def test_what_runs_in_production_is_what_was_tested() -> None:
    tested = versions((DEPLOY.parent / "requirements.lock").read_text("utf-8"))
    shipped = versions((DEPLOY / "requirements.lock").read_text("utf-8"))
    assert shipped.items() <= tested.items()
    assert {"prefect", "docker", "boto3", "pydantic"} <= shipped.keys()
    assert not shipped.keys() & {"pytest", "moto", "mypy", "ruff"}


def test_only_what_was_hashed_is_installed() -> None:
    for line in TEXT.splitlines():
        if "pip install" in line:
            assert "--no-deps" in line
            assert "--require-hashes" in line or line.rstrip().endswith("gloveport-*.whl")


def test_a_new_volume_belongs_to_the_user_of_the_services() -> None:
    user = example_variables()["GLOVEPORT_UID"]
    assert f"-o {user}" in TEXT
    assert f"USER {user}" in TEXT
    for name in OURS:
        assert f"{name}:/var/lib/gloveport" in SERVICES[name]["volumes"]


def test_a_database_outlives_its_container() -> None:
    """Images of PostgreSQL before 18 declare a volume at their PGDATA: data there goes with the container."""
    directory = SERVICES["postgres"]["environment"]["PGDATA"]
    (mounted,) = [volume.split(":")[1] for volume in SERVICES["postgres"]["volumes"] if volume.startswith("postgres:")]
    assert directory.startswith(f"{mounted}/")
    assert directory != f"{mounted}/data"
