"""SANDBOX, untrusted: objects embedded in or linked to an RTF document: named for the reviewer, and passed on."""

import binascii
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import FindingKind, Severity, Withheld
from parsers.archive.ole_object import unpacked
from parsers.archive.storage import holds_file
from parsers.blocks import FoundIssue, Outlet, Refused
from parsers.compound_file import SIGNATURE, CompoundFile
from parsers.rtf.vocabulary import OBJECTS_CONTROL, OBJECTS_LINKED

_FINDINGS_MAX = 50
_CLASS_CHARS_MAX = 100
_EMBEDDED = 2  # FormatID, [MS-OLEDS] 2.2.4
NO_DIGITS = bytes(code for code in range(256) if code not in b"0123456789ABCDEFabcdef")


@dataclass(slots=True)
class _Object:
    name: list[str] = field(default_factory=list)
    linked: bool = False
    control: bool = False
    updates: bool = False
    digits: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Objects:
    """The objects met, and which of them are open."""

    _all: list[_Object] = field(default_factory=list)
    _open: list[_Object] = field(default_factory=list)

    def begin(self) -> Callable[[], None]:
        r"""An `\\object` group opens; call the result when it closes."""
        self._open.append(_Object())
        self._all.append(self._open[-1])
        return self._end

    def _end(self) -> None:
        self._open.pop()

    def shown_by_itself(self) -> bool:
        """Whether an open object is passed on, so that its picture need not be read."""
        return any(not each.control for each in self._open)

    def word(self, word: str) -> None:
        """A control word in the document: it may say what kind of object this is."""
        if not self._open:
            return
        current = self._open[-1]
        current.linked |= word in OBJECTS_LINKED
        current.control |= word in OBJECTS_CONTROL
        current.updates |= word == "objupdate"

    def class_name(self) -> list[str]:
        """Where the class name of the open object is collected."""
        return self._open[-1].name if self._open else []

    def data(self, digits: bytes) -> None:
        """Hexadecimal digits of the open object's data."""
        if self._open:
            self._open[-1].digits += digits.translate(None, NO_DIGITS)

    def pass_on(self, files: Outlet) -> None:
        """The open object's data have ended: its file goes out, unless it is a control, a link or a formula."""
        current = self._open[-1] if self._open else _Object()
        digits, current.digits = current.digits, bytearray()
        if not digits or current.linked or current.control:
            return
        name = f"object {len(self._all)}"
        try:
            found = _file(binascii.unhexlify(memoryview(digits)[: len(digits) // 2 * 2]))
        except Refused as refused:
            files.withhold(name, Withheld.CORRUPT, refused.detail)
        except (struct.error, ValueError):
            files.withhold(name, Withheld.CORRUPT, "an object's data that make no sense")
        else:
            if found is not None:
                files.embed(found[0] or name, found[1])

    def findings(self) -> Iterator[FoundIssue]:
        """One finding for each object, up to a number."""
        for each in self._all[:_FINDINGS_MAX]:
            name = "".join(each.name).strip()[:_CLASS_CHARS_MAX] or "an object without a class"
            if each.linked:
                yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "object", f"linked: {name}")
            else:
                yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "object", name)
            if each.control or each.updates:
                what = "control" if each.control else "object that runs its server when opened"
                yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "object", f"{what}: {name}")
        if len(self._all) > _FINDINGS_MAX:
            more = f"{len(self._all) - _FINDINGS_MAX} more objects"
            yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "document", more)


def _file(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the file in an object; None for what is none. Raises `Refused`, `struct.error`, `ValueError`.

    [MS-OLEDS] 2.2.5: a version, what it is, three strings, the native data with their length before them. Those of
    Windows' packager are as in the stream `Ole10Native`; those of OLE 2 are a compound file.
    """
    if struct.unpack_from("<L", data, 4)[0] != _EMBEDDED:
        return None
    program, at = _string(data, 8)
    for _ in range(2):
        _, at = _string(data, at)
    (size,) = struct.unpack_from("<L", data, at)
    native = data[at + 4 : at + 4 + size]
    if len(native) < size:
        raise ValueError("breaks off")
    if native.startswith(SIGNATURE):
        return ("", native) if holds_file(CompoundFile(native), "") else None
    if program.lower() == b"package":
        return unpacked(data[at : at + 4 + size])
    return ("", native) if native else None


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """A string with its length before it, and a zero at its end (2.1.4)."""
    (length,) = struct.unpack_from("<L", data, at)
    end = at + 4 + length
    if end > len(data):
        raise ValueError("breaks off")
    return data[at + 4 : end].rstrip(b"\x00"), end
