"""SANDBOX, untrusted: a text part of a message as blocks: HTML, plain (also flowed), enriched, RTF, Markdown,
others.
"""

import re

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Report
from parsers.mail import pgp
from parsers.mail.attachments import Encoded
from parsers.mail.charsets import decode_as
from parsers.mail.letter import Attachment, Letter
from parsers.mail.mime import Part
from parsers.markup.encoding import decode as decode_html
from parsers.markup.html import read_html
from parsers.text.plain import blocks_of_text

_HTML = frozenset({"text/html", "application/xhtml+xml", "text/x-html"})
_RTF = frozenset({"text/rtf", "application/rtf"})
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_AS_WRITTEN = (
    "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/x-", "text/css", "text/xml", "text/csv",
    "text/javascript", "text/tab-separated-values",
)  # fmt: skip
_LOOKS_LIKE_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])", re.IGNORECASE)
_ENRICHED_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]{0,60})>")
_ENRICHED_PARAMETER = re.compile(r"<param>.{0,1000}?</param>", re.IGNORECASE | re.DOTALL)
_UU_FILE = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,255})\n(?:[!-`][ -`]{0,90}\n)*?(?:`?\n)?end[ \t]*$", re.MULTILINE)
_QUOTES = re.compile(r">+")


def is_shown_text(part: Part) -> bool:
    """Whether mail readers show a part in the body: text that its sender does not call an attachment."""
    if part.disposition == "attachment":
        return False
    if part.media_type.startswith("text/"):
        return not part.file_name or part.disposition == "inline" or part.media_type in ("text/plain", "text/html")
    return part.media_type in _HTML or (part.media_type in _RTF and not part.file_name)


def read_text(data: bytes, kind: str, charset: str, report: Report, letter: Letter) -> list[Block]:
    """Blocks of a decoded text part. `kind` is a media type, with ";flowed" and ";delsp" behind for RFC 3676.

    Findings, and the files that stand in the text, are the letter's.
    """
    media_type, _, options = kind.partition(";")
    if media_type in _HTML or (media_type == "text/plain" and _LOOKS_LIKE_HTML.match(data)):
        parsed = read_html(decode_as(data, charset) if charset else decode_html(data)[0], report)
    elif media_type in _RTF or data.startswith(b"{\\rtf"):
        parsed = _read_rtf(data, report)
    elif media_type == "text/markdown":
        from parsers.markup import markdown

        parsed = markdown.PARSER.parse(data, report) if data.strip() else ParsedDocument("", [])
    elif media_type.startswith(_AS_WRITTEN):
        return verbatim(data, charset)
    else:
        parsed = ParsedDocument("", _plain(decode_as(data, charset), media_type, options, report, letter))
    letter.findings += parsed.findings
    return parsed.blocks


def verbatim(data: bytes, charset: str) -> list[Block]:
    """Text whose lines are records: as it stands."""
    text = decode_as(data, charset).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return [Block(ElementType.CODE_SNIPPET, text)] if text.strip() else []


def _read_rtf(data: bytes, report: Report) -> ParsedDocument:
    from parsers.rtf import reader  # most mail has none

    return reader.PARSER.parse(data, report)


def _plain(text: str, media_type: str, options: str, report: Report, letter: Letter) -> list[Block]:
    text = pgp.without_signature(text.replace("\r\n", "\n").replace("\r", "\n"))
    if media_type in _ENRICHED:
        text = _without_enriched_tags(text)
    elif "flowed" in options:
        text = unflowed(text, deletes_spaces="delsp" in options)
    if "\nend" in text:
        text = _without_files(text, letter)
    return blocks_of_text(text, report)


def _without_files(text: str, letter: Letter) -> str:
    """A body without the uuencoded files in it, each a finding, and a file of the letter."""
    for found in _UU_FILE.finditer(text):
        name, data = found[1].strip(), found[0].encode("utf-8", "replace")
        evidence = f"{name} (uuencoded)"
        letter.findings.append(FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "message", evidence))
        letter.enclosed.append(Attachment(name, "", content=Encoded(data, 0, len(data), b"x-uuencode")))
    return _UU_FILE.sub("", text)


def unflowed(text: str, *, deletes_spaces: bool) -> str:
    """RFC 3676, 4: a line that ends in a space goes on in the next of the same quote depth; one space is stuffing."""
    paragraphs: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        quotes = _QUOTES.match(line)
        depth = len(quotes[0]) if quotes else 0
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if flows and deletes_spaces:
            content = content[:-1]
        if depth == open_depth and content != "-- ":
            paragraphs.append(content)
        else:
            paragraphs.append(("\n" if paragraphs else "") + ("> " * depth) + content)
        open_depth = depth if flows else -1
    return "".join(paragraphs)


def _without_enriched_tags(text: str) -> str:
    """RFC 1896: "<<" is "<", one line break is a space, more are one fewer."""
    text = _ENRICHED_PARAMETER.sub("", text).replace("<<", "\x00")
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text).replace("\n\n", "\n")
    text = re.sub(r"</?(?:nl|paragraph)>", "\n", text, flags=re.IGNORECASE)
    return _ENRICHED_TAG.sub("", text).replace("\x00", "<")
