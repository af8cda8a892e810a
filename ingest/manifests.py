"""HOST, trusted: reads what an image says of itself in `parser.toml`; nothing of an image is ever imported.

    [image]                      name, title, description, licenses (an SPDX expression), license_note,
                                 debian_packages (what its base has besides Python), optional (done without if missing)
    [profiles.NAME]              media_types (none: only other profiles' further tries come here), preload (groups of
                                 parsers to warm up), fallback
    [profiles.NAME.limits]       optional; fields of `ingest.sandbox.base.Limits` in which this profile differs
    [profiles.NAME.escalation]   optional; reasons, or findings, after which a file gets one further try: with factor
                                 times as much room (default 2), in another profile if one is named; of two verdicts
                                 the second stands, or with `stands = "first"` the first
    [profiles.NAME.smoke_test]   media_type, document or document_base64, expect_text

A profile is one way of starting an image. Profile names and media types are unique over all images of a host.
"""

import base64
import binascii
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ingest.errors import ConfigurationError

MANIFEST_NAME: Final = "parser.toml"

# These become tags, labels and arguments of a sandbox, so their alphabet is small.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Group = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[A-Za-z0-9][A-Za-z0-9.+-]{0,126}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Amount = Annotated[int, Field(gt=0)]
Duration = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ImageTable(_Table):
    """What the image is. `licenses` is an SPDX expression over everything in it.

    `optional`: where it was not built, its profiles, what leads to them and its media types are as if never named.
    """

    name: Name
    title: Line
    description: Line
    licenses: Line
    license_note: Line
    debian_packages: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]{1,63}$")]] = []
    optional: bool = False


class LimitsTable(_Table):
    """Limits in which a profile differs from the defaults; units as in `ingest.sandbox.base.Limits`."""

    memory_bytes: Amount | None = None
    tmpfs_bytes: Amount | None = None
    pids: Amount | None = None
    cpus: Duration | None = None
    cpu_seconds: Duration | None = None
    wall_seconds: Duration | None = None
    wall_seconds_per_mebibyte: Duration | None = None
    wall_seconds_max: Duration | None = None
    stall_seconds: Duration | None = None
    idle_seconds: Amount | None = None
    input_bytes: Amount | None = None
    output_bytes: Amount | None = None
    stderr_bytes: Amount | None = None
    open_files: Amount | None = None


_SAID_BY_A_PARSER: Final = frozenset({"empty", "corrupt", "unsupported"})


class EscalationTable(_Table):
    """One further try after one of these verdicts, or with one of these findings in what was read.

    For want of room, for a parser that died of the file, and for pages that another image can read: what was read
    without them stands if the further try comes to nothing. What a parser says of a file (`empty`, `corrupt`,
    `unsupported`) is worth a further try in another profile only.
    """

    reasons: list[
        Literal[
            "timeout",
            "stalled",
            "cpu_limit",
            "out_of_memory",
            "crashed",
            "pids_limit",
            "disk_limit",
            "output_limit",
            "empty",
            "corrupt",
            "unsupported",
        ]
    ] = []
    findings: list[Literal["needs_ocr"]] = []
    factor: Annotated[float, Field(ge=1, le=16)] = 2.0
    profile: Name | None = None
    stands: Literal["first", "second"] = "second"

    @model_validator(mode="after")
    def _differs_from_the_first(self) -> Self:
        if self.factor == 1 and self.profile is None:
            raise ValueError("the same room in the same profile would be the same try again")
        if not self.reasons and not self.findings:
            raise ValueError("name reasons or findings")
        if self.profile is None and (self.findings or not _SAID_BY_A_PARSER.isdisjoint(self.reasons)):
            raise ValueError("the same parser would find the same: name another profile")
        if self.stands == "first" and "empty" in self.reasons:
            raise ValueError("a second reader's word on an empty file is the better one")
        return self


