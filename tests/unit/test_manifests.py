"""TEST: what a manifest may say, and that everything else is refused with the place of the mistake."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ConfigurationError
from ingest.manifests import (
    LimitsTable,
    Manifest,
    fallback_profile,
    read_manifest,
    read_manifests,
    routes,
)
from ingest.sandbox.base import Limits

GOOD = """
[image]
name = "letters"
title = "Letters"
description = "Reads letters."
licenses = "MIT"
license_note = "Nothing special."

[profiles.letter]
media_types = ["text/x-letter"]
preload = ["text"]
fallback = true

[profiles.letter.limits]
memory_bytes = 1000000

[profiles.letter.smoke_test]
media_type = "text/x-letter"
document = "Dear reader"
expect_text = "Dear"
"""


def written(folder: Path, text: str, name: str = "letters") -> Path:
    """A manifest file in its image's folder."""
    path = folder / name / "parser.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_a_good_manifest_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, GOOD))
    profile = manifest.profiles["letter"]
    assert manifest.image.licenses == "MIT"
    assert profile.preload == ["text"]
    assert profile.limits.model_dump(exclude_none=True) == {"memory_bytes": 1_000_000}
    assert profile.smoke_test.content() == b"Dear reader"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('title = "Letters"', "", "image.title"),
        ('title = "Letters"', 'title = "a\\u0007b"', "image.title"),
        ('title = "Letters"', 'title = "Letters"\nentrypoint = "sh"', "image.entrypoint"),
        ('["text/x-letter"]', '["letter"]', "profiles.letter.media_types.0"),
        ('["text/x-letter"]', '["text/y-letter"]', "profiles.letter"),
        ('["text"]', '["--help"]', "profiles.letter.preload.0"),
        ("memory_bytes = 1000000", "memory_bytes = 0", "profiles.letter.limits.memory_bytes"),
        ("memory_bytes = 1000000", 'memory_bytes = "1"', "profiles.letter.limits.memory_bytes"),
        ("memory_bytes = 1000000", "memory = 1", "profiles.letter.limits.memory"),
        ("memory_bytes = 1000000", "wall_seconds = inf", "profiles.letter.limits.wall_seconds"),
        ('document = "Dear reader"', "", "profiles.letter.smoke_test"),
        ('document = "Dear reader"', 'document = "a"\ndocument_base64 = "YQ=="', "profiles.letter.smoke_test"),
        ('document = "Dear reader"', 'document_base64 = "?"', "profiles.letter.smoke_test"),
        ("fallback = true", "fallback = 1", "profiles.letter.fallback"),
        ("profiles.letter", "profiles.Letter", "profiles.Letter"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        read_manifest(path)
    assert f"{path}: {place}" in str(caught.value)


def test_a_profile_may_take_no_type_by_itself(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, GOOD.replace('media_types = ["text/x-letter"]', "media_types = []")))
    assert routes({"letters": manifest}) == {}


@pytest.mark.parametrize("text", ["not toml at all [", ""])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"parser\.toml"):
        read_manifest(written(tmp_path, text))


def test_a_manifest_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"parser\.toml"):
        read_manifest(path)


def test_the_folder_and_the_name_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder is 'parcels'"):
        read_manifest(written(tmp_path, GOOD, "parcels"))


def test_base64_documents_may_be_wrapped(tmp_path: Path) -> None:
    wrapped = GOOD.replace('document = "Dear reader"', 'document_base64 = """\nRGVhciBy\nZWFkZXI=\n"""')
    assert read_manifest(written(tmp_path, wrapped)).profiles["letter"].smoke_test.content() == b"Dear reader"


def second(name: str, media_type: str, *, fallback: bool) -> str:
    """Another image's manifest."""
    text = GOOD.replace("letters", "parcels").replace("profiles.letter", f"profiles.{name}")
    text = text.replace("text/x-letter", media_type)
    return text if fallback else text.replace("fallback = true", "")


def test_routes_lead_over_all_images(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, second("parcel", "text/x-parcel", fallback=False), "parcels")
    manifests = read_manifests(tmp_path)
    assert routes(manifests) == {"text/x-letter": "letter", "text/x-parcel": "parcel"}
    assert fallback_profile(manifests) == "letter"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (second("letter", "text/x-parcel", fallback=False), "profile 'letter' is named twice"),
        (second("parcel", "text/x-letter", fallback=False), "media type 'text/x-letter' is named twice"),
        (second("parcel", "text/x-parcel", fallback=True), "exactly one profile must be the fallback"),
    ],
)
def test_images_may_not_contradict_each_other(tmp_path: Path, text: str, complaint: str) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, text, "parcels")
    with pytest.raises(ConfigurationError, match=complaint):
        read_manifests(tmp_path)


def test_a_folder_without_images_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no image"):
        read_manifests(tmp_path)


def test_limits_have_the_names_and_kinds_of_the_engine_limits() -> None:
    assert set(LimitsTable.model_fields) == set(Limits.__dataclass_fields__)
    whole = {name for name, value in Limits.__dataclass_fields__.items() if value.type is int}
    for name in Limits.__dataclass_fields__:
        LimitsTable.model_validate({name: 1 if name in whole else 1.5})


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_no_table_of_any_shape_gets_in_but_a_manifest(content: object) -> None:
    with pytest.raises(ValueError, match="Manifest"):
        Manifest.model_validate(content)
