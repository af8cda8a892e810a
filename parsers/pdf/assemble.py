"""SANDBOX, untrusted: the pieces of all pages into blocks, with the whole document in view."""

from contract.verdicts import ElementType
from parsers.blocks import Block, Link
from parsers.pdf.captions import is_caption
from parsers.pdf.continuation import plain_text, with_joined_tables
from parsers.pdf.furniture import mark_furniture
from parsers.pdf.headings import Typography, heading_levels, piece_text, typography_of
from parsers.pdf.lines import spans_text
from parsers.pdf.linktext import with_links
from parsers.pdf.lists import Nesting, marker_of, numbering_depth
from parsers.pdf.model import Line, Piece, Span
from parsers.pdf.textflow import clean, joined_lines

_CAPTION_CHARS_MAX = 600
_BLANKS_MAX = 200
_HEADING_LINE_GAP = 2.7  # of the type size, between lines of one heading; room around headings is wider, or uneven


def blocks_of(pieces: list[Piece], outline: dict[str, int], heights: dict[int, float]) -> list[Block]:
    """Blocks in reading order. `outline` maps folded titles of the outline to levels, `heights` pages to points."""
    furniture = mark_furniture(pieces, heights)
    text_pieces = [piece for piece in pieces if id(piece) not in furniture]
    kind = typography_of(text_pieces)
    levels = heading_levels(text_pieces, kind, outline)
    nesting = Nesting()
    blocks: list[Block] = []
    above: Piece | None = None
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
        elif _continues_sentence(blocks, block) or _continues_heading(blocks, block, above, piece):
            _extend(blocks[-1], block)
        else:
            blocks.append(block)
        above = piece
    return with_joined_tables(blocks, heights)


def _furniture_block(piece: Piece) -> Block:
    kind = ElementType.HEADER if piece.zone == "top" else ElementType.FOOTER
    return Block(kind, piece_text(piece), page=piece.page, box=piece.box, furniture=True)


def _block(piece: Piece, kind: Typography, level: int | None, nesting: Nesting) -> Block | None:
    if piece.table is not None:
        return Block(ElementType.TABLE, plain_text(piece.table), page=piece.page, box=piece.box, table=piece.table)
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


def _continues_sentence(blocks: list[Block], block: Block) -> bool:
    """Whether a paragraph goes on from the foot of one column at the top of the next, in the middle of a sentence."""
    if not blocks or block.kind != ElementType.NARRATIVE_TEXT or blocks[-1].kind != ElementType.NARRATIVE_TEXT:
        return False
    above = blocks[-1]
    if above.page != block.page or above.box is None or block.box is None or block.markdown or above.markdown:
        return False
    next_column = block.box[1] < above.box[3] and block.box[0] > above.box[0] + 40
    return next_column and block.text[0].islower() and not above.text.endswith((".", "!", "?", ":", ";"))


def _continues_heading(blocks: list[Block], block: Block, above: Piece | None, piece: Piece) -> bool:
    """Whether a heading is the next line of the one above it, set so far apart that they are two pieces."""
    if above is None or not blocks or block.kind != ElementType.TITLE or blocks[-1].kind != ElementType.TITLE:
        return False
    if above.page != piece.page or block.markdown or blocks[-1].markdown or marker_of(block.text):
        return False
    same_style = (above.bold, above.italic) == (piece.bold, piece.italic)
    same_type = same_style and abs(above.size - piece.size) < 0.02 * piece.size
    same_edge = abs(above.box[0] - piece.box[0]) < 2 or (above.centered and piece.centered)
    # Two headings of one level below each other are as long as chance makes them; the last line of one is shorter.
    shorter = piece.box[2] - piece.box[0] < 0.87 * (above.box[2] - above.box[0]) or block.text[0].islower()
    near = 0 <= piece.box[1] - above.box[3] < _HEADING_LINE_GAP * piece.size
    done = blocks[-1].text.endswith((".", ":", "!", "?")) or numbering_depth(block.text) > 0
    return same_type and same_edge and shorter and near and not done


def _extend(above: Block, block: Block) -> None:
    """Put a paragraph's second part to its first; the box grows around both."""
    if above.box is None or block.box is None:
        return
    above.text = joined_lines([above.text, block.text])
    above.links += block.links
    above.emphasis += block.emphasis
    (a0, b0, c0, d0), (a1, b1, c1, d1) = above.box, block.box
    above.box = (min(a0, a1), min(b0, b1), max(c0, c1), max(d0, d1))


def _code_text(lines: list[Line]) -> str:
    """Lines of code verbatim, their indents rebuilt from the width of a character."""
    spans = [span for line in lines for span in line.spans if len(span.text) > 2]
    widths = sorted((span.x1 - span.x0) / len(span.text) for span in spans)
    width = widths[len(widths) // 2] if widths else 0.6 * lines[0].size
    left = min(line.x0 for line in lines)
    texts = []
    for line in lines:
        text = _blanks(line.x0 - left, width)
        end = line.x0
        for span in line.spans:
            text += _blanks(span.x0 - end, width) + span.text
            end = span.x1
        texts.append(clean(text.rstrip()))
    return "\n".join(texts)


def _blanks(distance: float, width: float) -> str:
    """The spaces that a distance stands for; bounded, since a file may put words anywhere."""
    return " " * min(max(round(distance / max(width, 0.1)), 0), _BLANKS_MAX)


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
