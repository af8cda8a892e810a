"""SANDBOX, untrusted: a line of text with emphasis and links, collected piece by piece, shown plain and as Markdown.

Shared by every reader whose format has inline formatting. Nothing here looks at a document.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from parsers.blocks import Link

BOLD, ITALIC, STRIKE, CODE = 1, 2, 4, 8

_SIGNS = ((BOLD, "**", "b"), (ITALIC, "*", "i"), (STRIKE, "~~", "s"))
_TAG_OF_MARK = {BOLD: "b", ITALIC: "i", STRIKE: "s", CODE: "code"}
_SIGN_OF_MARK = {mark: sign for mark, sign, _ in _SIGNS}

_SPACES = re.compile(r"[ \t\u00a0]+")
_AROUND_BREAK = re.compile(r" *\n *")
# Beside markup of ours a single sign may find a partner:
# this escapes more than `markdown_escape`, which sees whole lines.
_ESCAPED = re.compile(
    r"([\\`]|(?<!\s)\*|\*(?!\s)|<(?=[A-Za-z/!?])|&(?=#?\w{1,32};)|~|\](?=[(:]))"
    r"|(?<![^\W_])_(?!\s)|(?<!\s)_(?![^\W_])"
)
_SUSPECT = re.compile(r"[\\`*<&~\]_]")
_EXPONENT = re.compile(r"[-+\u2212]?\d{1,6}|[a-zA-Z]")
_BLOCK_START = re.compile(r"^( {0,3})(?:(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+$|-+$)|(\d{1,9})([.)](?=\s|$)))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with one formatting. `raw` is its Markdown when that is not the escaped text (a formula)."""

    text: str
    marks: int = 0
    url: str = ""
    title: str = ""
    raw: str | None = None


class Inline(NamedTuple):
    """A finished line: what a reader sees, its Markdown (None: it has no markup), and the links and emphasis in it."""

    text: str
    markdown: str | None
    links: list[Link]
    emphasis: list[tuple[str, str]]


def tidy(text: str) -> str:
    """One reader's line: runs of blanks become one space, blanks around line breaks and at the ends go."""
    # Most text has nothing to tidy; looking is much cheaper than replacing.
    if "  " in text or "\t" in text or "\u00a0" in text:
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _AROUND_BREAK.sub("\n", text)
    return text.strip(" \n")


def escape(text: str) -> str:
    """Text with the characters escaped that Markdown would read inside a line."""
    return _ESCAPED.sub(lambda found: "\\" + found[0], text) if _SUSPECT.search(text) else text


def escape_start(markdown: str) -> str:
    """Inline Markdown that cannot begin a heading, a quote, a list or a rule at the start of any of its lines."""
    if "\n" not in markdown and markdown[:1].isalpha():
        return markdown
    return _BLOCK_START.sub(_escape_block_start, markdown)


def _escape_block_start(found: re.Match[str]) -> str:
    if found[3]:
        return f"{found[1]}{found[3]}\\{found[4]}"
    return f"{found[1]}\\{found[2]}"


def code_span(text: str) -> str:
    """Text as a Markdown code span, with a fence longer than any run of backticks in it."""
    text = text.replace("\n", " ")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def link_target(url: str, title: str = "") -> str:
    """The part of a Markdown link in parentheses."""
    target = re.sub(r"\s", lambda found: "%20" if found[0] == " " else "", url.strip())
    if target.count("(") != target.count(")") or "<" in target:
        target = target.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
    if not title:
        return f"({target})"
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'({target} "{quoted}")'


