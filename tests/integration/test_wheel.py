"""TEST: the wheel that users install: what it contains, and that parsers cannot be imported from it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGET = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
METADATA = ("pyproject.toml", "LICENSE", "NOTICE", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the checkout; offline, by the backend of the environment."""
    source = tmp_path_factory.mktemp("source")
    for name in {*TARGET["packages"], *TARGET["force-include"], *METADATA}:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name)
        else:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    build = "from hatchling.build import build_wheel; print(build_wheel('dist'))"
    ran = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return source / "dist" / ran.stdout.split()[-1]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as installed: a wheel of pure Python is unpacked, no more."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def python(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code with the wheel on the path and the checkout out of reach."""
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([str(site), *dependencies]), "PATH": os.environ["PATH"]}
    # -S leaves out site-packages' own links back to the checkout.
    return subprocess.run(
        [sys.executable, "-S", "-B", "-c", code],
        cwd=site.parent, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_packages_and_data_have_their_places(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"contract", "ingest", "flows"}
    assert {
        "ingest/_image_context/parsers/__main__.py",
        "ingest/_image_context/contract/frames.py",
        "ingest/_image_context/sandbox_images/assemble.py",
        "ingest/_image_context/sandbox_images/documents/Dockerfile",
        "ingest/_image_context/sandbox_images/documents/requirements.lock",
        "ingest/_image_context/sandbox_images/documents/parser.toml",
        "ingest/sandbox/seccomp.json",
        "contract/frames.py",
    } <= names(wheel)


def test_every_file_of_the_packages_is_shipped(wheel: Path) -> None:
    lacking = [
        path.relative_to(ROOT).as_posix()
        for package in ("contract", "ingest", "flows")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]
    assert set(lacking) - names(wheel) == set()


def test_no_bytecode_and_nothing_of_the_developer_is_shipped(wheel: Path) -> None:
    assert [name for name in names(wheel) if "__pycache__" in name or name.endswith((".pyc", ".swp"))] == []
    assert [name for name in names(wheel) if name.startswith(("tests/", "bench/", "scripts/"))] == []


def test_licence_and_notice_are_shipped(wheel: Path) -> None:
    shipped = {name.rpartition("/")[2] for name in names(wheel) if "/licenses/" in name}
    assert {"LICENSE", "NOTICE"} <= shipped


@pytest.mark.parametrize("module", ["parsers", "sandbox_images", "ingest._image_context.parsers.registry"])
def test_what_parses_cannot_be_imported_from_an_installed_wheel(site: Path, module: str) -> None:
    ran = python(site, f"import {module}")
    assert ran.returncode == 1
    assert "ModuleNotFoundError" in ran.stderr


def test_an_installed_wheel_finds_its_image_context_and_agrees_with_the_checkout(site: Path) -> None:
    code = """
import json
from ingest.images.context import content_digest, context_root, image_manifests, read_sources
root = context_root()
manifest = image_manifests(root)["documents"]
print(json.dumps([str(root), content_digest(read_sources(root, "documents"), manifest, "sha256:base")]))
"""
    ran = python(site, code)
    assert ran.returncode == 0, ran.stderr
    root, digest = json.loads(ran.stdout)
    assert Path(root) == site / "ingest/_image_context"
    from ingest.images.context import content_digest, image_manifests, read_sources

    manifest = image_manifests(ROOT)["documents"]
    assert digest == content_digest(read_sources(ROOT, "documents"), manifest, "sha256:base")
