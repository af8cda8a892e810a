"""SANDBOX, untrusted: the pieces of all pages into blocks, with the whole document in view."""

from contract.verdicts import ElementType
from parsers.blocks import Block, Link
from parsers.pdf.furniture import mark_furniture
from parsers.pdf.headings import Typography, heading_levels, is_caption, piece_text, typography_of
from parsers.pdf.lines import spans_text
from parsers.pdf.linktext import with_links
from parsers.pdf.lists import Nesting, marker_of
from parsers.pdf.model import Line, Piece, Span
from parsers.pdf.textflow import clean

_CAPTION_CHARS_MAX = 600


def blocks_of(pieces: list[Piece], outline: dict[str, int], heights: dict[int, float]) -> list[Block]:
    """Blocks in reading order. `outline` maps folded titles of the outline to levels, `heights` pages to points."""
    furniture = mark_furniture(pieces, heights)
    text_pieces = [piece for piece in pieces if id(piece) not in furniture]
    kind = typography_of(text_pieces)
    levels = heading_levels(text_pieces, kind, outline)
    nesting = Nesting()
    blocks: list[Block] = []
    for piece in pieces:
        if id(piece) in furniture:
            blocks.append(_furniture_block(piece))
            continue
        block = _block(piece, kind, levels.get(id(piece)), nesting)
        if block is None:
            continue
        if block.kind != ElementType.LIST_ITEM and not block.furniture and block.kind != ElementType.FOOTNOTE:
            nesting.reset()
        if _continues_code(blocks, block):
            blocks[-1].text += "\n" + block.text
        else:
            blocks.append(block)
    return blocks


def _furniture_block(piece: Piece) -> Block:
    kind = ElementType.HEADER if piece.zone == "top" else ElementType.FOOTER
    return Block(kind, piece_text(piece), page=piece.page, box=piece.box, furniture=True)


def _block(piece: Piece, kind: Typography, level: int | None, nesting: Nesting) -> Block | None:
    if piece.table is not None:
        text = "\n".join("\t".join(cell.text for cell in row) for row in piece.table.rows)
        return Block(ElementType.TABLE, text, page=piece.page, box=piece.box, table=piece.table)
    if piece.mono and kind.mono_stands_out and level is None:
        return Block(ElementType.CODE_SNIPPET, _code_text(piece.lines), page=piece.page, box=piece.box)
    text = piece_text(piece)
    if not text:
        return None
    block = Block(_kind_of(piece, text, level), text, page=piece.page, box=piece.box, depth=level)
    block.links = _links(piece)
    block.markdown = with_links(text, block.links)
    block.emphasis = _emphasis(piece)
    item = marker_of(text)
    if block.kind == ElementType.NARRATIVE_TEXT and item is not None:
        block.kind, block.depth = ElementType.LIST_ITEM, nesting.depth(piece.indent)
        block.marker, block.text = item
        block.markdown = with_links(block.text, block.links)
    return block


def _kind_of(piece: Piece, text: str, level: int | None) -> ElementType:
    if level is not None:
        return ElementType.TITLE
    if piece.zone == "note":
        return ElementType.UNCATEGORIZED_TEXT
    if piece.zone == "footnote":
        return ElementType.FOOTNOTE
    if is_caption(text) and len(text) < _CAPTION_CHARS_MAX:
        return ElementType.FIGURE_CAPTION
    return ElementType.NARRATIVE_TEXT


def _continues_code(blocks: list[Block], block: Block) -> bool:
    if not blocks or block.kind != ElementType.CODE_SNIPPET:
        return False
    return blocks[-1].kind == ElementType.CODE_SNIPPET and blocks[-1].page == block.page


def _code_text(lines: list[Line]) -> str:
    """Lines of code verbatim, their indents rebuilt from the width of a character."""
    spans = [span for line in lines for span in line.spans if len(span.text) > 2]
    widths = sorted((span.x1 - span.x0) / len(span.text) for span in spans)
    width = widths[len(widths) // 2] if widths else 0.6 * lines[0].size
    left = min(line.x0 for line in lines)
    texts = []
    for line in lines:
        text = " " * round((line.x0 - left) / max(width, 0.1))
        end = line.x0
        for span in line.spans:
            text += " " * max(round((span.x0 - end) / max(width, 0.1)), 0) + span.text
            end = span.x1
        texts.append(clean(text.rstrip()))
    return "\n".join(texts)


def _links(piece: Piece) -> list[Link]:
    """Hyperlinks in order; neighbouring spans with one address are one link."""
    links: list[Link] = []
    previous: Span | None = None
    for line in piece.lines:
        for span in line.spans:
            if span.link and previous is not None and previous.link == span.link:
                links[-1].text = " ".join((links[-1].text + " " + span.text).split())
            elif span.link:
                links.append(Link(span.text.strip(), span.link))
            previous = span
    return links


def _emphasis(piece: Piece) -> list[tuple[str, str]]:
    """Bold and italic runs inside text that is not so as a whole."""
    found: list[tuple[str, str]] = []
    for tag, whole in (("b", piece.bold), ("i", piece.italic)):
        if whole:
            continue
        run: list[Span] = []
        for line in piece.lines:
            for span in [*line.spans]:
                if span.bold if tag == "b" else span.italic:
                    run.append(span)
                elif run:
                    found.append((clean(spans_text(run)), tag))
                    run = []
        if run:
            found.append((clean(spans_text(run)), tag))
    return [(text, tag) for text, tag in found if text]
