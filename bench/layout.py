"""SANDBOX, untrusted: how well page layout is read: reading order, tables and headings against hand-made Markdown.

    python bench/layout.py MANIFEST.jsonl [--json]

Run it where the PDF parser runs, with `rapidfuzz` and `apted` beside it. A manifest's row names a PDF (`path`), its
Markdown (`gt`, tables as HTML) and whether its content stream was shuffled (`stream_order`), all relative to the
manifest. The last line of stdout is one JSON object; without `--json` the worst pages are listed before it.

NID   normalized indel similarity of the text in reading order, tables included, white space folded
TEDS  tree-edit-distance similarity of tables (Zhong, ShafieiBavani and Jimeno Yepes 2020), header cells as cells
MHS   the same similarity over headings and the text under each; heading levels do not count
All elements count, furniture too: the hand-made Markdown keeps running headers and page numbers.
"""

import argparse
import html
import json
import re
import sys
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from statistics import mean
from typing import Any

from apted import APTED, Config
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from contract.verdicts import ElementType
from parsers.blocks import Block, Report, Table
from parsers.pdf import PARSER

_TABLE = re.compile(r"<table.*?</table>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(r"^#{1,6}\s+(.*)")
_WORST_SHOWN = 12


@dataclass
class Node:
    """A node of a table's or a document's tree. Only nodes of one name and spread may become each other."""

    name: str
    text: str = ""
    spread: tuple[int, int] = (1, 1)
    children: list["Node"] = field(default_factory=list)

    def size(self) -> int:
        """Number of nodes."""
        return 1 + sum(child.size() for child in self.children)


class _Costs(Config):  # type: ignore[misc]  # apted has no types
    def rename(self, node1: Node, node2: Node) -> float:
        if (node1.name, node1.spread) != (node2.name, node2.spread):
            return 1.0
        if not node1.text and not node2.text:
            return 0.0
        return float(Levenshtein.normalized_distance(node1.text, node2.text))

    def children(self, node: Node) -> list[Node]:
        return node.children


def folded(text: str) -> str:
    """White space folded."""
    return " ".join(text.split())


def without_tags(markdown: str) -> str:
    """Tables reduced to the text of their cells: how their HTML is spelt must not count as text."""
    return _TABLE.sub(lambda match: html.unescape(_TAG.sub(" ", match.group())), markdown)


def similarity(truth: Node, found: Node, uncounted: int = 0) -> float:
    """1 - tree edit distance / number of nodes of the bigger tree, less those that every tree has."""
    distance = APTED(truth, found, _Costs()).compute_edit_distance()
    return max(0.0, 1 - distance / (max(truth.size(), found.size()) - uncounted))


class _TableTree(HTMLParser):
    """All tables of a text as one tree of tables, rows and cells."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.root = Node("body")
        self._cell: Node | None = None
        for table in _TABLE.findall(markdown):
            self.feed(table)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.root.children.append(Node("table"))
        elif tag == "tr":
            self.root.children[-1].children.append(Node("tr"))
        elif tag in ("td", "th"):
            spread = dict(attrs)
            self._cell = Node("td", spread=(int(spread.get("rowspan") or 1), int(spread.get("colspan") or 1)))
            self.root.children[-1].children[-1].children.append(self._cell)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.text = folded(f"{self._cell.text} {data}")


def heading_tree(markdown: str) -> Node:
    """A document's headings, each with the text under it as its one child."""
    root = Node("document")
    current, lines = root, list[str]()
    for line in [*markdown.split("\n"), "# "]:
        match = _HEADING.match(line + " ")
        if match is None:
            lines.append(line)
            continue
        if folded(" ".join(lines)):
            current.children.append(Node("content", folded(" ".join(lines))))
        lines = []
        if match.group(1).strip():
            current = Node("heading", folded(match.group(1)))
            root.children.append(current)
    return root


def as_markdown(blocks: list[Block]) -> str:
    """Blocks as the ground truth writes them: `#` headings, `-` items, tables in HTML."""
    return "\n\n".join(_as_markdown(block) for block in blocks)


def _as_markdown(block: Block) -> str:
    if block.table is not None:
        return _as_html(block.table)
    if block.kind == ElementType.TITLE:
        return f"# {block.text}"
    if block.kind == ElementType.LIST_ITEM:
        return f"{block.marker or '-'} {block.text}"
    return block.text


def _as_html(table: Table) -> str:
    rows = []
    for row in table.rows:
        cells = [f'<td rowspan="{cell.rowspan}" colspan="{cell.colspan}">{html.escape(cell.text)}</td>' for cell in row]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


@dataclass
class PageScore:
    """The figures of one page; a figure is `None` where the truth has no table or no heading."""

    name: str
    shuffled: bool
    nid: float
    teds: float | None
    mhs: float | None


def scored(row: dict[str, Any], truth: str, found: str) -> PageScore:
    """Compare one page with its truth."""
    teds = mhs = None
    true_tables, true_headings = _TableTree(truth).root, heading_tree(without_tags(truth))
    if true_tables.children:
        # The authors' program counts the nodes below the table; ours stand below a page and its first table.
        teds = similarity(true_tables, _TableTree(found).root, uncounted=2) if "<table>" in found else 0.0
    if any(child.name == "heading" for child in true_headings.children):
        found_headings = heading_tree(without_tags(found))
        any_found = any(child.name == "heading" for child in found_headings.children)
        mhs = similarity(true_headings, found_headings) if any_found else 0.0
    nid = fuzz.ratio(folded(without_tags(truth)), folded(without_tags(found))) / 100
    return PageScore(row["id"], row.get("stream_order") == "shuffled", nid, teds, mhs)


def figures(scores: list[PageScore], cpu_seconds: float) -> dict[str, float]:
    """Means over the pages that a figure is defined for; `mean` is that of the three figures, all pages together."""
    result = {
        "nid": mean(score.nid for score in scores if not score.shuffled),
        "nid_shuffled": mean([score.nid for score in scores if score.shuffled] or [0.0]),
        "teds": mean([score.teds for score in scores if score.teds is not None] or [0.0]),
        "mhs": mean([score.mhs for score in scores if score.mhs is not None] or [0.0]),
    }
    result["mean"] = mean((mean(score.nid for score in scores), result["teds"], result["mhs"]))
    result["cpu_seconds_per_page"] = cpu_seconds / len(scores)
    return {name: round(value, 4) for name, value in result.items()}


def main() -> int:
    """Score every page of a manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--json", action="store_true", help="only the last line")
    arguments = parser.parse_args()
    folder = arguments.manifest.parent
    rows = [json.loads(line) for line in arguments.manifest.read_text("utf-8").splitlines() if line.strip()]
    silent = Report(progress=lambda *_: None)
    scores: list[PageScore] = []
    cpu_seconds = 0.0
    for row in rows:
        data = (folder / row["path"]).read_bytes()
        started = time.process_time()
        parsed = PARSER.parse(data, silent)
        cpu_seconds += time.process_time() - started
        scores.append(scored(row, (folder / row["gt"]).read_text("utf-8"), as_markdown(parsed.blocks)))
    if not arguments.json:
        for name in ("nid", "teds", "mhs"):
            values = sorted((getattr(s, name), s.name) for s in scores if getattr(s, name) is not None)
            print(name, *(f"{page}={value:.3f}" for value, page in values[:_WORST_SHOWN]))
    print(json.dumps(figures(scores, cpu_seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
