"""SANDBOX, untrusted: the body of a message of MAPI properties: HTML, else RTF (which may hold HTML), else plain
text.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.hygiene import has_visible
from parsers.mail.charsets import codec_named, decode_as
from parsers.mail.compressed_rtf import decompressed
from parsers.markup.encoding import decode as decode_html
from parsers.markup.html import read_html
from parsers.rtf import reader as rtf
from parsers.rtf.encapsulated import html_of, is_encapsulated_html
from parsers.text.plain import blocks_of_text

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODEPAGES = {
    65000: "utf-7", 65001: "utf-8", 1200: "utf-16-le", 20127: "us-ascii", 28591: "iso-8859-1", 50220: "iso-2022-jp",
    50221: "iso-2022-jp", 51932: "euc-jp", 51949: "euc-kr", 20866: "koi8-r", 21866: "koi8-u", 54936: "gb18030",
    936: "gb18030", 932: "cp932", 949: "cp949", 950: "big5hkscs", 10000: "mac-roman",
}  # fmt: skip


def codepage(number: int) -> str:
    """The charset label of a Windows code page; "" when there is none."""
    if 28592 <= number <= 28605:
        return f"iso-8859-{number - 28590}"
    return _CODEPAGES.get(number) or (f"cp{number}" if codec_named(f"cp{number}") else "")


def filetime(value: int) -> str:
    """A FILETIME (100 ns since 1601) as ISO 8601; "" for none, or for a year no calendar has."""
    if not 0 < value < 1 << 62:
        return ""
    try:
        return (_FILETIME_EPOCH + timedelta(seconds=value // 10_000_000)).isoformat()
    except OverflowError:
        return ""


def read_body(
    html: bytes, html_charset: str, packed_rtf: bytes, plain: str, report: Report, findings: list[FoundIssue]
) -> list[Block]:
    """Blocks of the first of the bodies that shows anything."""
    for parsed in _bodies(html, html_charset, packed_rtf, plain, report):
        if any(has_visible(block.text) for block in parsed.blocks):
            findings += parsed.findings
            return parsed.blocks
    return []


def _bodies(html: bytes, charset: str, packed: bytes, plain: str, report: Report) -> Iterator[ParsedDocument]:
    if html.strip(b"\x00 \r\n"):
        declared = b"charset" in html[:4096].lower()
        text = decode_html(html)[0] if declared or not charset else decode_as(html, charset)
        yield read_html(text, report)
    if packed:
        try:
            document = decompressed(packed)
        except Refused:
            document = b""
        if is_encapsulated_html(document):
            yield read_html(html_of(document, report), report)
        elif document.startswith(b"{\\rtf"):
            yield rtf.PARSER.parse(document, report)
    if plain.strip():
        yield ParsedDocument("", blocks_of_text(plain.replace("\x00", ""), report))
