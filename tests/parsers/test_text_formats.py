"""TEST: plain text, delimited tables and JSON become the blocks a reader would see."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.normalize import normalize
from parsers.tables import TextTable
from parsers.text import delimited, json_text, plain

SILENT = Report(lambda _stage, _done, _total: None)


def text_blocks(text: str) -> list[tuple[str, str]]:
    return [(str(block.kind), block.text) for block in plain.PARSER.parse(text.encode(), SILENT).blocks]


def table_of(text: str) -> tuple[list[list[str]], int]:
    (block,) = delimited.PARSER.parse(text.encode(), SILENT).blocks
    assert isinstance(block.table, TextTable)
    return list(block.table.text_rows), block.table.header_rows


def markdown(parsed: ParsedDocument) -> str:
    return normalize(parsed, 64 << 20, SILENT.progress).text


class TestPlainText:
    def test_paragraphs_and_their_line_breaks(self) -> None:
        assert text_blocks("Roses are red,\nviolets are blue.\n \t\n\nNext.\r\n") == [
            ("NarrativeText", "Roses are red,\nviolets are blue."),
            ("NarrativeText", "Next."),
        ]

    def test_a_list_after_its_introduction(self) -> None:
        assert text_blocks("Buy:\n- milk\n  and cream\n* bread") == [
            ("NarrativeText", "Buy:"), ("ListItem", "milk\nand cream"), ("ListItem", "bread"),
        ]  # fmt: skip

    def test_nested_and_numbered_lists(self) -> None:
        blocks = plain.PARSER.parse(b"1. one\n   a) inner\n   b) inner\n2. two", SILENT).blocks
        assert [(block.marker, block.depth, block.text) for block in blocks] == [
            ("1.", 0, "one"), ("a)", 1, "inner"), ("b)", 1, "inner"), ("2.", 0, "two"),
        ]  # fmt: skip

    def test_one_number_is_no_list(self) -> None:
        assert text_blocks("1. April was cold.") == [("NarrativeText", "1. April was cold.")]

    def test_underlined_headings(self) -> None:
        blocks = plain.PARSER.parse(b"Title\n=====\nText\n\nPart\n----\n\nMore", SILENT).blocks
        assert [(block.kind, block.depth) for block in blocks] == [
            (ElementType.TITLE, 1), (ElementType.NARRATIVE_TEXT, None), (ElementType.TITLE, 2),
            (ElementType.NARRATIVE_TEXT, None),
        ]  # fmt: skip

    def test_columns_made_of_spaces_stay_as_they_are(self) -> None:
        table = "NAME       SIZE   OWNER\nalpha.txt  120    root\nbeta.txt   7      anna"
        assert text_blocks(table) == [("CodeSnippet", table)]

    def test_fences_are_code(self) -> None:
        assert text_blocks("Run\n```sh\nls  -l\n\nls\n```\nthen") == [
            ("NarrativeText", "Run"), ("CodeSnippet", "ls  -l\n\nls"), ("NarrativeText", "then"),
        ]  # fmt: skip

    def test_terminal_colours_vanish(self) -> None:
        assert text_blocks("\x1b[31mERROR\x1b[0m disk full") == [("NarrativeText", "ERROR disk full")]

    def test_a_million_blank_lines(self) -> None:
        """A pattern with a repeated group needs half a gigabyte for these."""
        assert text_blocks("a" + "\n" * 1_000_000 + "b") == [("NarrativeText", "a"), ("NarrativeText", "b")]

    @given(st.text(alphabet="abcxyz0 \n\t-*=|<[](#.:_\\é"))
    def test_every_visible_letter_stays(self, text: str) -> None:
        shown = markdown(ParsedDocument("text/plain", plain.blocks_of_text(text, SILENT)))
        assert [char for char in shown if char in "abcxyz0"] == [char for char in text if char in "abcxyz0"]


class TestDelimited:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters(self, delimiter: str) -> None:
        rows = [["name", "note"], ["a", "x y"], ["b", "1"]]
        assert table_of("\n".join(delimiter.join(row) for row in rows)) == (rows, 1)

    def test_quotes_hold_delimiters_newlines_and_quotes(self) -> None:
        rows, _ = table_of('name,note\n"Smith, John","said ""hi""\nand left"\n')
        assert rows[1] == ["Smith, John", 'said "hi"\nand left']

    def test_commas_in_the_cells_of_a_semicolon_table(self) -> None:
        rows, _ = table_of("a, b;c\nd, e;f\ng, h, i;j\n")
        assert [len(row) for row in rows] == [2, 2, 2]

    def test_excels_separator_line(self) -> None:
        assert table_of("sep=;\na;b\n1;2\n") == ([["a", "b"], ["1", "2"]], 1)

    def test_values_in_the_first_row_are_no_header(self) -> None:
        assert table_of("1,2\n3,4\n")[1] == 0
        assert table_of("2024-05-01,x\n2024-05-02,y\n")[1] == 0

    def test_one_column(self) -> None:
        assert table_of("city\nKöln\nBonn\n") == ([["city"], ["Köln"], ["Bonn"]], 1)

    def test_ragged_and_blank_rows(self) -> None:
        assert table_of("a,b,c\n\n1,2\n3,4,5,6\n")[0] == [["a", "b", "c"], ["1", "2"], ["3", "4", "5", "6"]]
        assert "| 3 | 4 | 5 | 6 |" in markdown(delimited.PARSER.parse(b"a,b,c\n1,2\n3,4,5,6\n", SILENT))

    def test_a_quote_that_is_never_closed_does_not_swallow_the_rows(self) -> None:
        rows, _ = table_of('a,b\n1,"open\n' + "x,y\n" * 5000)
        assert len(rows) == 5002
        assert rows[-1] == ["x", "y"]

    def test_nul_bytes_are_dropped(self) -> None:
        assert table_of("a,b\n1\x00,2\n")[0] == [["a", "b"], ["1", "2"]]

    def test_media_type_follows_the_delimiter(self) -> None:
        assert delimited.PARSER.parse(b"a\tb\n1\t2\n", SILENT).media_type == "text/tab-separated-values"

    @given(st.text(alphabet="ab,;\t|\"\n\r\\' 1"))
    def test_any_text_is_read(self, text: str) -> None:
        shown = markdown(delimited.PARSER.parse(text.encode(), SILENT)).replace("<br>", "")
        assert (shown.count("a"), shown.count("b")) == (text.count("a"), text.count("b"))


class TestJson:
    def shown(self, text: str) -> Block:
        (block,) = json_text.PARSER.parse(text.encode(), SILENT).blocks
        assert block.kind is ElementType.CODE_SNIPPET
        assert block.language == "json"
        return block

    def test_members_on_lines_and_short_lists_on_one(self) -> None:
        assert self.shown('{"id":"Sample-1","tags":["a","b"],"empty":{},"in":{"x":1.50}}').text == (
            '{\n  "id": "Sample-1",\n  "tags": ["a", "b"],\n  "empty": {},\n  "in": {\n    "x": 1.50\n  }\n}'
        )

    def test_lines_of_json(self) -> None:
        assert self.shown('{"a":1}\n{"a":2}\n').text == '{\n  "a": 1\n}\n{\n  "a": 2\n}'

    def test_what_a_parser_would_lose_stays(self) -> None:
        assert self.shown('{"k":1,"k":2,"n":1e400}').text == '{\n  "k": 1,\n  "k": 2,\n  "n": 1e400\n}'

    def test_escapes_become_characters(self) -> None:
        escaped = '["Gr\\u00fc\\u00dfe","\\ud83d\\ude00","\\u0000","a\\nb"]'
        assert self.shown(escaped).text == '["Grüße", "😀", "\\u0000", "a\\nb"]'

    def test_a_long_list_is_filled_into_lines(self) -> None:
        lines = self.shown(json.dumps(list(range(200)))).text.split("\n")
        assert 5 < len(lines) < 20
        assert json.loads("".join(lines)) == list(range(200))

    @pytest.mark.parametrize("text", ["{not json}", '{"a": 1', '{"a": 1}}', "[1 2]", "plain words", '["a]', "[}"])
    def test_no_json_is_read_as_plain_text(self, text: str) -> None:
        parsed = json_text.PARSER.parse(text.encode(), SILENT)
        assert parsed.media_type == "text/plain"
        assert parsed.blocks[0].text == text

    def test_depth_costs_no_stack_and_no_square_of_text(self) -> None:
        """A hundred thousand levels: recursion would overflow, indentation would take ten gigabytes."""
        depth = 100_000
        text = self.shown('{"a":' * depth + "1" + "}" * depth).text
        assert text.count("{") == depth
        assert len(text) < 100 * depth

    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )

    @given(values)
    def test_printing_does_not_change_the_value(self, value: object) -> None:
        for ascii_only in (True, False):
            text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
            assert json.loads(json_text.indented(text.decode("utf-8", "replace"), SILENT)) == value
