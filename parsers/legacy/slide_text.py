"""SANDBOX, untrusted: the text of one shape or outline entry of a presentation to blocks ([MS-PPT] 2.9)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from contract.verdicts import ElementType
from parsers.blocks import Block, Report
from parsers.character_sets import joined_units, utf16_units
from parsers.legacy.records import Record, Records
from parsers.legacy.slide_styles import AutoNumber, CharacterRun, ParagraphRun, text_runs
from parsers.markup import links, ordinals
from parsers.markup.inline import BOLD, ITALIC, InlineBuilder

TEXT_HEADER, TEXT_CHARS, TEXT_BYTES, TEXT_STYLE, OUTLINE_TEXT = 0x0F9F, 0x0FA0, 0x0FA8, 0x0FA1, 0x0F9E
_SLIDE_NUMBER, _DATE, _GENERIC_DATE, _HEADER, _FOOTER, _RTF_DATE = 0x0FD8, 0x0FF7, 0x0FF8, 0x0FF9, 0x0FFA, 0x1015
_PLACEHOLDERS = frozenset((_SLIDE_NUMBER, _DATE, _GENERIC_DATE, _HEADER, _FOOTER, _RTF_DATE))
_INTERACTIVE, _INTERACTIVE_ATOM, _INTERACTIVE_RANGE = 0x0FF2, 0x0FF3, 0x0FDF
# TextTypeEnum, MS-PPT 2.13.33
TITLE, BODY, OTHER, CENTRE_TITLE, HALF_BODY, QUARTER_BODY = 0, 1, 4, 6, 7, 8
TITLES = frozenset((TITLE, CENTRE_TITLE))
_BULLETED = frozenset((BODY, HALF_BODY, QUARTER_BODY))
_RUNS_A_MACRO, _RUNS_A_PROGRAM = 1, 2  # InteractiveInfoActionEnum, 2.13.15

_PROGRESS_EVERY = 4096
_PARAGRAPH_END = re.compile("(\r)")
# TextAutoNumberSchemeEnum, 2.13.31: before the number, how it is shown, after it. Others are shown as "1."
_SCHEMES = {
    0: ("", ordinals.repeated_letters("abcdefghijklmnopqrstuvwxyz"), "."),
    1: ("", ordinals.repeated_letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "."),
    2: ("", ordinals.decimal, ")"),
    4: ("(", ordinals.lower_roman, ")"),
    5: ("", ordinals.lower_roman, ")"),
    6: ("", ordinals.lower_roman, "."),
    7: ("", ordinals.upper_roman, "."),
    8: ("(", ordinals.repeated_letters("abcdefghijklmnopqrstuvwxyz"), ")"),
    9: ("", ordinals.repeated_letters("abcdefghijklmnopqrstuvwxyz"), ")"),
    10: ("(", ordinals.repeated_letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ")"),
    11: ("", ordinals.repeated_letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ")"),
    12: ("(", ordinals.decimal, ")"),
    14: ("(", ordinals.upper_roman, ")"),
    15: ("", ordinals.upper_roman, ")"),
}


@dataclass(slots=True)
class SlideText:
    """A text as read: `text` has one character a UTF-16 unit; `places` are signs that stand for something else."""

    kind: int = OTHER
    text: str = ""
    styles: bytes = b""
    places: dict[int, int] = field(default_factory=dict)  # position -> record kind
    urls: list[tuple[int, int, str]] = field(default_factory=list)  # start, end, address


@dataclass(slots=True)
class Context:
    """What decides about texts beside themselves, the same for all of a slide."""

    bullets: dict[int, list[bool]]  # text type -> which levels have bullets
    urls: dict[int, str]  # identifiers of hyperlinks
    active: list[str]  # actions that would run something
    report: Report
    slide_number: int = 0
    footer: str = ""
    header: str = ""
    date: str = ""


def read_texts(records: Records, found: Iterable[Record], context: Context) -> list[SlideText]:
    """Texts among records: each begins with a header, and what belongs to it follows."""
    texts: list[SlideText] = []
    link = ""
    for record in found:
        if record.kind == TEXT_HEADER:
            texts.append(SlideText(records.number(record, 0)))
        elif not texts:
            continue
        elif record.kind in (TEXT_CHARS, TEXT_BYTES):
            data = records.data(record)
            texts[-1].text = utf16_units(data) if record.kind == TEXT_CHARS else data.decode("latin-1")
        elif record.kind == TEXT_STYLE:
            texts[-1].styles = records.data(record)
        elif record.kind in _PLACEHOLDERS:
            texts[-1].places[records.number(record, 0)] = record.kind
        elif record.kind == _INTERACTIVE:
            link = read_action(records, record, context)
        elif record.kind == _INTERACTIVE_RANGE and link:
            texts[-1].urls.append((records.number(record, 0), records.number(record, 4), link))
            link = ""
    return texts


def read_action(records: Records, record: Record, context: Context) -> str:
    """Where a click leads to, or ""; what would run something is noted."""
    atom = records.first(record, _INTERACTIVE_ATOM)
    if atom is None:
        return ""
    url = context.urls.get(records.number(atom, 4), "")
    action = records.number(atom, 8, 1)
    if action in (_RUNS_A_MACRO, _RUNS_A_PROGRAM):
        context.active.append(f"{'macro' if action == _RUNS_A_MACRO else 'program'} {url}".strip())
        return ""
    return links.resolve(url)


def text_blocks(source: SlideText, context: Context, numbers: list[AutoNumber | None] | None = None) -> list[Block]:
    """The paragraphs of a text: list items where they have bullets, else plain ones."""
    if not source.text:
        return []
    paragraph_runs, character_runs = text_runs(source.styles, len(source.text) + 1)
    levels = _Levels(paragraph_runs)
    counters: dict[int, tuple[AutoNumber, int]] = {}
    blocks: list[Block] = []
    builder = InlineBuilder()
    start: _Piece | None = None
    for count, piece in enumerate(_pieces(source, character_runs, context)):
        if count % _PROGRESS_EVERY == 0:  # one text may be the whole presentation
            context.report.progress("text", piece.position, len(source.text))
        start = start or piece
        if piece.text != "\r":
            builder.add(piece.text, piece.marks, piece.url)
            continue
        if not builder.is_empty():
            run = levels.at(start.position)
            number = numbers[start.extension] if numbers and start.extension < len(numbers) else None
            blocks += _paragraph(builder, source.kind, run, number, counters, context)
        start = None
    return blocks


class _Piece(NamedTuple):
    """Text of one formatting, or the end of a paragraph."""

    position: int
    text: str
    marks: int
    url: str
    extension: int


def _pieces(source: SlideText, runs: list[CharacterRun], context: Context) -> Iterator[_Piece]:
    """The text cut at the edges of formatting, links, placeholders and paragraphs; a paragraph's end comes last."""
    text, length = source.text, len(source.text)
    run_at: dict[int, CharacterRun] = {}
    position = 0
    for run in runs:
        run_at.setdefault(position, run)
        position += run.length
    url_at = {start: (end, url) for start, end, url in source.urls}
    edges = {0, length, *run_at, *url_at, *(end for end, _ in url_at.values())}
    edges |= {edge for at in source.places for edge in (at, at + 1)}
    marks = extension = url_end = 0
    url = ""
    ordered = sorted(edge for edge in edges if 0 <= edge <= length)
    for begin, stop in pairwise(ordered):
        if begin in run_at:
            run = run_at[begin]
            marks = (BOLD if run.bold else 0) | (ITALIC if run.italic else 0)
            extension = run.extension
        if begin in url_at:
            url_end, url = url_at[begin]
        elif begin >= url_end:
            url = ""
        if begin in source.places:
            yield _Piece(begin, _placeholder(source.places[begin], context), marks, url, extension)
            continue
        position = begin
        for part in _PARAGRAPH_END.split(text[begin:stop]):
            if not part:
                continue
            shown = part if part == "\r" else joined_units(part).replace("\x0b", "\n").replace("\t", " ")
            yield _Piece(position, shown, marks, url, extension)
            position += len(part)
    yield _Piece(length, "\r", 0, "", 0)


