"""HOST, trusted: builds an image without network, then removes what it supersedes. Only images of ours are touched."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from docker import DockerClient
from docker.errors import APIError, ImageNotFound

import ingest
from ingest.errors import ConfigurationError, SandboxUnavailable
from ingest.images.base import DIGEST_LABEL, RECIPE_LABEL, Base, ensure_base, is_wanted_base
from ingest.images.context import (
    Sources,
    content_digest,
    context_root,
    descriptive_labels,
    image_manifests,
    lock_path,
    read_sources,
    write_context,
)
from ingest.images.engine import ENGINE_SILENCE_SECONDS, engine_faults, one_builder_at_a_time, say
from ingest.images.installed import (
    CONTENT_LABEL,
    IMAGE_LABEL,
    InstalledImage,
    current_image,
    list_images,
    own_tag,
    wanted_images,
)
from ingest.images.packages import ensure_packages
from ingest.manifests import Manifest

STAGE_LABEL: Final = "io.gloveport.stage"
BUILDS_KEPT: Final = 3  # besides the current one
_IN_USE: Final = 409


def build_images(client: DockerClient, names: Sequence[str] = (), *, refresh: bool = False) -> list[InstalledImage]:
    """Build images of this version that are not current: those named, or else all that are wanted here.

    An optional image is wanted once somebody named it. Raises `SandboxUnavailable`, `ConfigurationError` for a name
    that no image has.
    """
    wanted = names or list(wanted_images(list_images(client)))
    return [build_image(client, name, refresh=refresh) for name in wanted]


def build_image(client: DockerClient, name: str, *, root: Path | None = None, refresh: bool = False) -> InstalledImage:
    """Make sure the image is current and return it; `refresh` rebuilds it on a fresh base.

    Files that change during the build are not in it: what is returned is then built, but no longer `current`.

    Safe to call from several processes at once. Raises `SandboxUnavailable`, `ConfigurationError`.
    """
    root = root or context_root()
    manifest = _known_manifest(root, name)
    if not refresh and (found := _reusable(client, manifest, root)):  # no reason to wait for whoever builds
        say(f"image {name}: current, {found.image_id[7:19]}")
        return found
    with one_builder_at_a_time():
        if not refresh and (found := _reusable(client, manifest, root)):
            say(f"image {name}: current, {found.image_id[7:19]}")
            return found if found.own_tags else _adopt(client, found, root)
        base = ensure_base(client, extra=manifest.image.debian_packages, refresh=refresh)
        sources = read_sources(root, name)
        digest = content_digest(sources, manifest, base.digest)
        packages = ensure_packages(lock_path(root, name), base)
        say(f"image {name}: building {digest[7:19]}")
        _build(client, manifest, sources, packages, base, digest, own_tag(name, digest, root))
        _remove_superseded(client, name, keep=digest, root=root)
        built = next(
            image for image in list_images(client, root) if (image.name, image.content_digest) == (name, digest)
        )
    say(f"image {name}: built, {built.image_id[7:19]}, {built.size_bytes / 1e6:.0f} MB")
    return built


def _adopt(client: DockerClient, image: InstalledImage, root: Path) -> InstalledImage:
    """Let the image live for this installation, too: who built it may remove it, but only for itself."""
    tag = own_tag(image.name, image.content_digest, root)
    repository, _, label = tag.partition(":")
    with engine_faults("keep an image"):
        client.api.tag(image.image_id, repository, label)
    return replace(image, tags=(*image.tags, tag), own_tags=(tag,))


def _known_manifest(root: Path, name: str) -> Manifest:
    manifests = image_manifests(root)
    if name not in manifests:
        raise ConfigurationError(f"no image {name!r}; there are: {', '.join(sorted(manifests))}")
    return manifests[name]


def _reusable(client: DockerClient, manifest: Manifest, root: Path) -> InstalledImage | None:
    """A current image, unless another base than its own would be taken now."""
    found = current_image(client, manifest.image.name, root)
    if found is None:
        return None
    with engine_faults("look at an image"):
        labels = client.images.get(found.image_id).labels
    extra = manifest.image.debian_packages
    is_wanted = is_wanted_base(client, labels.get(RECIPE_LABEL, ""), labels.get(DIGEST_LABEL, ""), extra)
    return found if is_wanted else None


def _build(
    client: DockerClient, manifest: Manifest, sources: Sources, packages: Path, base: Base, digest: str, tag: str
) -> None:
    name = manifest.image.name
    labels = {
        IMAGE_LABEL: name,
        CONTENT_LABEL: digest,
        DIGEST_LABEL: base.digest,
        RECIPE_LABEL: base.recipe,
        "org.opencontainers.image.version": ingest.__version__,
        "org.opencontainers.image.base.digest": base.digest,
        **descriptive_labels(manifest),
    }
    with tempfile.TemporaryFile(prefix="gloveport-context-") as context:
        write_context(sources, packages, context)
        context.seek(0)
        with engine_faults(f"build the image {name}"):
            answers = client.api.build(
                fileobj=context,
                custom_context=True,
                tag=tag,
                buildargs={"BASE_IMAGE": base.image_id},
                labels=labels,
                network_mode="none",
                rm=True,
                forcerm=True,
                timeout=ENGINE_SILENCE_SECONDS,
                decode=True,
                use_config_proxy=False,  # a proxy's address, or its password, has no business in an image
            )
            for answer in answers:
                _follow(name, answer)


def _follow(name: str, answer: Mapping[str, Any]) -> None:
    """Pass on one line of the engine's account of a build. Raises `SandboxUnavailable` at its error."""
    if "error" in answer:
        raise SandboxUnavailable(f"image {name}: {answer['error'].strip()}")
    line = str(answer.get("stream", "")).strip()
    if line.startswith("Step ") and " : LABEL " not in line:
        say(f"image {name}: {line}")


def _remove_superseded(client: DockerClient, name: str, keep: str, root: Path) -> None:
    """Remove this installation's older builds of the image, and what the assembly stage left, and say so.

    A few stay: a worker that was not restarted yet may need its own. So does one that a container uses, and whatever
    another installation on the same engine has a tag for.
    """
    images = list_images(client, root)
    others = [image for image in images if image.name == name and image.own_tags and image.content_digest != keep]
    for image in others[BUILDS_KEPT:]:  # newest first
        for tag in image.own_tags:
            _remove(client, tag)
    with engine_faults("remove what the build left"):
        client.images.prune(filters={"dangling": True, "label": f"{STAGE_LABEL}=assemble"})


def _remove(client: DockerClient, reference: str) -> None:
    with engine_faults(f"remove the superseded image {reference}"):
        try:
            client.api.remove_image(reference)
            say(f"image {reference}: superseded, removed")
        except ImageNotFound:
            pass  # somebody was faster
        except APIError as error:
            if error.status_code != _IN_USE:
                raise
            say(f"image {reference}: superseded, but a container still uses it")
