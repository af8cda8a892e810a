"""HOST, trusted: what a file inside another may be called: its container's words, fit to be shown and never a path.

A name is for people. Nothing is ever opened by it: bytes of embedded files lie under keys made of their hash.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from contract.verdicts import FindingKind

NAME_CHARS_MAX: Final = 120
EXTENSION_CHARS_MAX: Final = 16
LEGIBLE_CHARS_MAX: Final = 200

# Categories that move a cursor, reorder or hide text, as in `cli/display.py`, and line breaks.
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_SPACES: Final = re.compile(r"\s+")


class ShownName(NamedTuple):
    """A name fit to be shown; "" when nothing is left. `tricks` are what a reviewer should know of the original.

    `legible` is all of the original, with what does not show replaced: evidence for the tricks.
    """

    name: str
    tricks: tuple[FindingKind, ...]
    legible: str


def shown_name(untrusted_name: str) -> ShownName:
    """The last part of a path in the manner of any system, without what does not show, of bounded length."""
    path = untrusted_name.replace("\\", "/")
    parts = [part for part in _DRIVE.sub("", path).split("/") if part]
    tricks = []
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts or "\0" in path:
        tricks.append(FindingKind.PATH_TRAVERSAL)
    if _BIDI.search(path):
        tricks.append(FindingKind.BIDI_CONTROL)
    last = next((part for part in reversed(parts) if part.strip(". \0")), "")
    return ShownName(_cut(_showable(last, "")), tuple(tricks), _showable(untrusted_name, "\ufffd")[:LEGIBLE_CHARS_MAX])


def _showable(text: str, instead: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    kept = [instead if unicodedata.category(each) in _UNSHOWABLE else each for each in composed]
    return _SPACES.sub(" ", "".join(kept)).strip()


def _cut(name: str) -> str:
    """Long names lose their middle: how they begin and their extension are what tells people something."""
    if len(name) <= NAME_CHARS_MAX:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension) <= EXTENSION_CHARS_MAX else ""
    return f"{name[: NAME_CHARS_MAX - len(ending) - 1]}…{ending}"
