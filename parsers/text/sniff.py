"""SANDBOX, untrusted: what kind of text a text is, from its beginning."""

import json
import re

from parsers.text.announced import UNKNOWN, announced_type, looks_like_tex

_COMMENTS = re.compile(r"\A(?:\s+|<!--.{0,4000}?-->|<\?xml[^>]{0,200}\?>)*", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_BLOCK = re.compile(
    r"<(?:address|article|aside|blockquote|center|div|dl|font|form|h[1-6]|header|img|li|link|main|meta|nav|ol|p|pre|script"
    r"|section|span|style|table|tbody|td|title|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_XML = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?:\s[^<>]*)?/?>|<!DOCTYPE\s+(\w+)")
_JSON = re.compile(r"""\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[\[{"\]]|-?\d|true\b|false\b|null\b|\Z))""")
_MARKDOWN_SIGNS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"\[[^\]\n]+\]\([^)\s]+\)"),
    re.compile(r"\*\*[^*\n]+\*\*"),
    re.compile(r"^[-*+] \S.*\n[-*+] \S", re.MULTILINE),
    re.compile(r"^\|.*\|\n\|[ :|-]+\|$", re.MULTILINE),
)
_DELIMITERS = (("\t", "text/tab-separated-values"), (",", "text/csv"), (";", "text/csv"), ("|", "text/csv"))

# Any text may be one of these, so the hint decides.
_KEPT_AS_HINTED = frozenset({
    "text/csv", "text/tab-separated-values", "text/markdown", "text/x-rst", "text/asciidoc", "text/org", "text/x-tex",
    "application/yaml", "application/toml", "text/x-source-code",
})  # fmt: skip
_NEVER_JSON = _KEPT_AS_HINTED - {"text/csv", "text/tab-separated-values", "application/yaml"}
_XML_HINTS = frozenset({"application/xml", "text/xml", "image/svg+xml"})
JSON, NDJSON = "application/json", "application/x-ndjson"
HTML, XHTML = "text/html", "application/xhtml+xml"
_XHTML_ROOT = re.compile(r"""<html\b[^<>]*\bxmlns\s*=\s*["']http://www\.w3\.org/1999/xhtml["']""")  # XHTML 1.0, 3.1.1
_CUT_OFF_CHARS = 1 << 14  # a head of 64 KiB may be as few characters as this, in UTF-32


def sniff_text(head: str, hint: str) -> str:
    """A media type for text that begins with `head`.

    Content decides what it can; between plain text, Markdown and delimited text, which any text may be, the hint does.
    """
    markup = _markup_type(head, hint)
    if markup:
        return markup
    announced = announced_type(head, hint)
    if announced:
        return announced
    if hint in (JSON, NDJSON) or (hint not in _NEVER_JSON and _looks_like_json(head)):
        return _json_type(head, hint)
    if hint in _KEPT_AS_HINTED:
        return hint
    if hint in UNKNOWN:
        return _unhinted_type(head)
    return HTML if hint == HTML else "text/plain"


def _markup_type(head: str, hint: str) -> str:
    """HTML and other markup by how it begins; "" for text that is not markup."""
    start = _COMMENTS.match(head)
    at = start.end() if start else 0
    if not head.startswith("<", at):
        return ""
    if _HTML.match(head, at) or hint in (HTML, XHTML):
        return XHTML if _is_xhtml(head, hint) else HTML
    if hint in _KEPT_AS_HINTED or hint == "text/plain":
        return ""
    declared_xml = head.lstrip("\ufeff \t\r\n").startswith("<?xml")
    if not declared_xml and hint not in _XML_HINTS and _HTML_BLOCK.match(head, at):
        return HTML
    root = _XML.match(head, at)
    if root is None:
        return "application/xml" if declared_xml else ""
    name = (root[1] or root[2] or "").lower()
    return {"svg": "image/svg+xml", "html": HTML}.get(name, "application/xml")


def _looks_like_json(head: str) -> bool:
    """A beginning like JSON, and its end too if the head is the whole. What is none after all, its parser sees."""
    return _JSON.match(head) is not None and (len(head) >= _CUT_OFF_CHARS or head.rstrip().endswith(("]", "}")))


def _is_xhtml(head: str, hint: str) -> bool:
    """A page in the namespace of XHTML that is declared as XML, or named so. What is called HTML is read as that."""
    declared = head.lstrip("\ufeff \t\r\n").startswith("<?xml")
    return hint != HTML and (declared or hint == XHTML) and _XHTML_ROOT.search(head) is not None


def _json_type(head: str, hint: str) -> str:
    """One value, or a value a line: then the first line is a whole one, and another begins below it."""
    first, _, below = head.strip("\ufeff \t\r\n").partition("\n")
    try:
        whole = isinstance(json.loads(first), dict | list)
    except (ValueError, RecursionError):
        whole = False
    if whole and (_JSON.match(below) if below.strip() else hint == NDJSON):
        return NDJSON
    # What is called a value a line and is none of both is read as text, and keeps the name that it came with.
    return NDJSON if hint == NDJSON and not _JSON.match(head) else JSON


def _unhinted_type(head: str) -> str:
    if looks_like_tex(head):
        return "text/x-tex"
    delimited = _delimited_type(head)
    if delimited:
        return delimited
    signs = sum(1 for sign in _MARKDOWN_SIGNS if sign.search(head))
    return "text/markdown" if signs >= 2 else "text/plain"


def _delimited_type(head: str) -> str:
    """Delimited text that nobody announced: four lines or more, all with the same number (2 or more) of a delimiter."""
    lines = [line for line in head.splitlines()[:200] if line.strip()]
    if len(head) >= _CUT_OFF_CHARS:
        lines = lines[:-1]  # cut off by the head
    if len(lines) < 4:
        return ""
    for delimiter, media_type in _DELIMITERS:
        counts = {line.count(delimiter) for line in lines}
        if len(counts) == 1 and counts.pop() >= 2:
            return media_type
    return ""