class InlineBuilder:
    """Collects spans; `finish` shows them and starts anew."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def add(self, text: str, marks: int = 0, url: str = "", title: str = "") -> None:
        """Add text. Line feeds in it are line breaks."""
        if not text:
            return
        self._spans.append(Span(text, marks, url, title))

    def add_superscript(self, text: str, marks: int = 0, url: str = "", title: str = "") -> None:
        """Add raised text. An exponent gets a caret: 10⁶ must not become 106."""
        before = self._spans[-1].text[-1:] if self._spans else ""
        if before and (before.isalnum() or before in ")]") and not url and _EXPONENT.fullmatch(text.strip()):
            text = "^" + text
        self.add(text, marks, url, title)

    def add_raw(self, text: str, markdown: str) -> None:
        """Add a piece whose Markdown is given, such as a formula."""
        self._spans.append(Span(text, raw=markdown))

    def ends_with_space(self) -> bool:
        """Whether nothing was added yet or the last character is white space: what a browser collapses against."""
        return not self._spans or self._spans[-1].text[-1:].isspace()

    def ends_with_break(self) -> bool:
        """Whether the last thing added, besides blanks, is a line break."""
        last = next((span.text for span in reversed(self._spans) if span.text.strip(" ")), "")
        return last.rstrip(" ").endswith("\n")

    def is_empty(self) -> bool:
        """Whether nothing but white space was added."""
        return not any(span.text.strip() or span.raw for span in self._spans)

    def finish(self, ignore: int = 0) -> Inline:
        """What was added, leaving out the emphasis marks in `ignore`. The builder is empty afterwards."""
        spans, self._spans = _merged(self._spans, ignore), []
        text = tidy("".join(span.text for span in spans))
        links = [Link(tidy(shown), url) for shown, url in _links(spans) if shown.strip()]
        emphasis = [(tidy(span.text), _TAG_OF_MARK[m]) for span in spans for m in _TAG_OF_MARK if span.marks & m]
        plain = all(span.raw is None and not span.marks and not span.url for span in spans)
        markdown = None if plain else escape_start(_markdown(spans))
        return Inline(text, markdown, links, [pair for pair in emphasis if pair[0]])

    def finish_verbatim(self) -> str:
        """What was added as it is, for code. The builder is empty afterwards."""
        spans, self._spans = self._spans, []
        return "".join(span.text for span in spans).replace("\u00a0", " ")


def _merged(spans: list[Span], ignore: int) -> list[Span]:
    merged: list[Span] = []
    for (marks, url, title, raw), group in groupby(spans, key=lambda s: (s.marks & ~ignore, s.url, s.title, s.raw)):
        if raw is not None:
            merged.extend(group)
        else:
            merged.append(Span("".join(span.text for span in group), marks, url, title))
    return merged


def _links(spans: list[Span]) -> list[tuple[str, str]]:
    return [("".join(s.text for s in group), url) for url, group in groupby(spans, key=lambda s: s.url) if url]


def _markdown(spans: list[Span]) -> str:
    pieces: list[str] = []
    for (url, title), group in groupby(spans, key=lambda span: (span.url, span.title)):
        inner = _emphasised(list(group))
        shown = inner.strip()
        if not url or not shown:
            pieces.append(inner)
            continue
        lead = inner[: len(inner) - len(inner.lstrip())]
        trail = inner[len(inner.rstrip()) :]
        pieces.append(f"{lead}[{shown}]{link_target(url, title)}{trail}")
    return tidy("".join(pieces))


def _emphasised(spans: list[Span]) -> str:
    """Emphasis opened and closed like brackets, never with white space just inside a sign."""
    pieces: list[str] = []
    opened: list[int] = []
    gap = ""
    for span in spans:
        text = span.text
        core = text.strip()
        if not core:
            gap += text
            continue
        wanted = [] if span.marks & CODE or span.raw is not None else [m for m, _, _ in _SIGNS if span.marks & m]
        while not set(opened) <= set(wanted):
            pieces.append(_SIGN_OF_MARK[opened.pop()])
        lead = text[: len(text) - len(text.lstrip())]
        pieces.append(gap + lead)
        for mark in wanted:
            if mark not in opened:
                pieces.append(_SIGN_OF_MARK[mark])
                opened.append(mark)
        piece = _core_markdown(Span(core, span.marks, span.url, span.title, span.raw))
        if piece.endswith("]") and span.raw is None and span is not spans[-1]:
            piece = piece[:-1] + "\\]"  # else a parenthesis in the next span would make a link of it
        pieces.append(piece)
        gap = text[len(text.rstrip()) :]
    pieces.extend(_SIGN_OF_MARK[mark] for mark in reversed(opened))
    pieces.append(gap)
    return "".join(pieces)


def _core_markdown(span: Span) -> str:
    if span.raw is not None:
        return span.raw
    return code_span(span.text) if span.marks & CODE else escape(span.text)


def prefixed(prefix: str, text: str, markdown: str | None) -> tuple[str, str | None]:
    """A line with a number or sign before it, plain and as Markdown."""
    return f"{prefix} {text}", None if markdown is None else f"{escape(prefix)} {markdown}"
