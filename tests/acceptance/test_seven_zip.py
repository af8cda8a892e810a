"""TEST: 7z archives through real sandboxes: their files answer, bombs and secrets are held, and nothing is unpacked."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import Installation
from tests.parsers.seven_zip_file import LZMA2, by_hand, lzma2, solid

pytestmark = pytest.mark.timeout(280)

MANUAL = b"The intake filter of the glove box is changed once a quarter.\n"
AES = b"\x06\xf1\x07\x01"


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep.txt", "The exhaust filter is changed once a year.\n")
    return buffer.getvalue()


def test_a_7z_is_read_file_by_file_and_a_bad_one_costs_itself(fresh: Installation, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    good = solid({
        "docs/manual.txt": MANUAL,
        "../../tmp/escape.txt": b"It leads out of the folder, and stays in it all the same.\n",
        "noise.bin": random.Random(7).randbytes(300_000),
        "inside.zip": _zipped(),
    })  # fmt: skip
    archives = {
        "good.7z": good,
        "cut.7z": good[:-20],
        "bomb.7z": by_hand(lzma2(bytes(64 << 20)), [LZMA2], [64 << 20]),
        "secret.7z": by_hand(b"sixteen bytes it", [(AES, b"\x13\x00")], [16]),
    }
    for name, content in archives.items():
        (uploads / name).write_bytes(content)
    ran = fresh("run", str(uploads), "--json")
    assert ran.exit_code == 100
    ends = {key: (row["outcome"], row["reason"]) for key, row in ran.files.items()}
    assert ends == {
        "good.7z": ("indexed", None),
        "good.7z!/manual.txt": ("indexed", None),
        "good.7z!/escape.txt": ("indexed", None),
        "good.7z!/noise.bin": ("quarantined", "unsupported"),
        "good.7z!/inside.zip": ("indexed", None),
        "good.7z!/inside.zip!/deep.txt": ("indexed", None),
        "cut.7z": ("quarantined", "corrupt"),
        "bomb.7z": ("indexed", None),
        "bomb.7z!/a": ("quarantined", "bomb"),
        "secret.7z": ("quarantined", "encrypted"),
    }
    assert ran.files["good.7z"]["media_type"] == "application/x-7z-compressed"
    assert set(ran.files["good.7z"]["findings"]) == {"embedded_file", "path_traversal"}
    assert not Path("/tmp/escape.txt").exists()
    found = fresh("search", "intake filter", "--json").rows
    assert found[0]["key"] == "good.7z!/manual.txt"
    assert found[0]["provenance"] == ["good.7z", "manual.txt"]
