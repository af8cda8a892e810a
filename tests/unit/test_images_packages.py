"""TEST: how an image's packages are fetched: by hash, for the image's Python, once, and never half."""

import os
from pathlib import Path

import pytest

from ingest.errors import SandboxUnavailable
from ingest.images import packages
from ingest.images.base import Base

BASE = Base("sha256:b", "sha256:b", "", python="3.11", glibc="2.36", machine="x86_64")

# Stands in for uv: writes down what it was asked, makes the folder, and fails when told to.
CLIENT = """#!/bin/sh
printf '%s\\n' "$@" >> "$0.asked"
while [ "$1" != --target ]; do shift; done
mkdir -p "$2" && echo 'A = 1' > "$2/a.py"
if [ -e "$0.fail" ]; then echo 'no matching distribution' >&2; exit 1; fi
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package client of the test's own, and a cache of its own."""
    path = tmp_path / "bin/uv"
    path.parent.mkdir()
    path.write_text(CLIENT)
    path.chmod(0o755)
    monkeypatch.setattr(packages.sys, "executable", str(tmp_path / "bin/python"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(path.parent), "/usr/bin", "/bin"]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return path


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "documents/requirements.lock"
    path.parent.mkdir()
    path.write_text("a==1 --hash=sha256:00\n")
    return path


def asked(client: Path) -> list[str]:
    return client.with_name("uv.asked").read_text().splitlines()


def test_fetched_by_hash_for_the_python_of_the_image(client: Path, lock: Path) -> None:
    folder = packages.ensure_packages(lock, BASE)
    assert (folder / "a.py").read_text() == "A = 1\n"
    arguments = asked(client)
    assert {"--require-hashes", "--no-deps"} <= set(arguments)
    assert arguments[arguments.index("--python-version") + 1] == "3.11"
    assert arguments[arguments.index("--python-platform") + 1] == "x86_64-manylinux_2_36"


def test_fetched_once(client: Path, lock: Path) -> None:
    first = packages.ensure_packages(lock, BASE)
    assert packages.ensure_packages(lock, BASE) == first
    assert asked(client).count("--target") == 1


def test_another_lock_is_another_folder(client: Path, lock: Path) -> None:
    first = packages.ensure_packages(lock, BASE)
    lock.write_text("a==2 --hash=sha256:01\n")
    assert packages.ensure_packages(lock, BASE) != first


def test_a_failed_fetch_leaves_nothing_behind(client: Path, lock: Path, tmp_path: Path) -> None:
    client.with_name("uv.fail").touch()
    with pytest.raises(SandboxUnavailable, match="no matching distribution"):
        packages.ensure_packages(lock, BASE)
    assert list((tmp_path / "cache/gloveport/packages").iterdir()) == []
    client.with_name("uv.fail").unlink()
    assert (packages.ensure_packages(lock, BASE) / "a.py").exists()


def test_pip_serves_where_there_is_no_uv(client: Path, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: object())
    client.rename(client.with_name("python"))
    packages.ensure_packages(lock, BASE)
    arguments = client.with_name("python.asked").read_text().splitlines()
    assert arguments[:3] == ["-m", "pip", "install"]
    assert {"--only-binary=:all:", "--platform=manylinux_2_36_x86_64", "--platform=manylinux_2_17_x86_64"} <= set(
        arguments
    )
    assert "--platform=manylinux_2_38_x86_64" not in arguments


def test_without_any_client_the_error_says_what_to_install(
    client: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.unlink()
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SandboxUnavailable) as caught:
        packages.ensure_packages(lock, BASE)
    assert caught.value.hint == "install uv"
