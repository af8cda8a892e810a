"""SANDBOX, untrusted: what a PDF says of itself: title, author, dates, outline."""

import re
from typing import Any

from parsers.pdf.engine import MUPDF_ERRORS
from parsers.pdf.headings import LEVEL_MAX, folded
from parsers.pdf.textflow import clean

_DATE = re.compile(r"^\s*(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?\s*(?:(Z)|([+-])(\d{2})'?(\d{2})?'?)?")
_OUTLINE_ENTRIES_MAX = 5_000
_TEXT_MAX = 1_000


def iso_date(value: str) -> str:
    """A PDF date (ISO 32000-1, 7.9.4) in ISO 8601, as precise as it was given; "" if it is none."""
    match = _DATE.match(value or "")
    if not match:
        return ""
    year, month, day, hour, minute, second, zulu, sign, zone_hour, zone_minute = match.groups()
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31 or int(hour or 0) > 23 or int(minute or 0) > 59:
        return ""
    date = "-".join(part for part in (year, month, day if month else None) if part)
    if not (month and day and hour):
        return date
    time = f"{hour}:{minute or '00'}:{min(int(second or 0), 59):02d}"
    zone = "Z" if zulu else f"{sign}{zone_hour}:{zone_minute or '00'}" if sign else ""
    return f"{date}T{time}{zone}"


def languages(document: Any) -> list[str]:
    """The language that the catalogue names (ISO 32000-1, 14.9.2), if it does."""
    try:
        tag = document.language
    except MUPDF_ERRORS:
        return []
    return [tag[:64]] if tag else []


def text_field(metadata: dict[str, Any], key: str) -> str:
    """A field of the document information, cleaned and bounded; "" when absent."""
    return " ".join(clean(str(metadata.get(key) or ""))[:_TEXT_MAX].split())


def outline_levels(document: Any) -> dict[str, int]:
    """Folded titles of the outline with their level 1..6. Empty when there is none or it cannot be read."""
    try:
        entries = document.get_toc(simple=True)
    except MUPDF_ERRORS:
        return {}
    levels: dict[str, int] = {}
    for level, title, _page in entries[:_OUTLINE_ENTRIES_MAX]:
        key = folded(clean(title))
        if len(key) >= 2:
            levels.setdefault(key, min(int(level), LEVEL_MAX))
    return levels
