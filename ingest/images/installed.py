"""HOST, trusted: what the engine has of ours: which images are current, and the profiles they offer."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from docker import DockerClient

from ingest.errors import SandboxUnavailable
from ingest.images.base import DIGEST_LABEL
from ingest.images.context import Sources, content_digest, context_root, image_manifests, read_sources
from ingest.images.engine import BUILD_HINT, engine_faults
from ingest.manifests import Manifest
from ingest.sandbox.base import Limits, Profile

IMAGE_LABEL: Final = "io.gloveport.image"
CONTENT_LABEL: Final = "io.gloveport.content-digest"


@dataclass(frozen=True, slots=True)
class InstalledImage:
    """An image of ours in the engine.

    `current`: made of exactly the files of this version of gloveport. `own_tags`: those that this installation of it
    gave; the other installations that use the engine have their own, and the image lives as long as any of them.
    """

    name: str
    image_id: str  # sha256:…
    content_digest: str
    tags: tuple[str, ...]
    size_bytes: int
    created: int  # seconds since the epoch
    current: bool
    own_tags: tuple[str, ...] = ()


def own_tag(name: str, digest: str, root: Path) -> str:
    """What this installation, told by where it lies, calls a build: `gloveport/documents:313219591d68-5f0c21aa`.

    A label would be in the image, which is to be the same wherever it was built.
    """
    return f"gloveport/{name}:{digest[7:19]}{_installation(root)}"


def _installation(root: Path) -> str:
    return "-" + hashlib.sha256(bytes(root.resolve())).hexdigest()[:8]


def list_images(client: DockerClient, root: Path | None = None) -> list[InstalledImage]:
    """Every image of ours, newest first within a name. Raises `SandboxUnavailable` when the engine does not answer."""
    root = root or context_root()
    known = {name: (manifest, read_sources(root, name)) for name, manifest in image_manifests(root).items()}
    with engine_faults("list images"):
        listed: Sequence[dict[str, Any]] = client.api.images(filters={"label": IMAGE_LABEL})
    images = [_installed(entry, known, _installation(root)) for entry in listed]
    return sorted(images, key=lambda image: (image.name, -image.created, image.image_id))


def _installed(
    entry: dict[str, Any], known: Mapping[str, tuple[Manifest, Sources]], installation: str
) -> InstalledImage:
    labels = entry["Labels"]
    name, digest = labels[IMAGE_LABEL], labels.get(CONTENT_LABEL, "")
    expected = ""
    if name in known:
        manifest, sources = known[name]
        expected = content_digest(sources, manifest, labels.get(DIGEST_LABEL, ""))
    tags = tuple(tag for tag in entry.get("RepoTags") or () if tag != "<none>:<none>")
    return InstalledImage(
        name=name,
        image_id=entry["Id"],
        content_digest=digest,
        tags=tags,
        size_bytes=entry["Size"],
        created=entry["Created"],
        current=digest == expected,
        own_tags=tuple(tag for tag in tags if tag.endswith(installation)),
    )


def current_image(client: DockerClient, name: str, root: Path | None = None) -> InstalledImage | None:
    """The newest current image of this name, if there is one."""
    return next((image for image in list_images(client, root) if image.name == name and image.current), None)


def wanted_images(installed: Sequence[InstalledImage], root: Path | None = None) -> dict[str, Manifest]:
    """The images that are to be there: all but the optional ones that this installation neither built nor can use.

    What another installation on the same engine chose to build is no choice of this one.
    """
    built = {image.name for image in installed if image.own_tags or image.current}
    return {name: made for name, made in image_manifests(root).items() if name in built or not made.image.optional}


def resolve_profiles(client: DockerClient, root: Path | None = None) -> dict[str, Profile]:
    """Profile name to what the sandbox engine needs to start it. Optional images that nobody built are left out.

    Raises `SandboxUnavailable` if a wanted image is missing, or was built by another version.
    """
    root = root or context_root()
    installed = list_images(client, root)
    current = {image.name: image for image in reversed(installed) if image.current}
    profiles: dict[str, Profile] = {}
    for name, manifest in wanted_images(installed, root).items():
        if name not in current:
            old = any(image.name == name and image.own_tags for image in installed)
            state = "was built from other files than this version has" if old else "was not built yet"
            raise SandboxUnavailable(f"the image {name!r} {state}", hint=BUILD_HINT)
        profiles |= profiles_of(manifest, current[name])
    return profiles


def profiles_of(manifest: Manifest, image: InstalledImage) -> dict[str, Profile]:
    """The profiles of one image, by name, with the limits the manifest gives them."""
    return {
        name: Profile(
            name=name,
            image=image.image_id,
            parser_digest=image.content_digest,
            limits=replace(Limits(), **table.limits.model_dump(exclude_none=True)),
            preload=tuple(table.preload),
        )
        for name, table in manifest.profiles.items()
    }
