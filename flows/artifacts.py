"""HOST, trusted: the tables a run shows in the Prefect UI, as pure functions of what was counted.

File names are chosen by whoever uploads, and the words of a detail may be a parser's. The UI renders Markdown, so a
name must not become a link, a picture, a table cell of its own, HTML, or text that reads in another order than it is
written. `shown` turns every character that could do so into an entity or a visible code point.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from flows.tally import Counted
from ingest.outcome import Outcome

SHOWN_CHARACTERS_MAX: Final = 160
RESOURCE_CHARACTERS_MAX: Final = 900
MARKS_IN_A_ROW_MAX: Final = 2
_PLAIN_ASCII: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -/")
# Letters, numbers, punctuation and symbols beyond ASCII; what is left are controls, formats, surrogates, separators,
# private and unassigned code points, and combining marks, which are handled apart.
_SAFE_CATEGORIES: Final = frozenset("LNPS")


def shown(text: str, characters_max: int = SHOWN_CHARACTERS_MAX) -> str:
    """Text as one line of Markdown that renders as exactly the characters of `visible`, and as nothing else."""
    return "".join(
        f"&#{ord(character)};" if character.isascii() and character not in _PLAIN_ASCII else character
        for character in visible(text, characters_max)
    )


def visible(text: str, characters_max: int = SHOWN_CHARACTERS_MAX) -> str:
    """Text as one line of plain text, long text cut in the middle: what cannot be seen becomes `⟨U+202E⟩` or `␠`."""
    if len(text) > characters_max:
        half = characters_max // 2
        text = f"{text[:half]}…{text[-(characters_max - half - 1) :]}"
    written, marks = [], 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        lone_space = character == " " and before != " " and after != " "
        written.append("␠" if character == " " and not lone_space else _visible(character, marks))
    return "".join(written)


def _visible(character: str, marks: int) -> str:
    category = unicodedata.category(character)[0]
    if category in _SAFE_CATEGORIES or character == " " or (category == "M" and marks <= MARKS_IN_A_ROW_MAX):
        return character
    return f"⟨U+{ord(character):04X}⟩"


def resource_id(source: str, key: str) -> str:
    """The id of a document as a resource of Prefect's events: printable ASCII, reversible by percent-decoding.

    Longer ones are cut; `payload` of the event has the whole key.
    """
    document = f"{source.rstrip('/')}/{key}"
    return f"gloveport.document.{quote(document, safe='', errors='surrogatepass')}"[:RESOURCE_CHARACTERS_MAX]


def payload_text(text: str) -> str:
    """Text that JSON and SQLite take: lone surrogates and NUL replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def outcome_rows(counted: Counted) -> list[dict[str, str | int]]:
    """Rows of the table artifact: outcome, reason, files. Only words of our own vocabulary, most frequent first."""
    ordered = sorted(counted.ends.items(), key=lambda end: (-end[1], end[0]))
    return [{"outcome": outcome, "reason": reason, "files": files} for (outcome, reason), files in ordered]


def outcome_table(counted: Counted) -> str:
    """The same as Markdown."""
    rows = [(str(row["outcome"]), str(row["reason"]), str(row["files"])) for row in outcome_rows(counted)]
    return _table(("outcome", "reason", "files"), rows)


def quarantine_table(counted: Counted) -> str:
    """Quarantined files with reason and detail, as Markdown; says how many more there are than it shows."""
    rows = [
        (shown(report.key), shown(report.reason.value if report.reason else ""), shown(report.detail))
        for report in counted.quarantined
    ]
    hidden = counted.quarantined_total - len(rows)
    more = f"\n{hidden} more: `gloveport quarantine list` shows all.\n" if hidden > 0 else ""
    return _table(("file", "reason", "detail"), rows) + more


def report_page(source: str, run_id: str, counted: Counted) -> str:
    """The page of one run: what came of its files, and which are in quarantine."""
    quarantine = f"\n## In quarantine\n\n{quarantine_table(counted)}" if counted.quarantined_total else ""
    return f"# {shown(source)}\n\nRun {shown(run_id)}\n\n{outcome_table(counted)}{quarantine}"


def progress_line(counted: Counted, total: int) -> str:
    """One line for the progress artifact."""
    pending = sum(files for (end, _), files in counted.ends.items() if end == "pending")
    failed = f", {pending} to be tried again" if pending else ""
    return f"{counted.finished} of {total} files, {counted.quarantined_total} {Outcome.QUARANTINED.value}{failed}"


def percent(finished: int, total: int) -> float:
    """Progress from 0 to 100; an empty source is done."""
    return 100.0 if total <= 0 else min(100.0, round(100.0 * finished / total, 1))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head), *rows)]
    return "\n".join(lines) + "\n"
