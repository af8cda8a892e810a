"""HOST, trusted: the root file system with Python from which images are assembled.

Where it comes from, in this order: `GLOVEPORT_BASE_IMAGE`; one made here before; a fresh one made here from Debian's
packages with `mmdebstrap`, unpacked only, so no package's script runs and no registry is needed; otherwise the
engine's own registry. Images copy the interpreter out of it and keep nothing else of it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docker import DockerClient
from docker.errors import ImageNotFound
from docker.models.images import Image
from docker.types import LogConfig

from ingest.errors import SandboxUnavailable
from ingest.images.engine import engine_faults, say

RECIPE_LABEL: Final = "io.gloveport.base-recipe"
DIGEST_LABEL: Final = "io.gloveport.base-digest"
REGISTRY_BASE: Final = "python:3.11-slim-bookworm"

_SUITE: Final = "bookworm"
_PACKAGES: Final = ("python3-minimal", "libpython3.11-stdlib", "libstdc++6")
_VARIANT: Final = "extract"
_EPOCH: Final = "1700000000"  # seconds; any constant makes the archive depend on the packages alone
_BOOTSTRAP_SECONDS: Final = 900
_PROBE_SECONDS: Final = 60
_PROBE: Final = (
    "import json, platform as p, sys; print(json.dumps(['%d.%d' % sys.version_info[:2], p.libc_ver()[1], p.machine()]))"
)


@dataclass(frozen=True, slots=True)
class Base:
    """A usable base. `digest` is its content's; `recipe`: how it was made here, or else its name elsewhere."""

    image_id: str
    digest: str
    recipe: str
    python: str  # "3.11"
    glibc: str  # "2.36"
    machine: str  # "x86_64"


class _BootstrapFailed(SandboxUnavailable):
    """mmdebstrap could not make a base: {detail}"""


def recipe_digest(extra: Sequence[str] = ()) -> str:
    """Identity of the way a base is made here; a base made in another way is not reused.

    `extra` are Debian packages that one image needs besides Python, here and below.
    """
    recipe = "\0".join((_SUITE, *_PACKAGES, *extra, _VARIANT, _EPOCH))
    return f"sha256:{hashlib.sha256(recipe.encode()).hexdigest()}"


def ensure_base(client: DockerClient, *, extra: Sequence[str] = (), refresh: bool = False) -> Base:
    """Find or make the base. `refresh` makes or pulls it anew, for Debian's security updates.

    Raises `SandboxUnavailable` saying what was tried.
    """
    asked_for = _asked_for()
    if asked_for:
        return _probe(client, _from_registry(client, asked_for, refresh=refresh), asked_for)
    made_here = None if refresh else _made_before(client, extra)
    if made_here is None and shutil.which("mmdebstrap"):
        try:
            made_here = _make(client, extra)
        except _BootstrapFailed as failure:
            if extra:
                raise
            say(f"base: {failure}; asking the engine's registry instead")
    if made_here is not None:
        return _probe(client, made_here, recipe_digest(extra))
    if extra:
        raise SandboxUnavailable(f"no base with {', '.join(extra)}: mmdebstrap is not here", hint=_base_hint())
    return _probe(client, _from_registry(client, REGISTRY_BASE, refresh=refresh), REGISTRY_BASE)


def is_wanted_base(client: DockerClient, recipe: str, digest: str, extra: Sequence[str] = ()) -> bool:
    """Whether a base with this recipe and digest is what `ensure_base` would take now, told without making one."""
    asked_for = _asked_for()
    if not asked_for:
        return recipe in ({recipe_digest(extra)} if extra else {recipe_digest(), REGISTRY_BASE})
    with engine_faults("look for the base image"):
        try:
            return recipe == asked_for and client.images.get(asked_for).id == digest
        except ImageNotFound:
            return False


def _asked_for() -> str:
    return os.environ.get("GLOVEPORT_BASE_IMAGE", "")


