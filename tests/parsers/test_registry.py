"""TEST: every media type has a parser that claims it, every group can be loaded, and the manifest names only these."""

import tomllib
from pathlib import Path

import pytest

from parsers import registry

MANIFEST = tomllib.loads(Path("sandbox_images/documents/parser.toml").read_text())


@pytest.mark.parametrize("media_type", registry.MODULE_OF_MEDIA_TYPE)
def test_the_parser_claims_the_type(media_type: str) -> None:
    parser = registry.parser_for(media_type)
    assert parser is not None
    assert media_type in parser.media_types


@pytest.mark.parametrize("profile", MANIFEST["profiles"])
def test_a_profile_loads_what_the_registry_has(profile: str) -> None:
    table = MANIFEST["profiles"][profile]
    registry.preload(table["preload"])
    also_html = {"application/xhtml+xml"}
    assert set(table["media_types"]) - also_html <= set(registry.MODULE_OF_MEDIA_TYPE)


def test_an_unknown_type_and_an_unknown_group() -> None:
    assert registry.parser_for("application/x-nothing") is None
    with pytest.raises(registry.UnknownGroup):
        registry.preload(["nothing"])
