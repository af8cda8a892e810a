"""SANDBOX, untrusted: values of header fields: encoded words (RFC 2047), parameters (RFC 2231), dates, who wrote.

Nothing here fails on a broken value; what cannot be decoded is shown as it stands.
"""

import binascii
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote_to_bytes

from parsers.mail.charsets import decode_as, decode_unlabelled
from parsers.mail.transfer import from_base64

Parameters = dict[str, str]

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^\r\n]*?)\?=")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|\Z)|([^;]*))')
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")
_DATE = re.compile(
    r"(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[.]?[\s-]+(\d{2,4})[\s,]+(\d{1,2})[:.](\d\d)"
    r"(?:[:.](\d\d))?\s*([+-]\d{4}|[A-Za-z]{1,5})?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7,
}  # fmt: skip
_ADDRESS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>]*)>')
_DECODED_CHARS_MAX = 1 << 15
_PARAMETERS_MAX = 100


def text_of(value: bytes) -> str:
    """A field's value as a reader sees it: on one line, encoded words decoded."""
    text = decode_unlabelled(value[:_DECODED_CHARS_MAX])
    return " ".join(_without_encoded_words(text).split()) if "=?" in text else " ".join(text.split())


def _without_encoded_words(text: str) -> str:
    """Neighbouring encoded words of one charset are decoded together: senders cut characters in two."""
    pieces: list[str] = []
    charset, pending = "", b""
    position = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[position : word.start()]
        data = _word_bytes(word[2], word[3])
        if pending and (between.strip() or word[1].lower() != charset):
            pieces.append(decode_as(pending, charset))
            pending = b""
        if between.strip() or not position:
            pieces.append(between)
        charset, pending = word[1].lower(), pending + data
        position = word.end()
    pieces += (decode_as(pending, charset), text[position:])
    return "".join(pieces)


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("latin-1", "replace")
    if encoding in "bB":
        return from_base64(raw)
    return binascii.a2b_qp(raw, header=True)


def content_header(value: bytes) -> tuple[str, Parameters]:
    """The value of Content-Type or Content-Disposition, in lower case, and its parameters by lower-case name."""
    if not value:
        return "", {}
    text = decode_unlabelled(value[:_DECODED_CHARS_MAX])
    main, _, _ = text.partition(";")
    return main.strip().strip('"').lower(), _parameters(text)


def _parameters(text: str) -> Parameters:
    """Parameters, their sections joined in order (RFC 2231, 3) and percent signs decoded (4)."""
    plain: Parameters = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(text)):
        if count == _PARAMETERS_MAX:
            break
        quoted, bare = found[2], found[3]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (bare or "").strip()
        name = _SECTION.match(found[1].lower())
        if name is None or (name[2] is None and name[3] is None):
            plain.setdefault(found[1].lower(), _without_encoded_words(value) if "=?" in value else value)
        else:
            sections.setdefault(name[1], {}).setdefault(int(name[2] or 0), (value, name[3] is not None))
    for key, parts in sections.items():
        plain[key] = _joined(parts)
    return plain


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    first, extended = parts[min(parts)]
    charset = ""
    if extended and first.count("'") >= 2:
        charset, _, rest = first.split("'", 2)
        parts = {**parts, min(parts): (rest, True)}
    data = b"".join(
        unquote_to_bytes(value) if percent else value.encode("utf-8", "replace")
        for _, (value, percent) in sorted(parts.items())
    )
    return decode_as(data, charset)


def iso_date(value: str) -> str:
    """A date field as ISO 8601, "" when it is none. A day without a zone stays without."""
    found = _DATE.search(value)
    if found is None or found[2].lower() not in _MONTHS:
        return ""
    year = int(found[3])
    if year < 100:  # RFC 5322, 4.3
        year += 2000 if year < 50 else 1900
    try:
        moment = datetime(
            year, _MONTHS.index(found[2].lower()) + 1, int(found[1]), int(found[4]), int(found[5]),
            min(int(found[6] or 0), 59), tzinfo=_zone(found[7] or ""),
        )  # fmt: skip
    except ValueError:
        return ""
    return moment.isoformat()


def _zone(name: str) -> timezone | None:
    if name[:1] in ("+", "-"):
        minutes = int(name[1:3]) * 60 + int(name[3:5])
        return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
    hours = _ZONES.get(name.lower())
    return None if hours is None else timezone(timedelta(hours=hours))


def display_name(shown: str) -> str:
    """Who the first address of a field names: the name, else the address."""
    found = _ADDRESS.match(shown)
    if found is None:
        return shown.strip()
    return (re.sub(r"\\(.)", r"\1", found[1]) if found[1] else found[2] or "").strip(" '") or found[3].strip()
