"""TEST: a build removes what is old, and leaves what another version on the same engine may still need."""

from pathlib import Path
from typing import Any

import pytest

from ingest.images import build
from ingest.images.installed import InstalledImage


def image(name: str, number: int) -> InstalledImage:
    """An image; higher numbers are newer."""
    return InstalledImage(name, f"sha256:{number:064x}", f"digest-{number}", (f"{name}:{number}",), 1, number, False)


def test_only_the_oldest_builds_of_the_same_image_go(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = [image("documents", number) for number in range(9, 0, -1)]  # newest first, as `list_images` gives them
    removed: list[str] = []

    class Client:
        class images:  # noqa: N801 - as the client of the engine calls it
            @staticmethod
            def prune(**_arguments: Any) -> None: ...

    monkeypatch.setattr(build, "list_images", lambda _client, _root: [*mine, image("office", 0)])
    monkeypatch.setattr(build, "_remove", lambda _client, reference: removed.append(reference))
    build._remove_superseded(Client(), "documents", keep="digest-9", root=Path())  # type: ignore[arg-type]
    assert removed == [f"documents:{number}" for number in range(8 - build.BUILDS_KEPT, 0, -1)]
