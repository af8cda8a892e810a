r"""SANDBOX, untrusted: words on the vector pictures of an RTF document (`\\pict`, in hexadecimal digits or `\\bin`)."""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.blocks import Block
from parsers.metafile.kinds import PICTURE_BYTES_MAX
from parsers.metafile.shown import Pictures
from parsers.rtf.objects import NO_DIGITS

_VECTORS = frozenset(("emfblip", "wmetafile"))


@dataclass(slots=True)
class _Picture:
    """A picture that is open. `wanted`: it is of a kind that may have words."""

    wanted: bool = False
    digits: bytearray = field(default_factory=bytearray)
    data: bytes = b""


@dataclass(slots=True)
class RtfPictures:
    """The pictures met. They do not stand in one another: the one that began last is open."""

    shown: Pictures = field(default_factory=Pictures)
    _count: int = 0
    _open: _Picture = field(default_factory=_Picture)

    def begin(self) -> None:
        r"""A `\\pict` group opens."""
        self._open = _Picture()
        self._count += 1

    def word(self, word: str) -> None:
        """A control word in it."""
        self._open.wanted |= word in _VECTORS

    def digits(self, digits: bytes) -> None:
        """Hexadecimal digits of it."""
        if self._open.wanted and len(self._open.digits) <= 2 * PICTURE_BYTES_MAX:
            self._open.digits += digits.translate(None, NO_DIGITS)

    def binary(self, data: bytes) -> None:
        r"""Bytes behind `\\bin`."""
        if self._open.wanted and not self._open.data:
            self._open.data = data

    def blocks(self, *, on_white: bool) -> list[Block]:
        """The group closes: what the picture says."""
        done, self._open = self._open, _Picture()
        if not done.wanted:
            return []
        return self.shown.blocks(self._count, lambda: _data(done), on_white=on_white)


def _data(picture: _Picture) -> Iterator[bytes]:
    digits = picture.digits
    yield picture.data or binascii.unhexlify(memoryview(digits)[: len(digits) // 2 * 2])
