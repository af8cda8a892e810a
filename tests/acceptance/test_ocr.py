"""TEST: a picture of text, given from outside, answers a search; with the image `ocr`, where it was built."""

from contextlib import closing
from pathlib import Path

import pytest

from ingest.images import connect, context_root, image_manifests, resolve_profiles
from ingest.manifests import smoke_tests
from tests.acceptance.conftest import Installation


def test_a_picture_of_text_is_found(fresh: Installation, tmp_path: Path) -> None:
    with closing(connect()) as client:
        if "ocr" not in resolve_profiles(client):
            pytest.skip("the image ocr is not built: `gloveport images build ocr` builds it")
    (tmp_path / "scan.png").write_bytes(smoke_tests(image_manifests(context_root()))["ocr"].content())
    ran = fresh("run", str(tmp_path), "--json")
    assert ran.files["scan.png"]["outcome"] == "indexed", ran.stdout
    (found,) = fresh("search", "smoke test", "--json").rows
    assert "Gloveport smoke test" in found["text"]
