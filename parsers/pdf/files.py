"""SANDBOX, untrusted: files inside a PDF (ISO 32000-1, 7.11.4): of the document, of a page, or of nothing shown.

Their streams are taken as they are stored and unpacked here, piece by piece: MuPDF would unpack a bomb as a whole.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from contract.verdicts import Withheld
from parsers.archive.members import bounded
from parsers.blocks import Report
from parsers.inflate import inflated
from parsers.pdf.engine import MUPDF_ERRORS

OBJECTS_MAX = 200_000
_OBJECTS_BETWEEN_PROGRESS = 2_000
_OBJECT_CHARS_MAX = 1 << 20
_DICTIONARY_CHARS_MAX = 20_000
_FILES_OF_AN_OBJECT_MAX = 1_000
_NAME_CHARS_MAX = 2_000
_MARK = re.compile("<<|>>")
_STREAM = re.compile(r"/EF\s*<<[^>]{0,200}?/U?F\s+(\d{1,9})\s+\d+\s+R|/EF\s+(\d{1,9})\s+\d+\s+R")
_REFERENCE = re.compile(r"(\d{1,9}) \d+ R")
_STRING = r"\s*(\((?:[^\\()]|\\.){0,2000}\)|<[0-9A-Fa-f\s]{0,4000}>)"
_NAMES = (re.compile(r"/UF" + _STRING, re.DOTALL), re.compile(r"/F" + _STRING, re.DOTALL))
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\n": "", "\r": "", "\r\n": ""}
_FLATE = frozenset(("/FlateDecode", "/Fl", "[/FlateDecode]", "[ /FlateDecode ]", "[/Fl]"))


def pass_on_files(pdf: Any, report: Report) -> None:
    """Every file that a file specification names goes out, in the order of object numbers, each stream once."""
    seen: set[int] = set()
    total = min(pdf.xref_length(), OBJECTS_MAX)
    for xref in range(1, total):
        if xref % _OBJECTS_BETWEEN_PROGRESS == 0:
            report.progress("files", xref, total)
        for name, stream in _specified(pdf, xref, seen):
            report.progress("files", xref, total)
            _pass_on(pdf, name, stream, report)


def _specified(pdf: Any, xref: int, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Names and streams of the file specifications in one object: of those that are new, as a name has to be looked for
    in what is around it.
    """
    try:
        source: str = pdf.xref_object(xref, compressed=True)[:_OBJECT_CHARS_MAX]
    except MUPDF_ERRORS:
        return
    if "/EF" not in source:
        return
    for match in islice(_STREAM.finditer(source), _FILES_OF_AN_OBJECT_MAX):
        stream = int(match[1]) if match[1] else _stream_named_by(pdf, int(match[2]))
        if stream is not None and stream not in seen:
            seen.add(stream)
            yield _name(_around(source, match.start(), match.end())), stream


def _stream_named_by(pdf: Any, xref: int) -> int | None:
    """The stream that an `/EF` dictionary names which is an object of its own."""
    for key in ("UF", "F"):
        try:
            found = _REFERENCE.fullmatch(pdf.xref_get_key(xref, key)[1])
        except MUPDF_ERRORS:
            continue
        if found is not None:
            return int(found[1])
    return None


def _around(source: str, start: int, end: int) -> str:
    """The dictionary that an `/EF` entry stands in: keys come in any order, and neighbours have names, too."""
    window = source[max(0, start - _DICTIONARY_CHARS_MAX) : start]
    depth, begin = 0, 0
    for mark in _MARK.finditer(window[::-1]):  # backwards, as far as needed: most dictionaries are short
        depth += 1 if mark[0] == ">>" else -1
        if depth < 0:
            begin = len(window) - mark.end()
            break
    depth, after = 2, source[end : end + _DICTIONARY_CHARS_MAX]
    for mark in _MARK.finditer(after):
        depth += 1 if mark[0] == "<<" else -1
        if depth == 0:
            after = after[: mark.start()]
            break
    return window[begin:] + after


def _name(specification: str) -> str:
    """The file's name: the one in Unicode rather than the other."""
    for pattern in _NAMES:
        if (found := pattern.search(specification)) is not None:
            return _text(found[1])
    return ""


def _text(string: str) -> str:
    """What a string object says (ISO 32000-1, 7.3.4 and 7.9.2); bytes of no Unicode are taken for Latin-1."""
    if string.startswith("<"):
        digits = "".join(string[1:-1].split())
        data = bytes.fromhex(digits + "0" * (len(digits) % 2))
    else:
        text = _ESCAPE.sub(_unescaped, string[1:-1])
        if max(text, default="") > "\xff":  # MuPDF has decoded it
            return text[:_NAME_CHARS_MAX]
        data = text.encode("latin-1")
    if data.startswith(b"\xfe\xff"):
        return data[2:].decode("utf-16-be", "replace")[:_NAME_CHARS_MAX]
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")[:_NAME_CHARS_MAX]
    return data.decode("latin-1")[:_NAME_CHARS_MAX]


def _unescaped(match: "re.Match[str]") -> str:
    if match[1]:
        return chr(int(match[1], 8) & 0xFF)
    return _ESCAPED.get(match[2], match[2])


def _pass_on(pdf: Any, name: str, stream: int, report: Report) -> None:
    try:
        stored: bytes = pdf.xref_stream_raw(stream) or b""
        packing = pdf.xref_get_key(stream, "Filter")[1]
        parameters = pdf.xref_get_key(stream, "DecodeParms")[1]
        media_type = str(pdf.xref_get_key(stream, "Subtype")[1]).removeprefix("/").replace("#2F", "/")
    except MUPDF_ERRORS as error:
        report.files.withhold(name, Withheld.CORRUPT, type(error).__name__)
        return
    if packing == "null":
        report.files.embed(name, stored, media_type)
    elif packing in _FLATE and parameters == "null":
        report.files.embed(name, bounded(inflated(stored, "a stream"), len(stored)), media_type)
    else:
        report.files.withhold(name, Withheld.UNSUPPORTED, f"stored with {packing[:60]}", len(stored))
