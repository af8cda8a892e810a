"""TEST: what the image's manifest routes to a profile has a parser, which the profile loads before its file comes."""

import sys
import tomllib
from pathlib import Path

import pytest

from parsers import registry

MANIFEST = Path(__file__).resolve().parents[2] / "sandbox_images/documents/parser.toml"
PROFILES = tomllib.loads(MANIFEST.read_text("utf-8"))["profiles"]


@pytest.mark.parametrize("media_type", registry.MODULE_OF_MEDIA_TYPE)
def test_a_parser_claims_each_type_that_it_is_given(media_type: str) -> None:
    parser = registry.parser_for(media_type)
    assert parser is not None
    assert media_type in parser.media_types


@pytest.mark.parametrize("name", PROFILES)
def test_every_media_type_of_a_profile_has_a_parser_that_knows_it(name: str) -> None:
    for media_type in PROFILES[name]["media_types"]:
        kind = media_type.lower()
        parser = registry.parser_for(kind)
        assert parser is not None, kind
        assert kind in parser.media_types


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_loaded_the_parser_of_its_smoke_test(name: str) -> None:
    registry.preload(PROFILES[name]["preload"])
    module = registry.MODULE_OF_MEDIA_TYPE[PROFILES[name]["smoke_test"]["media_type"]]
    assert module.partition(":")[0] in sys.modules
    groups = [registry.PRELOAD_GROUPS[group] for group in PROFILES[name]["preload"]]
    assert module.partition(":")[0] in {each for group in groups for each in group}


def test_an_unknown_type_and_an_unknown_group_are_refused() -> None:
    assert registry.parser_for("application/x-nothing") is None
    with pytest.raises(registry.UnknownGroup):
        registry.preload(["no such group"])


@pytest.mark.parametrize("media_type", registry.SECOND_READER_OF_MEDIA_TYPE)
def test_the_second_reader_is_another_one_and_comes_without_its_library(media_type: str) -> None:
    second = registry.parser_for(media_type, ["unstructured"])
    assert second is not None
    assert second is not registry.parser_for(media_type)
    assert second.media_types[0] in registry.MODULE_OF_MEDIA_TYPE
    assert "unstructured" not in sys.modules


def test_in_a_sandbox_of_the_second_reader_no_first_reader_steps_in() -> None:
    assert registry.parser_for("application/pdf", ["unstructured"]) is None
    assert registry.parser_for("application/rtf", ["unstructured"]) is None
