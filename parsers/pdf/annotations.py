"""SANDBOX, untrusted: what a page carries beside its drawing: notes, and form values that are not drawn."""

from itertools import islice
from typing import Any

from parsers.blocks import Box
from parsers.pdf.geometry import turn_box
from parsers.pdf.model import Atom, Line, Piece, Span
from parsers.pdf.spans import PageContent

ANNOTATIONS_MAX = 2_000
_NOTE_TYPES = frozenset(
    ("Text", "FreeText", "Highlight", "Underline", "Squiggly", "StrikeOut", "Stamp", "Caret", "Square", "Circle", "Ink")
)
_VALUE_FIELDS = frozenset(("Text", "ComboBox", "ListBox"))
_PASSWORD_FIELD = 1 << 13  # ISO 32000-1, table 228
_HIDDEN_FLAGS = 2 | 32  # Hidden, NoView: ISO 32000-1, table 165
_NOTE_SIZE = 10.0


def notes_and_values(page: Any, content: PageContent) -> list[Piece]:
    """Notes, and values of form fields that the page does not draw, as pieces. Hidden notes become hidden text."""
    shown = "".join(span.text for atoms in content.frames.values() for atom in atoms for span in atom.spans)
    drawn = "".join(shown.split())
    rotation = int(page.rotation)
    pieces: list[Piece] = []
    if page.first_annot is not None:
        for annotation in islice(page.annots(), ANNOTATIONS_MAX):
            if annotation.type[1] in _NOTE_TYPES:
                pieces += _note(annotation, content, rotation, drawn)
    if page.first_widget is not None:
        for widget in islice(page.widgets(), ANNOTATIONS_MAX):
            pieces += _value(widget, content, rotation, drawn)
    return pieces


def _note(annotation: Any, content: PageContent, rotation: int, drawn: str) -> list[Piece]:
    info = annotation.info
    text = (info.get("content") or "").strip()
    if not text or "".join(text.split()) in drawn:
        return []
    if annotation.flags & _HIDDEN_FLAGS:
        content.hidden.append(("hidden note", text))
        return []
    author = (info.get("title") or "").strip()
    box = turn_box(tuple(annotation.rect), rotation, content.width, content.height)
    return [_piece(f"{author}: {text}" if author else text, box, content.number)]


def _value(widget: Any, content: PageContent, rotation: int, drawn: str) -> list[Piece]:
    """A field's value when it is not drawn: choices of a list, or text without an appearance. Never passwords."""
    value = widget.field_value
    if widget.field_type_string not in _VALUE_FIELDS or not isinstance(value, str) or not value.strip():
        return []
    if "".join(value.split()) in drawn or widget.field_flags & _PASSWORD_FIELD:
        return []
    label = (widget.field_label or widget.field_name or "").strip()
    text = f"{label}: {value.strip()}" if label else value.strip()
    box = turn_box(tuple(widget.rect), rotation, content.width, content.height)
    return [_piece(text, box, content.number)]


def _piece(text: str, box: Box, page: int) -> Piece:
    span = Span(*box, " ".join(text.split()), _NOTE_SIZE, False, False, False, False)
    atom = Atom(*box, box[3], _NOTE_SIZE, [span], 0)
    return Piece(page, box, [Line(*box, box[3], _NOTE_SIZE, [atom])], size=_NOTE_SIZE, zone="note")
