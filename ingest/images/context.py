"""HOST, trusted: the files an image is made of, and the one digest over them that decides whether it is current.

The digest is over what can change a result: the Dockerfile, the lock file, the build step, `parsers/`, `contract/`, the
base, and the labels. Limits and routes of `parser.toml` are not in it: changing them must not read every file anew.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from ingest.errors import ConfigurationError
from ingest.manifests import Manifest, read_manifests

# Raise it when the way of building changes the image though no file of the context did.
RECIPE_VERSION: Final = 1
LOCK_NAME: Final = "requirements.lock"
PACKAGES_FOLDER: Final = "site"
_SHARED_STEPS: Final = ("assemble.py", "launch.py")
_SHIPPED_PACKAGES: Final = ("contract", "parsers")

Sources = Mapping[str, bytes]  # name in the build context to content


def context_root() -> Path:
    """The folder with `sandbox_images/`, `parsers/` and `contract/`: the installed wheel's, or else the checkout's."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "_image_context", package.parent):
        if (candidate / "sandbox_images").is_dir() and (candidate / "parsers").is_dir():
            return candidate
    raise ConfigurationError(f"no sandbox_images/ beside {package}", hint="install gloveport again")


def image_manifests(root: Path | None = None) -> dict[str, Manifest]:
    """The manifests of all images this version of gloveport has. Raises `ConfigurationError`."""
    return read_manifests((root or context_root()) / "sandbox_images")


def lock_path(root: Path, image: str) -> Path:
    """Where the image's locked requirements stand."""
    return root / "sandbox_images" / image / LOCK_NAME


def read_sources(root: Path, image: str) -> Sources:
    """Everything of ours that goes into the image or decides what does. Read once, so digest and build see the same."""
    paths = {"Dockerfile": root / "sandbox_images" / image / "Dockerfile", LOCK_NAME: lock_path(root, image)}
    paths |= {name: root / "sandbox_images" / name for name in _SHARED_STEPS}
    for package in _SHIPPED_PACKAGES:
        paths |= dict(_tree(root / package, package))
    return {name: path.read_bytes() for name, path in sorted(paths.items())}


def content_digest(sources: Sources, manifest: Manifest, base_digest: str) -> str:
    """`sha256:…` over everything that can change what the image does. Also the `parser_digest` of its results."""
    facts = {"recipe": str(RECIPE_VERSION), "base": base_digest, **descriptive_labels(manifest)}
    digest = hashlib.sha256()
    for name, value in sorted(facts.items()):
        digest.update(f"{name}\0{value}\0".encode())
    for name, content in sorted(sources.items()):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    return f"sha256:{digest.hexdigest()}"


def descriptive_labels(manifest: Manifest) -> dict[str, str]:
    """Labels by the OCI image specification's annotation keys that come from the manifest."""
    return {
        "org.opencontainers.image.title": manifest.image.title,
        "org.opencontainers.image.description": manifest.image.description,
        "org.opencontainers.image.licenses": manifest.image.licenses,
    }


def write_context(sources: Sources, packages: Path, target: IO[bytes]) -> None:
    """Write the build context as a tar archive: equal inputs give equal bytes, whoever's umask and clock."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sources.items():
            _add(archive, name, content)
        for name, path in _tree(packages, PACKAGES_FOLDER):
            _add(archive, name, path.read_bytes())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _tree(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Every file below `folder` but bytecode and hidden ones, which editors and tests leave behind."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_file() and not hidden:
            yield f"{name}/{relative.as_posix()}", path
