"""SANDBOX, untrusted: ruling lines and boxes among a page's vectors, merged and grouped into what may be tables."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from parsers.blocks import Box
from parsers.pdf.geometry import Turn
from parsers.pdf.model import Atom, Vector

THICKNESS_MAX = 3.0
LENGTH_MIN = 6.0
_OUTER_ROW_MAX = 40.0
_LADDER_WIDTH_MIN = 90.0
_LADDER_APART_MIN = 14.0  # rules of two tables side by side are farther apart
TOUCH = 3.0  # ends of rules this near to each other, in points, meet
RULES_MAX = 500  # in each direction: grouping is quadratic, and no table for reading has more
_WHITE_MIN = 0xFE
_BELOW_MAX = 0.8  # of the type size, from the baseline to a rule below a title
_BELOW_COUNT_MAX = 40  # rules looked at for one atom


@dataclass(slots=True)
class Rule:
    """A straight rule. `at` is its y if horizontal, its x if vertical; `start` and `stop` are its ends."""

    at: float
    start: float
    stop: float
    drawn: bool = True  # false: only the edge of a filled area


@dataclass(slots=True)
class Rules:
    """Merged rules of one page or one table. `complete` is false when there were too many to use."""

    horizontal: list[Rule]
    vertical: list[Rule]
    complete: bool = True


def rules_of(vectors: list[Vector], turn: Turn) -> Rules:
    """All rules of a page in the upright frame: thin strokes, and edges of drawn or filled boxes."""
    horizontal: list[Rule] = []
    vertical: list[Rule] = []
    width, height = turn.extent()
    for vector in vectors:
        if not vector.opaque or (not vector.stroked and _is_white(vector.color)):
            continue
        box = turn.upright((vector.x0, vector.y0, vector.x1, vector.y1))
        if box[2] - box[0] > 0.97 * width and box[3] - box[1] > 0.97 * height:
            continue
        _add_rules(box, vector.rectangle, vector.stroked, horizontal, vertical)
    horizontal, vertical = _merged(horizontal), _merged(vertical)
    if max(len(horizontal), len(vertical)) > RULES_MAX:
        return Rules([], [], complete=False)
    return Rules(horizontal, vertical)


def _is_white(color: int) -> bool:
    return all(color >> shift & 255 >= _WHITE_MIN for shift in (16, 8, 0))


def _add_rules(box: Box, rectangle: bool, drawn: bool, horizontal: list[Rule], vertical: list[Rule]) -> None:
    x0, y0, x1, y1 = box
    if y1 - y0 <= THICKNESS_MAX:
        if x1 - x0 >= LENGTH_MIN:
            horizontal.append(Rule((y0 + y1) / 2, x0, x1))
    elif x1 - x0 <= THICKNESS_MAX:
        if y1 - y0 >= LENGTH_MIN:
            vertical.append(Rule((x0 + x1) / 2, y0, y1))
    elif rectangle and x1 - x0 >= 2 * LENGTH_MIN and y1 - y0 >= LENGTH_MIN:
        horizontal += [Rule(y0, x0, x1, drawn), Rule(y1, x0, x1, drawn)]
        vertical += [Rule(x0, y0, y1, drawn), Rule(x1, y0, y1, drawn)]


def _merged(rules: list[Rule]) -> list[Rule]:
    """Rules with pieces of one line joined. Linear but for the sort."""
    result: list[Rule] = []
    open_rules: list[Rule] = []
    for rule in sorted(rules, key=lambda r: (round(r.at / 2), r.start)):
        open_rules = [other for other in open_rules if rule.at - other.at < 4][-16:]
        for other in open_rules:
            if abs(other.at - rule.at) <= 1.6 and rule.start <= other.stop + TOUCH and rule.stop >= other.start - TOUCH:
                other.drawn = other.drawn or rule.drawn
                other.start, other.stop = min(other.start, rule.start), max(other.stop, rule.stop)
                break
        else:
            copy = Rule(rule.at, rule.start, rule.stop, rule.drawn)
            open_rules.append(copy)
            result.append(copy)
    return result


def grids(rules: Rules) -> list[Rules]:
    """Groups of rules that cross or touch each other, with at least two in each direction."""
    rows, columns = rules.horizontal, rules.vertical
    parents = list(range(len(rows) + len(columns)))

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if _meet(row, column):
                parents[root(i)] = root(len(rows) + j)
    groups: dict[int, Rules] = {}
    for i, row in enumerate(rows):
        groups.setdefault(root(i), Rules([], [])).horizontal.append(row)
    for j, column in enumerate(columns):
        groups.setdefault(root(len(rows) + j), Rules([], [])).vertical.append(column)
    found = [group for group in groups.values() if len(group.horizontal) >= 2 and len(group.vertical) >= 1]
    lone = [group.horizontal[0] for group in groups.values() if len(group.horizontal) == 1 and not group.vertical]
    for group in found:
        if len(group.vertical) > 2:
            _add_outer_rules(group, lone)
    return found


def _add_outer_rules(group: Rules, lone: list[Rule]) -> None:
    """Add rules above and below a grid that are as wide as it is: a header row without rules between its cells."""
    start, stop = min(rule.start for rule in group.horizontal), max(rule.stop for rule in group.horizontal)
    top, bottom = min(rule.at for rule in group.horizontal), max(rule.at for rule in group.horizontal)
    for rule in lone:
        same_width = abs(rule.start - start) < 2 * TOUCH and abs(rule.stop - stop) < 2 * TOUCH
        if same_width and (0 < top - rule.at < _OUTER_ROW_MAX or 0 < rule.at - bottom < _OUTER_ROW_MAX):
            group.horizontal.append(rule)


def _meet(row: Rule, column: Rule) -> bool:
    return row.start - TOUCH <= column.at <= row.stop + TOUCH and column.start - TOUCH <= row.at <= column.stop + TOUCH


def mark_ruled(atoms: list[Atom], rules: Rules) -> None:
    """Note on spans the rules right below their atoms. Not underlines, which end where their text does."""
    rows = sorted(rules.horizontal, key=lambda rule: rule.at)
    heights = [rule.at for rule in rows]
    for atom in atoms:
        first = bisect_left(heights, atom.baseline - 0.05 * atom.size)
        last = bisect_right(heights, atom.baseline + _BELOW_MAX * atom.size)
        for rule in rows[first : min(last, first + _BELOW_COUNT_MAX)]:
            covers = rule.start <= atom.x0 + TOUCH and rule.stop >= atom.x1 - TOUCH
            if covers and rule.stop - rule.start > atom.x1 - atom.x0 + atom.size:
                for span in atom.spans:
                    span.ruled = (rule.start, rule.stop)
                break


def ladders(rules: Rules) -> list[list[Rule]]:
    """Groups of horizontal rules with the same ends, none crossed by a vertical one: tables ruled between rows only."""
    free = [row for row in rules.horizontal if not any(_meet(row, column) for column in rules.vertical)]
    groups: dict[tuple[int, int], list[Rule]] = {}
    for row in sorted(free, key=lambda r: r.at):
        key = (round(row.start / 6), round(row.stop / 6))
        near = [(key[0] + i, key[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        group = next((groups[k] for k in near if k in groups), None)
        if group is None:
            groups[key] = [row]
        else:
            group.append(row)
    return [group for group in groups.values() if len(group) >= 2 and _is_wide(group, rules)]


def _is_wide(ladder: list[Rule], rules: Rules) -> bool:
    """Not one of several short rules side by side, which underline column heads or totals inside a wider table."""
    start, stop = min(rule.start for rule in ladder), max(rule.stop for rule in ladder)
    beside = [
        rule
        for rule in rules.horizontal
        if ladder[0].at - TOUCH <= rule.at <= ladder[-1].at + TOUCH and (rule.stop < start + 1 or rule.start > stop - 1)
    ]
    return stop - start >= _LADDER_WIDTH_MIN and not any(_near(rule, start, stop) for rule in beside)


def _near(rule: Rule, start: float, stop: float) -> bool:
    return max(start - rule.stop, rule.start - stop) < _LADDER_APART_MIN


def positions(values: list[float]) -> list[float]:
    """Sorted distinct positions; those within `TOUCH` of each other count as one, at their mean."""
    clusters: list[list[float]] = []
    for value in sorted(values):
        if clusters and value - clusters[-1][-1] <= TOUCH:
            clusters[-1].append(value)
        else:
            clusters.append([value])
    return [sum(cluster) / len(cluster) for cluster in clusters]