def _made_before(client: DockerClient, extra: Sequence[str]) -> Image | None:
    with engine_faults("look for a base image"):
        images = client.images.list(filters={"label": f"{RECIPE_LABEL}={recipe_digest(extra)}", "dangling": False})
    return next((image for image in images if any(tag.startswith("gloveport/base:") for tag in image.tags)), None)


def _make(client: DockerClient, extra: Sequence[str]) -> Image:
    with tempfile.TemporaryDirectory(prefix="gloveport-base-") as folder:
        archive = Path(folder, "base.tar")
        say(f"base: unpacking Debian {_SUITE}'s {', '.join(('Python', *extra))} with mmdebstrap")
        _bootstrap(archive, extra)
        with archive.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        return _import(client, archive, digest, recipe_digest(extra))


def _bootstrap(archive: Path, extra: Sequence[str]) -> None:
    command = ["mmdebstrap", "--quiet", f"--variant={_VARIANT}", f"--include={','.join((*_PACKAGES, *extra))}"]
    command += [_SUITE, str(archive), *_own_sources()]
    try:
        subprocess.run(
            command,
            env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
            text=True,
            errors="replace",
            timeout=_BOOTSTRAP_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise _BootstrapFailed(_last_line(error.stderr)) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _BootstrapFailed(str(error)) from None


def _own_sources() -> list[str]:
    """The host's own package sources when it runs the same release: they name the mirror that works here."""
    candidates = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
    for path in candidates:
        if path.is_file() and _SUITE in (text := path.read_text("utf-8", "replace")) and "debian" in text:
            return [str(path)]
    return []


def _import(client: DockerClient, archive: Path, digest: str, recipe: str) -> Image:
    tag = digest[:12]
    labels = {RECIPE_LABEL: recipe, DIGEST_LABEL: f"sha256:{digest}"}
    with engine_faults("import the base image"), archive.open("rb") as content:
        client.api.import_image(
            src=content,
            repository="gloveport/base",
            tag=tag,
            changes=[f"LABEL {name}={value}" for name, value in labels.items()],
        )
        return client.images.get(f"gloveport/base:{tag}")


def _from_registry(client: DockerClient, name: str, *, refresh: bool) -> Image:
    with engine_faults(f"get the base image {name}"):
        if not refresh:
            try:
                return client.images.get(name)
            except ImageNotFound:
                pass
        say(f"base: pulling {name}")
        try:
            return client.images.pull(name)
        except Exception as error:
            raise SandboxUnavailable(f"no base image: pulling {name}: {error}", hint=_base_hint()) from error


def _probe(client: DockerClient, image: Image, recipe: str) -> Base:
    """Ask the base's Python what wheels it takes."""
    with engine_faults("start Python in the base image"):
        container = client.containers.create(
            image.id or "",
            command=["-I", "-c", _PROBE],
            entrypoint="python3",
            network_mode="none",
            network_disabled=True,
            labels={"io.gloveport.role": "base-probe"},
            log_config=LogConfig(type="json-file"),  # the answer is read from it, whatever the engine's default
        )
        try:
            container.start()
            code = container.wait(timeout=_PROBE_SECONDS)["StatusCode"]
            output = container.logs(stdout=True, stderr=code != 0).decode("utf-8", "replace")
        finally:
            container.remove(force=True)
    if code != 0:
        raise SandboxUnavailable(f"the base image has no working python3: {_last_line(output)}", hint=_base_hint())
    python, glibc, machine = json.loads(output)
    image_id = image.id or ""
    digest = image.labels.get(DIGEST_LABEL, image_id) if recipe != _asked_for() else image_id
    return Base(image_id, digest, recipe, python, glibc, machine)


def _base_hint() -> str:
    return "install mmdebstrap, or set GLOVEPORT_BASE_IMAGE to a glibc image with Python 3.11 or later"


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "no message"
