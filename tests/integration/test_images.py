"""TEST: images built by the real engine: what is in them, when they are rebuilt, and what is removed."""

import gc
import json
import shutil
import threading
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from ingest.errors import ConfigurationError, SandboxUnavailable
from ingest.images import InstalledImage, build_image, connect, list_images, resolve_profiles, verify_image
from ingest.images.base import ensure_base
from ingest.images.context import context_root, image_manifests
from ingest.sandbox.docker_engine import DockerEngine

PYTHON = ["/usr/bin/python3", "-I", "-S", "-B", "-c"]


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def copied_checkout(folder: Path) -> tuple[str, Path]:
    """What images are made of, under its own image name: no other image is removed, no edit disturbs."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    for part in ("contract", "parsers", "sandbox_images"):
        shutil.copytree(context_root() / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    image = (folder / "sandbox_images/documents").rename(folder / "sandbox_images" / name)
    manifest = image / "parser.toml"
    manifest.write_text(manifest.read_text().replace('name = "documents"', f'name = "{name}"'))
    return name, folder


def remove_images(client: DockerClient, name: str, root: Path) -> None:
    for image in named(client, name, root):
        client.images.remove(image.image_id, force=True)


def named(client: DockerClient, name: str, root: Path) -> list[InstalledImage]:
    return [image for image in list_images(client, root) if image.name == name]


@pytest.fixture(scope="module")
def shared(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A copy for all tests that do not change it."""
    name, root = copied_checkout(tmp_path_factory.mktemp("shared"))
    yield name, root
    remove_images(client, name, root)


@pytest.fixture(scope="module")
def image(client: DockerClient, shared: tuple[str, Path]) -> InstalledImage:
    """The image of the shared copy."""
    return build_image(client, shared[0], root=shared[1])


@pytest.fixture
def checkout(client: DockerClient, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A copy to change."""
    name, root = copied_checkout(tmp_path)
    yield name, root
    remove_images(client, name, root)


def run_in(client: DockerClient, image: InstalledImage, code: str) -> str:
    """What a line of Python prints in a container of the image, started without any hardening of ours."""
    container = client.containers.create(
        image.image_id, [code], entrypoint=PYTHON, network_mode="none", read_only=True, log_config={"type": "json-file"}
    )
    try:
        container.start()
        assert container.wait(timeout=60)["StatusCode"] == 0, container.logs().decode()
        return container.logs(stdout=True, stderr=False).decode().strip()
    finally:
        container.remove(force=True)


def test_building_twice_builds_once(client: DockerClient, shared: tuple[str, Path], image: InstalledImage) -> None:
    assert build_image(client, shared[0], root=shared[1]) == image
    assert image.current


def test_the_image_says_what_it_is(client: DockerClient, image: InstalledImage) -> None:
    found = client.images.get(image.image_id)
    assert found.labels["io.gloveport.content-digest"] == image.content_digest
    assert "AGPL-3.0-or-later" in found.labels["org.opencontainers.image.licenses"]
    config = found.attrs["Config"]
    assert config["User"] == "65532:65532"
    assert config["Volumes"] is None
    assert [entry for entry in config["Env"] or [] if not entry.startswith("PATH=")] == []


def test_the_image_is_small(image: InstalledImage) -> None:
    assert image.size_bytes <= 300_000_000


def test_there_is_one_program_in_the_image(client: DockerClient, image: InstalledImage) -> None:
    """No shell and no package manager: whoever breaks a parser finds an interpreter and nothing else."""
    code = """
import os
paths = [os.path.join(folder, name) for folder, _, names in os.walk("/") for name in names]
print([path for path in paths if os.access(path, os.X_OK) and ".so" not in path
       and not path.startswith(("/proc/", "/sys/", "/.dockerenv"))])
"""
    assert run_in(client, image, code) == "['/usr/bin/python3']"


def test_nothing_in_the_image_is_writable_or_gains_privileges(client: DockerClient, image: InstalledImage) -> None:
    code = """
import os, stat
bad = []
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev", "/tmp")]
    for name in names:
        mode = os.lstat(os.path.join(folder, name)).st_mode
        if not stat.S_ISLNK(mode) and mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH):
            bad.append(os.path.join(folder, name))
print(os.getuid(), bad)
"""
    assert run_in(client, image, code) == "65532 []"


def test_every_module_has_bytecode_that_is_never_judged_stale(client: DockerClient, image: InstalledImage) -> None:
    code = """
import os, sys
from importlib.util import cache_from_source
lacking, stale = 0, 0
for folder, _, names in os.walk("/opt/gloveport"):
    for name in names:
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            if not os.path.exists(cache_from_source(path)):
                print("no bytecode:", path)
            elif open(cache_from_source(path), "rb").read(8)[4:] != b"\\x01\\0\\0\\0":
                print("checked bytecode:", path)
