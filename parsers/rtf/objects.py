"""SANDBOX, untrusted: objects embedded in or linked to an RTF document: named for the reviewer, never unpacked here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.rtf.vocabulary import OBJECTS_CONTROL, OBJECTS_LINKED

_FINDINGS_MAX = 50
_CLASS_CHARS_MAX = 100


@dataclass(slots=True)
class _Object:
    name: list[str] = field(default_factory=list)
    linked: bool = False
    control: bool = False
    updates: bool = False


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
