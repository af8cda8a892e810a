"""SANDBOX, untrusted: whether facts that people wrote down about real PDF pages hold of what the PDF parser reads.

    python bench/facts.py MANIFEST.jsonl [--json]

Run it where the PDF parser runs, with `rapidfuzz` beside it. Beside the manifest, whose rows name PDFs (`path`), lies
`facts.jsonl`: a row names a PDF below `pdfs/`, a page and one fact. The kinds are those of olmOCR-bench (Poznanski et
al. 2025), and so is how they are judged: on one page, white space folded, quotes and dashes made plain.

present  a text stands on the page                 absent  it does not (page furniture does not count as text)
order    one text stands before another            math    a formula is there, as LaTeX source
table    a cell is there, with a given neighbour (`up`, `down`, `left`, `right`), or below or beside a heading
         (`top_heading`, `left_heading`: any cell above in its columns, or left in its rows)

A PDF without a text layer is counted apart: it needs OCR. The last line of stdout is one JSON object; without `--json`
the facts that do not hold are listed before it.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from contract.verdicts import Refusal
from parsers.blocks import Block, Refused, Report, Table
from parsers.pdf import PARSER

_PLAIN = str.maketrans({**dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟″", '"'), **dict.fromkeys("‐‑‒–—−", "-")})
_CELL_RATIO_MIN = 90.0  # of 100: how alike a cell must be
_NEIGHBOURS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_SPREAD_MAX = 1_000

Place = tuple[int, int, int, int]  # first row, first column, row after the last, column after the last


def plain(text: str) -> str:
    """NFC, white space folded, one kind of quotes and dashes."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


@dataclass
class Page:
    """What was read of one page: its text without furniture, and its tables as cells with their places."""

    text: str
    tables: list[dict[Place, str]]


def page_of(blocks: list[Block], number: int) -> Page:
    """The blocks of a page as the judge wants them."""
    shown = [block for block in blocks if block.page == number and not block.furniture]
    text = plain("\n".join(f"{block.marker} {block.text}" for block in shown))
    return Page(text, [_placed(block.table) for block in shown if block.table is not None])


def _placed(table: Table) -> dict[Place, str]:
    cells: dict[Place, str] = {}
    taken: set[tuple[int, int]] = set()
    for row_number, row in enumerate(table.rows):
        column = 0
        for cell in row:
            while (row_number, column) in taken:
                column += 1
            bottom, right = row_number + min(cell.rowspan, _SPREAD_MAX), column + min(cell.colspan, _SPREAD_MAX)
            cells[row_number, column, bottom, right] = plain(cell.text)
            taken.update((r, c) for r in range(row_number, bottom) for c in range(column, right))
            column = right
    return cells


def holds(fact: dict[str, Any], page: Page) -> bool:
    """Whether a fact holds of a page."""
    match fact["type"]:
        case "present":
            return _is_in(fact, page.text)
        case "absent":
            return not _is_in(fact, page.text)
        case "order":
            before, after = page.text.find(plain(fact["before"])), page.text.rfind(plain(fact["after"]))
            return 0 <= before < after
        case "table":
            return any(_table_holds(fact, cells) for cells in page.tables)
        case "math":
            return re.sub(r"\s", "", fact["math"]) in re.sub(r"\s", "", page.text)
    raise ValueError(f"unknown kind of fact: {fact['type']}")


def _is_in(fact: dict[str, Any], text: str) -> bool:
    wanted = plain(fact["text"])
    if not fact.get("case_sensitive", True):
        wanted, text = wanted.casefold(), text.casefold()
    if "last_n" in fact:
        text = text[-fact["last_n"] :]
    return wanted in text


def _alike(wanted: str, found: str) -> bool:
    return fuzz.ratio(plain(wanted), found) >= _CELL_RATIO_MIN


def _table_holds(fact: dict[str, Any], cells: dict[Place, str]) -> bool:
    places = [place for place, text in cells.items() if _alike(fact["cell"], text)]
    return any(_cell_holds(fact, cells, place) for place in places)


def _cell_holds(fact: dict[str, Any], cells: dict[Place, str], place: Place) -> bool:
    for side, (down, right) in _NEIGHBOURS.items():
        if side in fact and not any(_alike(fact[side], cells[p]) for p in _beside(cells, place, down, right)):
            return False
    top, left, bottom, right_edge = place
    above = [t for p, t in cells.items() if p[2] <= top and p[1] < right_edge and p[3] > left]
    before = [t for p, t in cells.items() if p[3] <= left and p[0] < bottom and p[2] > top]
    return all(
        key not in fact or any(_alike(fact[key], text) for text in texts)
        for key, texts in (("top_heading", above), ("left_heading", before))
    )


def _beside(cells: dict[Place, str], place: Place, down: int, right: int) -> list[Place]:
    """The cells that touch a cell on one side."""
    top, left, bottom, right_edge = place
    row = top - 1 if down < 0 else bottom if down > 0 else None
    column = left - 1 if right < 0 else right_edge if right > 0 else None
    return [
        p
        for p in cells
        if (row is None or p[0] <= row < p[2])
        and (column is None or p[1] <= column < p[3])
        and (row is not None or (p[0] < bottom and p[2] > top))
        and (column is not None or (p[1] < right_edge and p[3] > left))
    ]


def _read(path: Path) -> list[Block] | None:
    """The blocks of a PDF; `None`: it has no text layer."""
    try:
        return PARSER.parse(path.read_bytes(), Report(progress=lambda *_: None)).blocks
    except Refused as refused:
        if refused.refusal is not Refusal.EMPTY:
            raise
        return None


def figures(held: Counter[str], asked: Counter[str], needs_ocr: int) -> dict[str, Any]:
    """Facts held and asked by kind; the share of the kinds other than math; all of PDFs with a text layer."""
    counted = [kind for kind in asked if kind != "math"]
    share = sum(held[kind] for kind in counted) / max(sum(asked[kind] for kind in counted), 1)
    by_kind = {kind: [held[kind], asked[kind]] for kind in sorted(asked)}
    return {"held_and_asked": by_kind, "share_without_math": round(share, 4), "facts_that_need_ocr": needs_ocr}


def main() -> int:
    """Judge every fact of the PDFs of a manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--json", action="store_true", help="only the last line")
    arguments = parser.parse_args()
    folder = arguments.manifest.parent
    lines = [line for line in (folder / "facts.jsonl").read_text("utf-8").splitlines() if line.strip()]
    facts: dict[str, list[dict[str, Any]]] = {}
    for fact in map(json.loads, lines):
        facts.setdefault("pdfs/" + fact["pdf"], []).append(fact)
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    needs_ocr = 0
    for row in map(json.loads, arguments.manifest.read_text("utf-8").splitlines()):
        blocks = _read(folder / row["path"])
        if blocks is None:
            needs_ocr += len(facts.get(row["path"], []))
            continue
        for fact in facts.get(row["path"], []):
            asked[fact["type"]] += 1
            good = holds(fact, page_of(blocks, fact["page"]))
            held[fact["type"]] += good
            if not good and not arguments.json:
                print(json.dumps(fact, ensure_ascii=False))
    print(json.dumps(figures(held, asked, needs_ocr)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
