"""SANDBOX, untrusted: comma-, semicolon-, tab- and pipe-separated tables.

Rows are read again each time they are needed, so that a table of a million rows costs the memory of its text.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.tables import TextTable
from parsers.text.encoding import decode
from parsers.text.plain import blocks_of_text

DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 200
_SNIFFED_CHARS = 1 << 18
_FIELD_CHARS_MAX = 1 << 17  # longer "fields" are an unclosed quote
_RUNAWAY_FIELD_LINES = 20
_PROGRESS_ROWS = 10_000

_SEPARATOR_LINE = re.compile(r"\A\ufeff?sep=(.)\r?\n", re.IGNORECASE)  # written by Excel for itself
_VALUE = re.compile(r"[-+]?[$€£]?\s?\d[\d.,:/\s-]*[%$€£]?|[^@\s]+@[^@\s]+\.\w+|https?://\S+|true|false", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How fields are separated and quoted."""

    delimiter: str
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    quote: str = '"'
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a text that are not blank. Raises `csv.Error` while iterating when a field is over the limit."""

    text: str
    dialect: Dialect

    def __iter__(self) -> Iterator[list[str]]:
        csv.field_size_limit(_FIELD_CHARS_MAX)
        reader = csv.reader(
            _lines(self.text), delimiter=self.dialect.delimiter, quoting=self.dialect.quoting,
            quotechar=self.dialect.quote, escapechar=self.dialect.escape, skipinitialspace=True,
        )  # fmt: skip
        return (row for row in reader if row)


class DelimitedParser:
    """A file that is one table. The first row is its header unless it holds values."""

    media_types = ("text/csv", "text/tab-separated-values")

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One table; plain text when no way of quoting makes rows of it."""
        text, encoding = decode(document)
        del document
        text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
        separator = _SEPARATOR_LINE.match(text)
        text = text[separator.end() :] if separator else text
        dialect = sniff(text, separator[1] if separator else "")
        for candidate in (dialect, Dialect(dialect.delimiter, csv.QUOTE_NONE)):
            rows = Rows(text, candidate)
            columns = _columns(rows, report)
            if columns:
                table = TextTable([], header_rows=_header_rows(rows), text_rows=rows, columns=columns)
                media_type = "text/tab-separated-values" if candidate.delimiter == "\t" else "text/csv"
                return ParsedDocument(media_type, [Block(ElementType.TABLE, "", table=table)], encoding=encoding)
        return ParsedDocument("text/plain", blocks_of_text(text, report), encoding=encoding)


def sniff(text: str, delimiter: str = "") -> Dialect:
    """The dialect under which the beginning of a text is most regular: most rows of one width, then most columns."""
    head = text[:_SNIFFED_CHARS]
    quote = "'" if '"' not in head and re.search(r"(?:^|[,;\t|])'[^'\n]*'(?:[,;\t|]|$)", head, re.MULTILINE) else '"'
    escape = "\\" if f"\\{quote}" in head and quote * 2 not in head.replace(f"\\{quote}", "") else None
    best, best_score = Dialect(delimiter or ",", quote=quote, escape=escape), (0.0, 0)
    for candidate in [delimiter] if delimiter else DELIMITERS:
        dialect = Dialect(candidate, quote=quote, escape=escape)
        score = _regularity(Rows(head, dialect))
        if score > best_score:
            best, best_score = dialect, score
    return best


def _regularity(rows: Rows) -> tuple[float, int]:
    """Share of the rows that have the commonest width, if that is over one column; and that width."""
    try:
        widths = Counter(len(row) for row in islice(rows, _SNIFFED_ROWS))
    except csv.Error:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(0, 0))
    return (count / widths.total(), width) if width > 1 else (0.0, 0)


def _columns(rows: Rows, report: Report) -> int:
    """The width of the widest row; 0 when there are no rows, or when a quote that is never closed swallowed them."""
    columns = 0
    try:
        for number, row in enumerate(rows):
            if number % _PROGRESS_ROWS == 0:
                report.progress("rows", number, 0)
            columns = max(columns, len(row))
            if rows.dialect.quoting != csv.QUOTE_NONE and max(map(_line_count, row)) > _RUNAWAY_FIELD_LINES:
                columns = 0 if rows.text.count(rows.dialect.quote) % 2 else columns
                if not columns:
                    return 0
    except csv.Error:
        return 0
    return columns


def _line_count(field: str) -> int:
    return field.count("\n")


def _header_rows(rows: Rows) -> int:
    """1 when the first row names columns: filled for the most part, and without numbers, dates or addresses."""
    first, second = next(iter(rows)), next(islice(rows, 1, 2), None)
    filled = [field for field in first if field.strip()]
    names = len(filled) * 2 > len(first) and not any(_VALUE.fullmatch(field.strip()) for field in filled)
    return 1 if names and second is not None else 0


def _lines(text: str) -> Iterator[str]:
    position = 0
    while (end := text.find("\n", position)) >= 0:
        yield text[position : end + 1]
        position = end + 1
    if position < len(text):
        yield text[position:]


PARSER = DelimitedParser()
