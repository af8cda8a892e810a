"""SANDBOX, untrusted: text of what is drawn: charts as tables of their data, SmartArt as lists, shapes' own text."""

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Table
from parsers.markup.inline import tidy
from parsers.office.names import CX, DGM, A, C, number

_POINTS_MAX = 2000  # of a series; a chart of more is a picture of data, not a table to read
_CATEGORIES_ACROSS = 20
_DIAGRAM_DEPTH_MAX = 8
_CHART_KINDS = {
    "lineChart": "Line chart", "line3DChart": "Line chart", "barChart": "Bar chart", "bar3DChart": "Bar chart",
    "pieChart": "Pie chart", "pie3DChart": "Pie chart", "ofPieChart": "Pie chart", "doughnutChart": "Doughnut chart",
    "areaChart": "Area chart", "area3DChart": "Area chart", "scatterChart": "Scatter chart",
    "bubbleChart": "Bubble chart",
    "radarChart": "Radar chart", "stockChart": "Stock chart", "surfaceChart": "Surface chart",
}  # fmt: skip


def chart_blocks(root: etree._Element) -> list[Block]:
    """A chart part: its titles, and its series as a table, categories across when there are few of them."""
    if root.tag.startswith(CX):
        return _extended_chart(root)
    kinds = (each.tag.removeprefix(C) for each in root.iter() if isinstance(each.tag, str))
    kind = next((_CHART_KINDS[each] for each in kinds if each in _CHART_KINDS), "Chart")
    titles = _titles(root)
    blocks = [Block(ElementType.FIGURE_CAPTION, ": ".join([kind, *titles[:1]]))]
    blocks += [Block(ElementType.FIGURE_CAPTION, text) for text in titles[1:]]
    series = [_series(each) for each in root.iter(C + "ser")]
    table = _series_table([each for each in series if any(each)])
    return [*blocks, table] if table else blocks


def _titles(root: etree._Element) -> list[str]:
    texts = []
    for title in root.iter(C + "title"):
        text = tidy(" ".join(paragraph_texts(title)) or "".join(node.text or "" for node in title.iter(C + "v")))
        if text:
            texts.append(text)
    return list(dict.fromkeys(texts))


def _series(element: etree._Element) -> tuple[str, dict[int, str], dict[int, str]]:
    """(name, categories by index, values by index) as cached in the chart."""
    name = " ".join(node.text or "" for node in element.iterfind(f"{C}tx//{C}v"))
    categories = _points(element, "cat") or _points(element, "xVal")
    return tidy(name), categories, _points(element, "val") or _points(element, "yVal")


def _points(element: etree._Element, name: str) -> dict[int, str]:
    holder = element.find(C + name)
    points: dict[int, str] = {}
    if holder is None:
        return points
    code = next((each.text or "" for each in holder.iter(C + "formatCode")), "")
    for point in holder.iter(C + "pt"):
        text = tidy(point.findtext(C + "v") or "")
        if code:
            text = _formatted(text, point.get("formatCode") or code)
        if text and len(points) < _POINTS_MAX:
            # A category of several levels has the same index once for each level, the inner one first.
            index = number(point.get("idx"))
            points[index] = f"{text} {points[index]}" if index in points else text
    return points


def _formatted(value: str, code: str) -> str:
    """A number of a chart's data as its axis shows it: days, percent. Text stays as it is."""
    # Imported here: most documents have no chart.
    from parsers.office.sheets.number_format import shower

    try:
        amount = float(value)
    except ValueError:
        return value
    return tidy(shower("" if code.lower() == "general" else code, False)(amount))


def _series_table(series: list[tuple[str, dict[int, str], dict[int, str]]]) -> Block | None:
    if not series:
        return None
    indices = sorted({index for _, categories, values in series for index in (*categories, *values)})
    names: dict[int, str] = {}
    for _, categories, _ in series:
        for index, text in categories.items():
            names.setdefault(index, text)
    header = ["", *(names.get(index, "") for index in indices)]
    rows = [header, *([name, *(values.get(index, "") for index in indices)] for name, _, values in series)]
    if len(indices) > _CATEGORIES_ACROSS:
        rows = [list(column) for column in zip(*rows, strict=True)]
    return table_block(rows, header_rows=1)


def _extended_chart(root: etree._Element) -> list[Block]:
    """Charts of Office 2016 (waterfall, treemap …): their texts, then the points of each level."""
    titles = [tidy(" ".join(paragraph_texts(title))) for title in root.iter(CX + "title")]
    blocks = [Block(ElementType.FIGURE_CAPTION, text) for text in dict.fromkeys(titles) if text]
    rows = [
        [tidy(point.text or "") for point in level.iter(CX + "pt")][:_POINTS_MAX] for level in root.iter(CX + "lvl")
    ]
    rows = [row for row in rows if any(row)]
    if rows:
        width = max(len(row) for row in rows)
        rows = [row + [""] * (width - len(row)) for row in rows]
        blocks.append(table_block(rows, header_rows=0))
    return blocks


def table_block(rows: list[list[str]], header_rows: int) -> Block:
    """A table of plain texts."""
    table = Table([[Cell(text, header=at < header_rows) for text in row] for at, row in enumerate(rows)], header_rows)
    return Block(ElementType.TABLE, "\n".join(" ".join(row).strip() for row in rows), table=table)


def paragraph_texts(element: etree._Element) -> Iterator[str]:
    """The text of each DrawingML paragraph inside an element that has any."""
    for paragraph in element.iter(A + "p"):
        pieces = ["\n" if node.tag == A + "br" else node.text or "" for node in paragraph.iter(A + "t", A + "br")]
        text = tidy("".join(pieces))
        if text:
            yield text


def diagram_blocks(root: etree._Element) -> list[Block]:
    """A SmartArt data part: the texts of its nodes as a list, nested as the diagram is."""
    texts: dict[str, str] = {}
    for point in root.iter(DGM + "pt"):
        if point.get("type", "node") in ("node", "asst", "doc"):
            texts[point.get("modelId", "")] = "\n".join(paragraph_texts(point))
    children: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    inner: set[str] = set()
    for link in root.iter(DGM + "cxn"):
        if link.get("type", "parOf") == "parOf" and link.get("destId", "") in texts:
            children[link.get("srcId", "")].append((number(link.get("srcOrd")), link.get("destId", "")))
            inner.add(link.get("destId", ""))
    blocks: list[Block] = []
    seen: set[str] = set()
    stack = [(0, key) for key in reversed(texts) if key not in inner]
    while stack:
        depth, key = stack.pop()
        if key in seen:
            continue
        seen.add(key)
        text = texts.get(key, "")
        if text:
            blocks.append(Block(ElementType.LIST_ITEM, text, depth=min(depth, _DIAGRAM_DEPTH_MAX)))
        deeper = depth + 1 if text else depth
        stack.extend((deeper, below) for _, below in sorted(children[key], reverse=True))
    return blocks
