"""TEST: chunks cover the text, keep the bound and the structure, whatever the document is."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.tokens import estimate_tokens
from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, ParsedDocument, Table
from parsers.chunk import chunk
from parsers.normalize import Normalized, normalize

OUTPUT_BYTES_MAX = 64 << 20


def silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def normalized(*blocks: Block) -> Normalized:
    return normalize(ParsedDocument("text/plain", list(blocks)), OUTPUT_BYTES_MAX, silent)


def heading(text: str, level: int) -> Block:
    return Block(ElementType.TITLE, text, depth=level)


def paragraph(text: str) -> Block:
    return Block(ElementType.NARRATIVE_TEXT, text)


def table(rows: int, width: int = 3, header_rows: int = 1) -> Block:
    cells = [[Cell(f"cell {row} {column}") for column in range(width)] for row in range(rows)]
    return Block(ElementType.TABLE, "", table=Table(cells, header_rows))


def texts(document: Normalized, tokens_max: int = 512) -> list[str]:
    """The text of each chunk, as the host rebuilds it."""
    chunks = chunk(document, tokens_max, silent)
    return ["\n".join(document.text[start:end] for start, end in one["spans"]) for one in chunks]


def check_invariants(document: Normalized, tokens_max: int) -> None:
    covered = bytearray(len(document.text))
    known = {element["element_id"] for element in document.elements}
    for one in chunk(document, tokens_max, silent):
        shown = "\n".join(document.text[start:end] for start, end in one["spans"])
        assert shown.strip()
        assert estimate_tokens(shown) <= tokens_max
        assert one["element_ids"]
        assert set(one["element_ids"]) <= known
        previous_end = 0
        for start, end in one["spans"]:
            assert previous_end <= start < end <= len(document.text)
            previous_end = end
            covered[start:end] = b"\x01" * (end - start)
    missed = "".join(char for char, seen in zip(document.text, covered, strict=True) if not seen)
    assert missed.strip() == ""


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)
cells = st.builds(Cell, words, st.integers(1, 3), st.integers(1, 3))
tables = st.builds(Table, st.lists(st.lists(cells, max_size=5), max_size=12), st.integers(0, 2))
blocks = st.one_of(
    st.builds(heading, words, st.integers(0, 7)),
    st.builds(paragraph, st.text(alphabet="ab .!\n。ё1|", max_size=900)),
    st.builds(lambda t, d, m: Block(ElementType.LIST_ITEM, t, depth=d, marker=m), words, st.integers(0, 9), words),
    st.builds(lambda t: Block(ElementType.CODE_SNIPPET, t), words),
    st.builds(lambda t: Block(ElementType.TABLE, "", table=t), tables),
    st.builds(lambda t: Block(ElementType.HEADER, t, furniture=True), words),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(blocks, max_size=12), st.sampled_from([16, 40, 512]))
def test_any_document_is_covered_within_the_bound(some: list[Block], tokens_max: int) -> None:
    check_invariants(normalized(*some), tokens_max)


def test_no_chunk_continues_across_a_section() -> None:
    document = normalized(
        heading("One", 1), paragraph("1st"), heading("Two", 2), paragraph("2nd"), heading("Deep", 3), paragraph("end")
    )  # fmt: skip
    assert texts(document) == ["# One\n\n1st", "## Two\n\n2nd\n\n### Deep\n\nend"]


def test_headings_in_a_row_stay_with_the_content_below_the_lowest() -> None:
    document = normalized(
        heading("Book", 1), heading("Chapter", 2), paragraph("text"), heading("Empty", 2), heading("Next", 2)
    )
    assert texts(document) == ["# Book\n\n## Chapter\n\ntext", "## Empty", "## Next"]


def test_a_heading_moves_on_with_what_does_not_fit() -> None:
    filler = "word " * 60
    document = normalized(paragraph(filler), heading("Deep", 4), paragraph(filler))
    assert [text.split("\n")[0] for text in texts(document, 100)] == [filler.strip(), "#### Deep"]


def test_a_table_that_fits_is_kept_whole_even_if_a_new_chunk_must_begin() -> None:
    document = normalized(paragraph("word " * 80), table(4))
    first, second = texts(document, 100)
    assert "|" not in first
    assert second.count("\n") == 4  # header, delimiter, three rows


def test_a_long_table_is_cut_between_rows_and_repeats_its_header() -> None:
    document = normalized(heading("Prices", 2), table(200))
    chunks = texts(document, 128)
    assert len(chunks) > 5
    assert chunks[0].startswith("## Prices\n\n| cell 0 0 |")
    assert all(text.startswith("| cell 0 0 | cell 0 1 | cell 0 2 |\n| --- | --- | --- |\n| ") for text in chunks[1:])
    lines = [line for text in chunks for line in text.split("\n")]
    rows = [line for line in lines if line.startswith("| cell ") and "cell 0 0" not in line]
    assert rows == [f"| cell {row} 0 | cell {row} 1 | cell {row} 2 |" for row in range(1, 200)]


def test_a_table_of_several_elements_repeats_the_header_of_the_first() -> None:
    document = normalized(table(6000))
    parts = [element for element in document.elements if element["type"] == "Table"]
    assert len(parts) > 1
    last = chunk(document, 512, silent)[-1]
    assert last["element_ids"] == [parts[0]["element_id"], parts[-1]["element_id"]]
    check_invariants(document, 512)


def test_a_header_too_large_to_repeat_is_not_repeated() -> None:
    wide = Table([[Cell("column name " * 30) for _ in range(8)], *[[Cell("x")] * 8 for _ in range(100)]], 1)
    document = normalized(Block(ElementType.TABLE, "", table=wide))
    assert all(len(one["spans"]) == 1 for one in chunk(document, 128, silent))
    check_invariants(document, 128)


def test_a_row_too_long_for_a_chunk_is_cut() -> None:
    long_row = Table([[Cell("a"), Cell("b")], [Cell("long words " * 400), Cell("end")]], 1)
    document = normalized(Block(ElementType.TABLE, "", table=long_row))
    check_invariants(document, 64)


def test_a_long_paragraph_is_cut_after_sentences() -> None:
    document = normalized(paragraph("A sentence of seven words is here. " * 60))
    pieces = texts(document, 64)
    assert len(pieces) > 4
    assert all(piece.endswith("here.") for piece in pieces)


def test_a_japanese_paragraph_is_cut_after_its_full_stops() -> None:
    pieces = texts(normalized(paragraph("これは短い文です。" * 100)), 64)
    assert all(piece.endswith("です。") for piece in pieces)


def test_list_items_are_packed_together() -> None:
    items = [Block(ElementType.LIST_ITEM, f"item {number}", depth=0) for number in range(5)]
    assert texts(normalized(*items)) == ["- item 0\n- item 1\n- item 2\n- item 3\n- item 4"]


def test_one_word_of_a_million_letters() -> None:
    """No space to cut at: a chunker that looks for one takes quadratic time or gives up."""
    document = normalized(paragraph("x" * 1_000_000))
    check_invariants(document, 512)


def test_a_hundred_thousand_small_elements() -> None:
    document = normalized(*[paragraph(f"p{number}") for number in range(100_000)])
    check_invariants(document, 512)


def test_same_input_same_chunks() -> None:
    document = normalized(heading("A", 1), table(300), paragraph("b. " * 2000))
    assert chunk(document, 100, silent) == chunk(document, 100, silent)
