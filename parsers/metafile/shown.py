"""SANDBOX, untrusted: the vector pictures that a document shows: each read once, all of them together bounded."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import FindingKind, Severity
from parsers.blocks import Block, FoundIssue, Refused
from parsers.metafile.kinds import PICTURE_BYTES_MAX, is_picture
from parsers.metafile.model import Budget

_HIDDEN_MAX = 1000
_EXCERPT_CHARS = 150


@dataclass(slots=True)
class Pictures:
    """Pictures of one document. `hidden` is what stands on them unseen."""

    budget: Budget = field(default_factory=Budget)
    hidden: list[str] = field(default_factory=list)
    _keys: set[object] = field(default_factory=set)
    _contents: set[bytes] = field(default_factory=set)

    def blocks(
        self, key: object, load: Callable[[], Iterable[bytes]], *, on_white: bool = True, told: str = ""
    ) -> list[Block]:  # fmt: skip
        """What a picture says that was not shown before, as far as it is a metafile. `load` gives its pieces, of which
        the first tells what it is. `told`: its alternative text, which is not repeated.
        """
        if key in self._keys or self.budget.spent() or self.budget.heads <= 0:
            return []
        self._keys.add(key)
        data = _metafile(load, self.budget)
        if not data:
            return []
        self.budget.pictures -= 1
        content = hashlib.blake2b(data, digest_size=16).digest()
        if content in self._contents:
            return []
        self._contents.add(content)
        # Imported here: most documents show none.
        from parsers.metafile.picture import words_of

        try:
            words = words_of(data, self.budget, on_white=on_white)
        except Exception:  # noqa: BLE001 - one picture, whatever is wrong with it, must not cost the document
            return []
        self.hidden += words.hidden[: max(_HIDDEN_MAX - len(self.hidden), 0)]
        said = " ".join(told.split())
        return [block for block in words.blocks if not said or " ".join(block.text.split()) != said]

    def findings(self, place: str = "pictures") -> Iterator[FoundIssue]:
        """What a reviewer should know of them."""
        if self.hidden:
            excerpt = " ".join(" ".join(self.hidden[:50]).split())[:_EXCERPT_CHARS]
            evidence = f"{len(self.hidden)} texts on pictures: {excerpt}"
            yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, place, evidence)
        if self.budget.spent():
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, place, "more vector pictures than can be read")


def _metafile(load: Callable[[], Iterable[bytes]], budget: Budget) -> bytes:
    """A picture's bytes, nothing of one of another kind, of one that is too large or that is damaged. Every byte that
    was unpacked is counted: many references may lead to one bomb.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in load():
            if not pieces and not is_picture(piece):
                budget.heads -= len(piece)
                return b""
            pieces.append(piece)
            size += len(piece)
            budget.bytes_ -= len(piece)
            if size > PICTURE_BYTES_MAX or budget.spent():
                return b""
    except Refused:
        return b""
    return b"".join(pieces)
