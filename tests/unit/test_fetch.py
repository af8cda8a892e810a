"""TEST: what is spooled is what was hashed, also on a disk that is nearly full."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from ingest import fetch
from ingest.errors import StoreUnavailable


class Source:
    """A store of one object."""

    uri = "file:///source/"

    @contextmanager
    def open(self, _key: str, _version: str = "") -> Iterator[BinaryIO]:
        yield io.BytesIO(b"0123456789")


class Stingy(io.BytesIO):
    """Takes three bytes at a time, as a raw file may."""

    def write(self, data: "memoryview | bytes") -> int:  # type: ignore[override]
        return super().write(bytes(data[:3]))


def test_a_short_write_loses_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stingy(_spool: Path) -> IO[bytes]:
        return Stingy()

    monkeypatch.setattr(fetch, "_spool_file", stingy)
    with fetch.fetched(Source(), "a", "", bytes_max=100, spool=tmp_path) as content:  # type: ignore[arg-type]
        spooled = content.content.read()
    assert spooled == b"0123456789"
    assert content.sha256 == hashlib.sha256(spooled).hexdigest()


def test_a_spool_that_cannot_be_made_is_our_fault_not_a_bug(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreUnavailable),
        fetch.fetched(Source(), "a", "", bytes_max=100, spool=tmp_path / "gone"),  # type: ignore[arg-type]
    ):
        pass
