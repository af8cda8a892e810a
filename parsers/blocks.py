"""SANDBOX, untrusted: what every parser returns: blocks in reading order, before they become elements, text and chunks.

A parser knows one format and nothing of the wire. It returns a `ParsedDocument`; `normalize.py` turns the blocks into
elements and Markdown, `chunk.py` cuts the Markdown.

A complete parser:

    class ShoutParser:
        media_types = ("text/x-shout",)

        def parse(self, document: bytes, report: Report) -> ParsedDocument:
            text = document.decode("utf-8", "replace")
            report.progress("lines", 0, 1)
            return ParsedDocument(media_type="text/x-shout", blocks=[Block(ElementType.NARRATIVE_TEXT, text.upper())])
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contract.verdicts import ElementType, FindingKind, Refusal, Severity, Withheld

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in points, origin at the top left of the page as shown


class Refused(Exception):
    """Raised by a parser that has no document to give: an honest answer, not a failure. `detail` is one short line."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(f"{refusal}: {detail}")
        self.refusal = refusal
        self.detail = detail


@dataclass(slots=True)
class Cell:
    """A table cell as shown. `text` is plain text; line breaks inside a cell are newlines."""

    text: str
    colspan: int = 1
    rowspan: int = 1
    header: bool = False


@dataclass(slots=True)
class Table:
    """Rows of cells as in HTML: a cell that another's span covers is left out. The first `header_rows` are headers.

    A table that goes on over pages has in `page_starts` the first of its rows on each further page, by number, with
    the page and the box of its part there. No cell spans such a row and the one before.
    """

    rows: list[list[Cell]]
    header_rows: int = 0
    page_starts: list[tuple[int, int, Box | None]] = field(default_factory=list, kw_only=True)


@dataclass(slots=True)
class Link:
    """A hyperlink: the text shown and where it leads."""

    text: str
    url: str


class Comment(NamedTuple):
    """What a reviewer said of a block. `date` is what the file tells, ISO 8601 or something else."""

    author: str
    text: str
    date: str = ""
    initials: str = ""


@dataclass(slots=True)
class Block:
    """One structural piece of a document.

    text      plain text as a reader sees it, NFC, lines joined; for `CODE_SNIPPET` verbatim with its line breaks
    markdown  the same text with inline Markdown (emphasis, links, code), already escaped; None: `text` will be escaped
    depth     heading level 1..6 of a `TITLE`; nesting level 0.. of a `LIST_ITEM`
    marker    list marker as shown ("1.", "a)", "IV."); "" is a bullet
    page      1-based page number, where the format has pages
    furniture repeated page decoration (running header, page number): kept as an element, left out of the text
    language  of a `CODE_SNIPPET`, as in a fence's info string
    lang      the tag (BCP 47) of the language it is written in, where the file says so of this block alone
    """

    kind: ElementType
    text: str
    markdown: str | None = None
    depth: int | None = None
    marker: str = ""
    page: int | None = None
    box: Box | None = None
    table: Table | None = None
    furniture: bool = False
    language: str = ""
    lang: str = ""
    links: list[Link] = field(default_factory=list)
    emphasis: list[tuple[str, str]] = field(default_factory=list)  # (text, "b" | "i" | "code" …)
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class FoundIssue:
    """A finding of a parser: what, how bad, where ("page 3", "word/document.xml"), and a short excerpt or count."""

    kind: FindingKind
    severity: Severity
    place: str
    evidence: str


@dataclass(slots=True)
class ParsedDocument:
    """A whole document. `page_sizes` maps a page number to (width, height) in points; dates are ISO 8601.

    `languages` are tags (BCP 47) that the file declares for itself; which it is written in is found out later.
    """

    media_type: str
    blocks: list[Block]
    title: str = ""
    author: str = ""
    created: str = ""
    modified: str = ""
    languages: list[str] = field(default_factory=list)
    page_sizes: dict[int, tuple[float, float]] = field(default_factory=dict)
    encoding: str = ""
    findings: list[FoundIssue] = field(default_factory=list)


class Outlet(Protocol):
    """Where files inside a document go: out of the sandbox, each to be read in one of its own."""

    def embed(self, name: str, content: bytes | Iterable[bytes], media_type: str = "") -> None:
        """Pass a file on. `content` may be pieces that are made while they are sent, so that none is held in memory.

        `name` is what the container calls it, untouched. A `Refused` raised by the pieces, or any other exception, is
        that file's end and nobody else's; it is not raised here. A file beyond the limits of the job is told, not sent.
        """
        ...

    def withhold(self, name: str, why: Withheld, detail: str, size: int = 0) -> None:
        """Tell of a file whose bytes cannot be had. `size` is the container's claim, 0 when there is none."""
        ...


class NoOutlet:
    """For parsing alone, without a host to pass files on to: they are let go."""

    def embed(self, name: str, content: bytes | Iterable[bytes], media_type: str = "") -> None:
        """Nothing."""

    def withhold(self, name: str, why: Withheld, detail: str, size: int = 0) -> None:
        """Nothing."""


@dataclass(slots=True)
class Report:
    """How a parser shows that it is alive: call `progress(stage, done, total)` at least every second of work.

    Calls may be as frequent as is convenient (once a page, once a thousand rows); the writer thins them out.

    Files inside the document leave through `files`, while the parser is at work. For the attachments of a mail:

        for part in message.iter_attachments():
            content = part.get_payload(decode=True) or b""
            report.files.embed(part.get_filename(""), content, part.get_content_type())
    """

    progress: Callable[[str, int, int], None]
    files: Outlet = field(default_factory=NoOutlet)


class Parser(Protocol):
    """One format's reader. Raises `Refused` for encrypted, corrupt, empty or unsupported input."""

    media_types: tuple[str, ...]

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Any other exception is reported as `corrupt` with the exception's class name."""
        ...
