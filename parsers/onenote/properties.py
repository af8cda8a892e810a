"""SANDBOX, untrusted: property sets of OneNote objects ([MS-ONESTORE] 2.6.5 to 2.6.9).

A property's identifier tells its type; its value stands in the order of identifiers, or, for references to other
objects, in the object's streams of references.
"""

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from parsers.onenote.model import Bytes, Name, Object

DEPTH_MAX = 16
SETS_MAX = 100_000  # of one object
_SET_BYTES = 32  # what a set is charged with: empty ones take time, too, and objects may lie over each other
_FIXED = {0x1: 0, 0x2: 0, 0x3: 1, 0x4: 2, 0x5: 4, 0x6: 8}
_BYTES, _OBJECT, _OBJECTS, _SPACE, _SPACES, _CONTEXT, _CONTEXTS = 0x7, 0x8, 0x9, 0xA, 0xB, 0xC, 0xD
_SETS, _SET = 0x10, 0x11

Value = int | bytes | tuple[Name, ...]


class Properties(NamedTuple):
    """Values by identifier (all 32 bits without the one of truth values)."""

    values: dict[int, Value]

    def data(self, key: int) -> bytes:
        """Bytes; none where there is no such property."""
        value = self.values.get(key, b"")
        return value if isinstance(value, bytes) else b""

    def number(self, key: int) -> int:
        """A number, a truth value; 0 where there is no such property."""
        value = self.values.get(key, 0)
        return value if isinstance(value, int) else 0

    def names(self, key: int) -> tuple[Name, ...]:
        """Objects or spaces referred to."""
        value = self.values.get(key, ())
        return value if isinstance(value, tuple) else ()

    def text(self, key: int) -> str:
        """UTF-16, up to a NUL."""
        data = self.data(key)
        return data[: len(data) & ~1].decode("utf-16-le", "replace").partition("\x00")[0]


def properties_of(each: Object, account: Callable[[int], None]) -> Properties:
    """An object's properties, as far as they can be read. `account` is told how many bytes are kept."""
    reading = _Reading(each, account)
    values: dict[int, Value] = {}
    with suppress(struct.error):  # an object that breaks off has the properties before that
        reading.read(values, 0)
    return Properties(values)


class _Reading:
    def __init__(self, each: Object, account: Callable[[int], None]) -> None:
        self._bytes = Bytes(each.data)
        self._references, self._spaces = each.references, each.spaces
        self._next_reference = self._next_space = 0
        self._sets_left = SETS_MAX
        self._account = account

    def read(self, values: dict[int, Value], depth: int) -> None:
        """One set. Sets in it are read for what they take, and forgotten."""
        self._sets_left -= 1
        if depth > DEPTH_MAX or self._sets_left < 0:
            raise struct.error("too many sets")
        count = self._bytes.number(2)
        self._account(_SET_BYTES + 4 * count)
        for (key,) in struct.iter_unpack("<L", self._bytes.take(4 * count)):
            value = self._value(key, depth)
            if value is not None:
                values.setdefault(key & 0x7FFFFFFF, value)

    def _value(self, key: int, depth: int) -> Value | None:
        kind = key >> 26 & 0x1F
        if kind in _FIXED:
            return key >> 31 if kind == 0x2 else self._bytes.number(_FIXED[kind])
        if kind == _BYTES:
            data = self._bytes.take(self._bytes.number(4))
            self._account(len(data))
            return bytes(data)
        if kind in (_OBJECT, _SPACE, _CONTEXT):
            return self._taken(kind, 1)
        if kind in (_OBJECTS, _SPACES, _CONTEXTS):
            return self._taken(kind - 1, self._bytes.number(4))
        if kind == _SET:
            self.read({}, depth + 1)
        elif kind == _SETS:
            count = self._bytes.number(4)
            if count:
                self._bytes.take(4)  # the identifier that all of them have
            for _ in range(count):
                self.read({}, depth + 1)
        else:
            raise struct.error("no type of a property")
        return None

    def _taken(self, kind: int, count: int) -> tuple[Name, ...]:
        if kind == _OBJECT:
            names = self._references[self._next_reference : self._next_reference + count]
            self._next_reference += count
            return names
        if kind == _SPACE:
            names = self._spaces[self._next_space : self._next_space + count]
            self._next_space += count
            return names
        return ()
