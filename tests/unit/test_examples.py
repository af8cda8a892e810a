"""TEST: the example uploads are made by the standard library alone, always the same, and as hostile as they claim."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from contract.verdicts import Reason
from examples import make_uploads, pdf_syntax

SCRIPT = Path(make_uploads.__file__)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uploads")
    # -I -S: no site-packages, no environment, no current folder.
    subprocess.run([sys.executable, "-I", "-S", "-B", SCRIPT, folder], check=True, capture_output=True, cwd="/")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_files_every_time(uploads: Path) -> None:
    made = make_uploads.GOOD | make_uploads.HOSTILE
    assert written(uploads) == {name: make() for name, make in made.items()}


def test_every_file_has_an_expectation(uploads: Path) -> None:
    assert set(make_uploads.EXPECTED) == set(written(uploads))
    assert set(make_uploads.EXPECTED.values()) <= {"indexed", *Reason}
    assert set(make_uploads.GOOD) <= {name for name, outcome in make_uploads.EXPECTED.items() if outcome == "indexed"}


def test_no_two_files_are_alike(uploads: Path) -> None:
    """A copy would be recognised by its hash, and the demonstration would show one outcome for two files."""
    hashes = [hashlib.sha256(content).hexdigest() for content in written(uploads).values()]
    assert len(hashes) == len(set(hashes))


@pytest.mark.parametrize("make", make_uploads.HOSTILE.values(), ids=lambda make: make.__name__)
def test_every_hostile_file_says_why(make: object) -> None:
    assert len((make.__doc__ or "").splitlines()[0]) > 30


def test_nothing_large_on_disk(uploads: Path) -> None:
    assert sum(map(len, written(uploads).values())) < 10 << 20


@pytest.mark.parametrize(
    "name", [name for name in make_uploads.EXPECTED if name.endswith(".pdf") and name != "invoice.pdf"]
)
def test_pdf_references_lead_where_they_say(uploads: Path, name: str) -> None:
    content = (uploads / name).read_bytes()
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", content)[-1])
    offsets = [int(match) for match in re.findall(rb"(\d{10}) 00000 n", content[start:])]
    assert offsets
    for number, offset in enumerate(offsets, 1):
        assert content[offset:].startswith(b"%d 0 obj" % number)
    for match in re.finditer(rb"/Length (\d+) [^>]*>>\nstream\n", content):
        assert content[match.end() + int(match[1]) :].startswith(b"\nendstream")


def test_the_docx_is_a_sound_package(uploads: Path) -> None:
    with zipfile.ZipFile(uploads / "policies/warranty-and-returns.docx") as package:
        assert package.testzip() is None
        assert {"[Content_Types].xml", "_rels/.rels", "word/document.xml"} <= set(package.namelist())


def test_the_bomb_inflates(uploads: Path) -> None:
    path = uploads / "quarterly-report.docx"
    with zipfile.ZipFile(path) as package:
        member = package.getinfo("word/document.xml")
        assert member.file_size > 1 << 31
        assert member.file_size > 900 * path.stat().st_size
    content = path.read_bytes()
    start = content.index(b"word/document.xml", member.header_offset) + len(b"word/document.xml")
    inflated = zlib.decompressobj(-15).decompress(content[start : start + member.compress_size], 32 << 20)
    assert inflated.startswith(b"<w:document")
    assert inflated.endswith(b"AAAA")


def test_the_font_stays_below_the_ratio_that_readers_refuse(uploads: Path) -> None:
    content = (uploads / "brochure.pdf").read_bytes()
    packed = content[content.index(b"\x78\xda") :]
    first = zlib.decompressobj().decompress(packed, 32 << 20)
    assert len(first) == 32 << 20
    assert 100 < (640 << 20) / len(packed) < 200


def test_cut_off_and_empty(uploads: Path) -> None:
    assert (uploads / "empty.txt").stat().st_size == 0
    half = (uploads / "half-an-upload.docx").read_bytes()
    assert half.startswith(b"PK\x03\x04")
    assert not zipfile.is_zipfile(io.BytesIO(half))


def test_names_that_lie(uploads: Path) -> None:
    name = make_uploads.UGLY_NAME
    assert name.startswith("-")
    assert set("\"'\u202e ;$🧤") <= set(name)
    assert name.endswith(".docx")
    assert (uploads / name).read_bytes().startswith(b"%PDF-")
    assert (uploads / "invoice.pdf").read_bytes().startswith(b"PK")


class TestLock:
    # The usual vectors of the cipher, as in Wikipedia's article on RC4.
    @pytest.mark.parametrize(
        ("key", "plain", "secret"),
        [
            (b"Key", b"Plaintext", "bbf316e8d940af0ad3"),
            (b"Wiki", b"pedia", "1021bf0420"),
            (b"Secret", b"Attack at dawn", "45a01f645fc35b383552544b9bf5"),
        ],
    )
    def test_rc4(self, key: bytes, plain: bytes, secret: str) -> None:
        assert pdf_syntax.rc4(key, plain).hex() == secret

    def test_the_empty_password_does_not_open_it(self, uploads: Path) -> None:
        """Algorithm 6 of ISO 32000-1: a password is right if it leads to the same U entry, its first half compared."""
        content = (uploads / "price-agreement.pdf").read_bytes()
        user = re.search(rb"/U <([0-9a-f]{32})", content)
        file_id = re.search(rb"/ID \[<([0-9a-f]+)>", content)
        assert user
        assert file_id
        for password, opens in (("open sesame", True), ("", False)):
            lock = pdf_syntax.Lock(password, "owner", bytes.fromhex(file_id[1].decode()))
            assert (f"/U <{user[1].decode()}" in lock.trailer()) is opens
        assert b"Price agreement" not in content
