"""SANDBOX, untrusted: what a section is made of, however it is stored: spaces of objects that refer to each other.

An object space is a page, or the section itself. Objects are named by a GUID and a number ("extended GUID").
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused

OBJECTS_MAX = 1_000_000  # declared in all revisions of all spaces together
CONTENT_ROOT = 1  # MS-ONE 2.1.8: roles of roots
Name = tuple[bytes, int]
NOBODY: Name = (b"", 0)


class Object(NamedTuple):
    """One declared object. `references` and `spaces` are in the order in which its properties take them."""

    kind: int  # JCID (MS-ONE 2.1.13)
    data: memoryview  # the property set
    references: tuple[Name, ...] = ()
    spaces: tuple[Name, ...] = ()
    file: str = ""  # of a file's declaration: where its bytes are


@dataclass(slots=True)
class Space:
    """The current revision of an object space."""

    objects: dict[Name, Object] = field(default_factory=dict)
    roots: dict[int, Name] = field(default_factory=dict)


@dataclass(slots=True)
class Section:
    """All of a file. `files` are by the reference that a declaration has, in the order of the store."""

    spaces: dict[Name, Space] = field(default_factory=dict)
    root: Name = NOBODY
    files: dict[str, memoryview] = field(default_factory=dict)
    encrypted: bool = False
    damaged: list[str] = field(default_factory=list)


class Bytes:
    """A place in the bytes of the file, which only moves forward. Reading beyond the end raises `struct.error`."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self.data = data
        self.at = at

    def left(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, size: int) -> memoryview:
        """So many bytes."""
        if size < 0 or size > self.left():
            raise struct.error("no bytes left")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def name(self) -> Name:
        """An extended GUID (MS-ONESTORE 2.2.1)."""
        guid = bytes(self.take(16))
        return guid, self.number(4)


def too_much(what: str) -> Refused:
    """The refusal of a file whose parts refer to each other too often."""
    return Refused(Refusal.BOMB, f"OneNote: {what}")