class SmokeTest(_Table):
    """A tiny document which the profile must turn into text that contains `expect_text`."""

    media_type: MediaType
    document: str = ""
    document_base64: str = ""
    expect_text: Line

    @model_validator(mode="after")
    def _one_document(self) -> Self:
        if bool(self.document) == bool(self.document_base64):
            raise ValueError("give either document or document_base64")
        try:
            self.content()
        except binascii.Error as error:
            raise ValueError(f"document_base64: {error}") from None
        return self

    def content(self) -> bytes:
        """The bytes of the document."""
        return self.document.encode() or base64.b64decode("".join(self.document_base64.split()), validate=True)


class ProfileTable(_Table):
    """One way of starting an image. `fallback`: also takes the media types which no profile names.

    Without media types, only the further tries of other profiles come to it.
    """

    media_types: list[MediaType]
    preload: list[Group]
    fallback: bool = False
    limits: LimitsTable = LimitsTable()
    escalation: EscalationTable | None = None
    smoke_test: SmokeTest

    @model_validator(mode="after")
    def _smoke_test_is_its_own(self) -> Self:
        if self.media_types and self.smoke_test.media_type not in self.media_types:
            raise ValueError("smoke_test.media_type is not among media_types")
        return self


class Manifest(_Table):
    """A whole `parser.toml`."""

    image: ImageTable
    profiles: Annotated[dict[Name, ProfileTable], Field(min_length=1)]


def read_manifest(path: Path) -> Manifest:
    """One manifest. Raises `ConfigurationError` naming the file and the first thing wrong in it."""
    try:
        manifest = Manifest.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {place or 'manifest'}: {first['msg']}") from None
    if manifest.image.name != path.parent.name:
        raise ConfigurationError(f"{path}: image.name is {manifest.image.name!r}, its folder is {path.parent.name!r}")
    return manifest


def read_manifests(images_directory: Path) -> dict[str, Manifest]:
    """Image name to manifest, for every folder of `images_directory` that has one.

    Raises `ConfigurationError` when there is none, when two name the same profile or media type, or when not exactly
    one profile is the fallback.
    """
    paths = sorted(images_directory.glob(f"*/{MANIFEST_NAME}"))
    manifests = {manifest.image.name: manifest for manifest in map(read_manifest, paths)}
    if not manifests:
        raise ConfigurationError(f"{images_directory}: no image with a {MANIFEST_NAME}")
    _require_unique("profile", (name for manifest in manifests.values() for name in manifest.profiles))
    _require_unique("media type", (kind for _, table in _profiles(manifests) for kind in table.media_types))
    fallback_profile(manifests)
    return manifests


def routes(manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """Media type to the name of the profile that takes it."""
    return {kind: name for name, table in _profiles(manifests) for kind in table.media_types}


def escalations(manifests: Mapping[str, Manifest]) -> dict[str, EscalationTable]:
    """Profile name to its escalation, for the profiles that have one."""
    return {name: table.escalation for name, table in _profiles(manifests) if table.escalation is not None}


def smoke_tests(manifests: Mapping[str, Manifest]) -> dict[str, SmokeTest]:
    """Profile name to the document it must be able to read."""
    return {name: table.smoke_test for name, table in _profiles(manifests)}


def fallback_profile(manifests: Mapping[str, Manifest]) -> str:
    """The name of the profile for media types without a route. Raises `ConfigurationError` unless there is one."""
    names = [name for name, table in _profiles(manifests) if table.fallback]
    if len(names) != 1:
        raise ConfigurationError(f"exactly one profile must be the fallback, not {', '.join(names) or 'none'}")
    return names[0]


def _profiles(manifests: Mapping[str, Manifest]) -> Iterable[tuple[str, ProfileTable]]:
    for manifest in manifests.values():
        yield from manifest.profiles.items()


def _require_unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigurationError(f"{what} {name!r} is named twice in the images' manifests")
        seen.add(name)
