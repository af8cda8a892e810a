"""TEST: no format without its page: each media type that an image takes is named on a page of docs/formats/."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "formats"
PAGES = {page.name: page.read_text("utf-8") for page in FOLDER.glob("*.md") if page.name != "README.md"}


def routed() -> list[str]:
    """Every media type of every profile of every image."""
    manifests = [tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "sandbox_images").glob("*/parser.toml")]
    assert len(manifests) >= 2
    return sorted({kind for manifest in manifests for p in manifest["profiles"].values() for kind in p["media_types"]})


@pytest.mark.parametrize("media_type", routed())
def test_a_routed_media_type_is_named_on_a_page(media_type: str) -> None:
    assert [name for name, text in PAGES.items() if f"`{media_type}`" in text] != []


def test_the_table_of_all_formats_leads_to_every_page() -> None:
    table = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in PAGES if f"]({name})" not in table] == []
