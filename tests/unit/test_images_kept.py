"""TEST: a build removes what is old, and leaves what another version on the same engine may still need."""

from pathlib import Path
from typing import Any

import pytest

from ingest.images import build
from ingest.images.installed import InstalledImage, own_tag, wanted_images


def image(name: str, number: int, *, current: bool = False, own: bool = True) -> InstalledImage:
    """An image; higher numbers are newer. If it is not our `own`, another installation built it."""
    tag = f"{name}:{number}"
    return InstalledImage(
        name,
        f"sha256:{number:064x}",
        f"digest-{number}",
        (tag, f"{tag}-theirs"),
        1,
        number,
        current,
        (tag,) if own else (),
    )


def test_only_the_oldest_builds_of_the_same_image_go(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = [image("documents", number) for number in range(9, 0, -1)]  # newest first, as `list_images` gives them
    theirs = [image("documents", number, own=False) for number in range(30, 20, -1)]
    removed: list[str] = []

    class Client:
        class images:  # noqa: N801 - as the client of the engine calls it
            @staticmethod
            def prune(**_arguments: Any) -> None: ...

    monkeypatch.setattr(build, "list_images", lambda _client, _root: [*theirs, *mine, image("office", 0)])
    monkeypatch.setattr(build, "_remove", lambda _client, reference: removed.append(reference))
    build._remove_superseded(Client(), "documents", keep="digest-9", root=Path())  # type: ignore[arg-type]
    assert removed == [f"documents:{number}" for number in range(8 - build.BUILDS_KEPT, 0, -1)]


def test_an_optional_image_of_another_installation_is_no_choice_of_this_one() -> None:
    assert "ocr" not in wanted_images([])
    assert "ocr" not in wanted_images([image("ocr", 1, own=False)])
    assert "ocr" in wanted_images([image("ocr", 1)]), "it was built here once, and is kept current"
    assert "ocr" in wanted_images([image("ocr", 1, own=False, current=True)]), "it can be used as it is"
    assert "documents" in wanted_images([])


def test_each_installation_has_its_own_name_for_a_build(tmp_path: Path) -> None:
    digest = "sha256:" + "ab" * 32
    first, second = (own_tag("documents", digest, tmp_path / folder) for folder in ("one", "two"))
    assert first != second
    assert first.partition("-")[0] == second.partition("-")[0] == "gloveport/documents:abababababab"
    assert own_tag("documents", digest, tmp_path / "two/../one") == first