"""
    assert run_in(client, image, code) == ""


def test_the_host_keeps_nothing_of_its_own_in_the_image(client: DockerClient, image: InstalledImage) -> None:
    code = "import os, json; print(json.dumps([sorted(os.listdir('/')), sorted(os.listdir('/etc'))]))"
    top, etc = json.loads(run_in(client, image, code))
    assert set(top) <= {".dockerenv", "dev", "etc", "lib", "lib64", "opt", "proc", "sbin", "sys", "tmp", "usr"}
    assert set(etc) <= {"group", "hostname", "hosts", "ld.so.cache", "mtab", "passwd", "resolv.conf"}


def test_every_profile_reads_its_document_in_a_sandbox(
    client: DockerClient, shared: tuple[str, Path], image: InstalledImage, tmp_path: Path
) -> None:
    engine = DockerEngine(namespace="test-images", owner_directory=tmp_path)
    try:
        found = verify_image(client, engine, shared[0], root=shared[1])
    finally:
        engine.close()
    assert {result.profile for result in found} == set(image_manifests(context_root())["documents"].profiles)
    assert [result for result in found if result.problem] == []
    assert {result.image_id for result in found} == {image.image_id}


def test_the_second_word_reader_works_in_the_image(
    client: DockerClient, shared: tuple[str, Path], image: InstalledImage
) -> None:
    """What it needs of the standard library must not have been trimmed away: nothing else would tell for months."""
    manifest = tomllib.loads((shared[1] / "sandbox_images" / shared[0] / "parser.toml").read_text())
    document = manifest["profiles"]["office"]["smoke_test"]["document_base64"]
    code = f"""
import sys; sys.path.append("/opt/gloveport")
import base64, json
import parsers.office.docx as first
from parsers.blocks import Report
def fail(*_): raise LookupError
first._blocks = fail
read = first.PARSER.parse(base64.b64decode({document!r}), Report(lambda *_: None))
print(json.dumps([[block.text for block in read.blocks], [[each.kind, each.evidence] for each in read.findings]]))
"""
    assert json.loads(run_in(client, image, code)) == [["Gloveport smoke test"], [["not_examined", "LookupError"]]]


def test_profiles_name_the_image_by_digest(
    client: DockerClient, shared: tuple[str, Path], image: InstalledImage
) -> None:
    # Whoever built optional images has their profiles besides.
    own = image_manifests(shared[1])[shared[0]].profiles
    profiles = {name: profile for name, profile in resolve_profiles(client, shared[1]).items() if name in own}
    assert set(profiles) == set(own)
    assert {profile.image for profile in profiles.values()} == {image.image_id}
    assert {profile.parser_digest for profile in profiles.values()} == {image.content_digest}
    assert profiles["pdf"].preload == ("pdf",)


def test_a_changed_parser_makes_a_new_image_and_removes_the_old(
    client: DockerClient, checkout: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.images.build.BUILDS_KEPT", 0)  # how many stay has a test of its own
    name, root = checkout
    with pytest.raises(SandboxUnavailable) as caught:
        resolve_profiles(client, root)
    assert caught.value.hint == "run `gloveport images build`"
    first = build_image(client, name, root=root)
    again = build_image(client, name, root=root, refresh=False)
    assert again == first
    (root / "parsers/extra.py").write_text("X = 1\n")
    with pytest.raises(SandboxUnavailable):
        resolve_profiles(client, root)
    second = build_image(client, name, root=root)
    assert second.content_digest != first.content_digest
    assert [image.image_id for image in named(client, name, root)] == [second.image_id]
    with pytest.raises(ImageNotFound):
        client.images.get(first.image_id)
    assert client.images.list(all=True, filters={"label": "io.gloveport.stage=assemble", "dangling": True}) == []


def test_the_same_files_give_the_same_layers(client: DockerClient, checkout: tuple[str, Path]) -> None:
    name, root = checkout
    first = client.images.get(build_image(client, name, root=root).image_id).attrs["RootFS"]["Layers"]
    remove_images(client, name, root)
    second = client.images.get(build_image(client, name, root=root).image_id).attrs["RootFS"]["Layers"]
    assert first == second


def test_two_builders_at_once_make_one_image(client: DockerClient, checkout: tuple[str, Path]) -> None:
    name, root = checkout
    built: list[InstalledImage] = []

    def build() -> None:
        own = connect()
        built.append(build_image(own, name, root=root))
        own.close()

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 2
    assert built[0] == built[1]


def test_a_named_base_is_used_and_a_change_of_base_rebuilds(
    client: DockerClient, checkout: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, root = checkout
    first = build_image(client, name, root=root)
    tag = f"gloveport-test/{name}:1"
    client.images.get(ensure_base(client).image_id).tag(tag)
    try:
        monkeypatch.setenv("GLOVEPORT_BASE_IMAGE", tag)
        second = build_image(client, name, root=root)
        assert second.content_digest != first.content_digest
        assert build_image(client, name, root=root) == second
    finally:
        client.images.remove(tag)


def test_a_base_that_nobody_has_is_said_plainly(
    client: DockerClient, checkout: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOVEPORT_BASE_IMAGE", "localhost:1/no-such-base:1")
    with pytest.raises(SandboxUnavailable, match="no-such-base") as caught:
        build_image(client, checkout[0], root=checkout[1])
    assert "GLOVEPORT_BASE_IMAGE" in caught.value.hint


def test_an_unknown_image_is_a_mistake_of_the_caller(client: DockerClient) -> None:
    with pytest.raises(ConfigurationError, match="no image 'letters'"):
        build_image(client, "letters")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_is_not_there_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(SandboxUnavailable) as caught:
        connect()
    assert "DOCKER_HOST" in caught.value.hint
    del caught
    gc.collect()  # the client library leaves its unconnected socket to the collector, which warns: here, not later
