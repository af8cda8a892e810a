"""TEST: what our reader does not know is read by the library unstructured, given from outside, where that was built."""

from contextlib import closing
from pathlib import Path

import pytest

from ingest.images import connect, resolve_profiles
from tests.acceptance.conftest import Installation
from tests.integration.sandbox.second_reader_files import documents, with_something_hidden


def test_a_workbook_under_another_spelling_is_found_and_a_hidden_sheet_is_not(
    fresh: Installation, tmp_path: Path
) -> None:
    """Its stream is called WORKBOOK, which our reader does not take for a workbook's."""
    with closing(connect()) as client:
        if "unstructured" not in resolve_profiles(client):
            pytest.skip("the image unstructured is not built: `gloveport images build unstructured` builds it")
    (tmp_path / "sales.xls").write_bytes(documents()["ole"][1])
    (tmp_path / "hiding.xls").write_bytes(with_something_hidden()["ole"][1])
    ran = fresh("run", str(tmp_path), "--json")
    read, held = ran.files["sales.xls"], ran.files["hiding.xls"]
    assert (read["outcome"], read["parser"].partition("@")[0]) == ("indexed", "unstructured"), ran.stdout
    assert read["findings"] == ["type_mismatch", "not_examined"]
    assert (held["outcome"], held["reason"]) == ("quarantined", "unsupported")
    assert held["parser"].startswith("spreadsheets@")  # the first verdict stands
    (found,) = fresh("search", "Sales", "--json").rows
    assert "Sales" in found["text"]
