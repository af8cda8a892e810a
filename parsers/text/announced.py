"""SANDBOX, untrusted: kinds of text that say what they are in their first lines: mail, mailboxes, subtitles,
notebooks, TeX.
"""

import re

MAIL, PAGE, MAILBOX = "message/rfc822", "multipart/related", "application/mbox"
VTT, SUBRIP = "text/vtt", "application/x-subrip"
NOTEBOOK, TEX = "application/x-ipynb+json", "text/x-tex"

UNKNOWN = frozenset({"", "application/octet-stream"})
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]?:.*(?:\n[ \t]+.*)*\n?")
_MAIL_HEADERS = frozenset({"received", "return-path", "message-id", "mime-version", "from", "date", "delivered-to"})
_ANY_MAIL_HEADER = frozenset(
    {"to", "cc", "bcc", "subject", "content-type", "reply-to", "sender", "x-mailer", "content-transfer-encoding"}
)
_POSTMARK = re.compile(r"\AFrom \S.*\n(?:[A-Za-z][A-Za-z0-9-]*:|>From )")
# What mail programs write themselves, whatever is below; and what is enough in a file that is called a mailbox.
_WRITTEN_POSTMARK = re.compile(
    r"\AFrom \S{1,500} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d"
)
_DATED_POSTMARK = re.compile(r"\AFrom \S.*\d{4}")
_SAVED_PAGE = re.compile(r"^(?:Snapshot-Content-Location:|From: .{0,3}Saved by )", re.MULTILINE | re.IGNORECASE)
_VTT = re.compile(r"\AWEBVTT(?:[ \t\n]|\Z)")
_SUBRIP = re.compile(r"\A\s*\d{1,6}[ \t]*\n\d{1,3}:\d\d:\d\d[,.]\d{1,3} +--> +\d{1,3}:\d\d:\d\d[,.]\d{1,3}")
_TEX = re.compile(r"^[ \t]*\\(?:documentclass|documentstyle|begin\{document\})", re.MULTILINE)
_CELLS = re.compile(r'\A\s*\{\s*"(?:cells|metadata|nbformat(?:_minor)?)"\s*:')


def announced_type(head: str, hint: str) -> str:
    """The media type of text that announces itself; "" for other text. The hint settles what only looks alike."""
    if "\r" in head:
        head = head.replace("\r\n", "\n").replace("\r", "\n")
    if _VTT.match(head):
        return VTT
    if _SUBRIP.match(head):
        return SUBRIP
    if (hint == NOTEBOOK or hint in UNKNOWN or hint == "application/json") and _is_notebook(head, hint):
        return NOTEBOOK
    if hint in UNKNOWN or hint in (MAIL, PAGE, MAILBOX):
        return _mail_type(head, hint)
    return TEX if hint == TEX else ""


def looks_like_tex(head: str) -> bool:
    """Whether a text is the beginning of a LaTeX document."""
    return _TEX.search(head) is not None


def _mail_type(head: str, hint: str) -> str:
    if hint != MAIL and (_POSTMARK.match(head) or _WRITTEN_POSTMARK.match(head)):
        return MAILBOX
    if hint == MAILBOX and _DATED_POSTMARK.match(head):
        return MAILBOX
    names = _header_names(head)
    if hint in UNKNOWN:
        if len(names) < 3 or len(_MAIL_HEADERS.intersection(names)) < 2:
            return ""
    elif not (_MAIL_HEADERS | _ANY_MAIL_HEADER).intersection(names):
        return ""
    if hint == PAGE or (_SAVED_PAGE.search(head[:4000]) and "multipart/related" in head[:4000].lower()):
        return PAGE
    return MAIL


def _header_names(head: str) -> list[str]:
    names: list[str] = []
    position = len(head) - len(head.lstrip())
    if head.startswith(("From ", ">From "), position):
        position = head.find("\n", position) + 1
    while len(names) < 100 and (match := _HEADER.match(head, position)) and match.end() > position:
        names.append(match[1].lower())
        position = match.end()
    return names


def _is_notebook(head: str, hint: str) -> bool:
    return _CELLS.match(head) is not None and (hint == NOTEBOOK or '"cell_type"' in head)