class _Levels:
    """The paragraph run at a position, asked for in ascending order."""

    def __init__(self, runs: list[ParagraphRun]) -> None:
        self._runs = runs
        self._index = 0
        self._end = runs[0].length if runs else 0

    def at(self, position: int) -> ParagraphRun:
        while self._index + 1 < len(self._runs) and self._end <= position:
            self._index += 1
            self._end += self._runs[self._index].length
        return self._runs[self._index] if self._runs else ParagraphRun(0, 0, None)


def _paragraph(
    builder: InlineBuilder,
    kind: int,
    run: ParagraphRun,
    number: AutoNumber | None,
    counters: dict[int, tuple[AutoNumber, int]],
    context: Context,
) -> Iterator[Block]:
    done = builder.finish(BOLD if kind in TITLES else 0)
    if not done.text:
        return
    block = Block(ElementType.NARRATIVE_TEXT, done.text, done.markdown, links=done.links, emphasis=done.emphasis)
    if _has_bullet(kind, run, context):
        block.kind, block.depth = ElementType.LIST_ITEM, run.level
        block.marker = _marker(number, run.level, counters)
    yield block


def _placeholder(kind: int, context: Context) -> str:
    """What stands where a sign does. Dates that are those of the day of reading say nothing."""
    if kind == _SLIDE_NUMBER:
        return str(context.slide_number)
    return {_FOOTER: context.footer, _HEADER: context.header, _GENERIC_DATE: context.date}.get(kind, "")


def _has_bullet(kind: int, run: ParagraphRun, context: Context) -> bool:
    if kind in TITLES:
        return False
    if run.bullet is not None:
        return run.bullet
    bullets = context.bullets.get(BODY if kind in _BULLETED else kind)
    if bullets:
        return bullets[min(run.level, len(bullets) - 1)]
    return kind in _BULLETED


def _marker(number: AutoNumber | None, level: int, counters: dict[int, tuple[AutoNumber, int]]) -> str:
    """Empty for a bullet. Numbers count on while their scheme stays the same and no higher level comes between."""
    for deeper in [each for each in counters if each > level]:
        del counters[deeper]
    if number is None:
        counters.pop(level, None)
        return ""
    known = counters.get(level)
    value = known[1] + 1 if known is not None and known[0] == number else number.start
    counters[level] = (number, value)
    before, show, after = _SCHEMES.get(number.scheme, ("", ordinals.decimal, "" if number.scheme == 13 else "."))
    return f"{before}{show(value)}{after}"
