r"""SANDBOX, untrusted: plain text to Markdown that shows the same text.

People and full-text search read this Markdown as it is, so a character is escaped only where a CommonMark reader would
otherwise take it for markup: `snake_case`, `2 * 3`, `C:\Users` and `price*` stay as they are.
"""

import re

_SUSPECT = re.compile(r"[\\`*_<\[&~]")
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~\n\x01])")
_TAG_OR_ENTITY = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?[A-Za-z0-9]{1,32};)")
_RUN = re.compile(r"\*+|_+")
_LINE_START = re.compile(
    # Inside a paragraph only the number 1 can begin a list (CommonMark 5.3).
    r"^([ ]{0,3})(?:(\A\d{1,9}|1)(?=[.)](?:[ \t]|$))"
    r"|(?=#{1,6}(?:[ \t]|$)|[-+*](?:[ \t]|$)|>|(?:=+|-+|_{3,}|\*{3,})[ \t]*$|~~~|[|:][-|: \t]*$))",
    re.MULTILINE,
)
_CLOSING_HASHES = re.compile(r"(?<=[ \t])(#+)$")


def escape_inline(text: str) -> str:
    """Escape what would be emphasis, code, a link, a tag or an entity. Linear time."""
    if _SUSPECT.search(text) is None:
        return text
    if "\\" in text:
        text = _BACKSLASH.sub(r"\\\\", text)
    if text.count("`") > 1:
        text = text.replace("`", "\\`")
    if text.count("~~") > 1:
        text = text.replace("~~", "\\~~")
    if "<" in text or "&" in text:
        text = _TAG_OR_ENTITY.sub(r"\\\g<0>", text)
    if "](" in text and "[" in text:
        text = text.replace("](", "\\](")
    for mark in "*_":
        if text.count(mark) > 1:
            text = _escape_emphasis(text, mark)
    return text


def escape_block(text: str) -> str:
    """Escape a paragraph: inline markup, and at a line's start what would begin a heading, list, quote, rule …"""
    text = escape_inline(text.strip())
    if text.startswith("[") and "]:" in text:
        text = "\\" + text  # would define a link, and vanish
    return _LINE_START.sub(lambda match: f"{match[1]}{match[2] or ''}\\", text)


def escape_heading(text: str) -> str:
    """Escape a heading's one line: its closing run of `#` would vanish."""
    return _CLOSING_HASHES.sub(r"\\\1", escape_inline(" ".join(text.split())))


def _escape_emphasis(text: str, mark: str) -> str:
    """Escape runs of `mark` that could open or close emphasis, unless there is only one: it would have no partner."""
    runs = [run for run in _RUN.finditer(text) if run[0][0] == mark and _may_delimit(text, run)]
    if len(runs) < 2:
        return text
    pieces, position = [], 0
    for run in runs:
        pieces += [text[position : run.start()], ("\\" + mark) * len(run[0])]
        position = run.end()
    return "".join(pieces) + text[position:]


def _may_delimit(text: str, run: re.Match[str]) -> bool:
    """CommonMark 6.2: a run beside white space on both sides delimits nothing, nor do underscores inside a word."""
    before = text[run.start() - 1] if run.start() else " "
    after = text[run.end()] if run.end() < len(text) else " "
    if before.isspace() and after.isspace():
        return False
    return run[0][0] == "*" or not (before.isalnum() and after.isalnum())
