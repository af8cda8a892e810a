"""HOST, trusted: what a person sees. Names and texts are attackers' words: nothing here lets them steer a terminal."""

import json
import logging
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

# Categories that move the cursor, reorder or hide text: controls, format characters (bidi overrides among them),
# surrogates, private use, unassigned, line and paragraph separators.
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, width: int | None = None) -> str:
    """The text with every character that could steer a terminal shown as an escape; cut to `width` characters."""
    shown = "".join(
        character if unicodedata.category(character) not in _UNSHOWABLE else _escape(character) for character in text
    )
    if width is not None and len(shown) > width:
        return shown[: width - 1] + "…"
    return shown


def provenance_of(names: Sequence[str], width: int | None = None) -> str:
    """Where a file was found, outermost first: `mail.eml → invoice.zip → a.pdf`. Of a file of the source, its key."""
    return printable(" → ".join(names), width)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def emit(row: dict[str, Any]) -> None:
    """One JSON object on one line of stdout. Non-ASCII is escaped, so that no terminal or log can be steered by it."""
    sys.stdout.write(json.dumps(row, ensure_ascii=True, default=str) + "\n")
    sys.stdout.flush()


def note(line: str) -> None:
    """One line of progress on stderr. May quote names: it is made printable here."""
    click.echo(printable(line), err=True)


class PrintableFormatter(logging.Formatter):
    """For log records on a terminal: errors name the file they are about, and its name is an attacker's."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, line breaks kept (a traceback has them), everything else that could steer a terminal escaped."""
        return "\n".join(map(printable, super().format(record).split("\n")))


def program() -> str:
    """How to call the program again: by name when the path knows it, else as it was called."""
    if shutil.which("gloveport"):
        return "gloveport"
    called = sys.argv[0]
    return "python -m ingest.cli" if called.endswith("__main__.py") else os.path.relpath(called)


def use_colour() -> bool:
    """Whether stdout is a terminal that wants colour (NO_COLOR, TERM=dumb)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout: ruled on a terminal, aligned plain text elsewhere. Cells are made printable here."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if use_colour():
        _rich_table(headers, cells, title)
        return
    if title:
        click.echo(title)
    widths = [max([len(header), *(len(row[i]) for row in cells)]) for i, header in enumerate(headers)]
    for line in [list(headers), *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _rich_table(headers: Sequence[str], cells: list[list[str]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, title_justify="left")
    for header in headers:
        shown.add_column(header, overflow="fold")
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row))
    Console().print(shown)


def human_bytes(count: int) -> str:
    """1536 -> "1.5 KiB"."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
