"""TEST: Word paragraphs: what is shown is read in order, what is deleted or hidden is not."""

import io

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.verdicts import ElementType
from parsers.blocks import Report
from parsers.office.docx import PARSER
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, of_kind, shown, text_of
from tests.parsers.word_file import package, paragraph, part, read, read_body, run, word_parts

STYLES = part(
    "styles",
    '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri"/><w:lang w:val="de-DE"/></w:rPr></w:rPrDefault>'
    "</w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="Chapter"/><w:basedOn w:val="H2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Out"><w:name w:val="Custom"/><w:pPr><w:outlineLvl w:val="2"/>'
    "</w:pPr></w:style>"
    '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Subtitle"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Cap"><w:name w:val="caption"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Code"><w:name w:val="Source Code"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Ref"><w:name w:val="Source Reference"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Loop2"><w:name w:val="Loop2"/><w:basedOn w:val="Loop"/></w:style>'
    '<w:style w:type="character" w:styleId="Gone"><w:name w:val="Gone"/><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Key"><w:name w:val="HTML Code"/></w:style>',
)


def styled(text: str, style: str) -> str:
    return paragraph(text, f'<w:pStyle w:val="{style}"/>')


def test_headings_by_style_inheritance_and_outline_level() -> None:
    document = read_body(
        styled("Report", "T") + styled("Of the year", "Sub") + styled("Two", "H2") + styled("Also two", "Mine")
        + styled("Three", "Out") + paragraph("Four", '<w:outlineLvl w:val="3"/>')
        + paragraph("Body", '<w:outlineLvl w:val="9"/>'),
        {"word/styles.xml": STYLES},
    )  # fmt: skip
    assert [(block.text, block.depth) for block in of_kind(document, ElementType.TITLE)] == [
        ("Report", 1), ("Of the year", 2), ("Two", 2), ("Also two", 2), ("Three", 3), ("Four", 4),
    ]  # fmt: skip
    assert document.languages == ["de-DE"]


def test_styles_that_inherit_in_a_circle_or_do_not_exist() -> None:
    document = read_body(styled("a", "Loop") + styled("b", "Missing"), {"word/styles.xml": STYLES})
    assert [block.kind for block in document.blocks] == [ElementType.NARRATIVE_TEXT] * 2


def test_formatting_becomes_markdown_across_run_borders() -> None:
    document = read_body(
        "<w:p>" + run("plain ") + run("bo", "<w:b/>") + run("ld ", "<w:b/>") + run("both", "<w:b/><w:i/>")
        + run(" off", '<w:b w:val="0"/>') + run(" gone", "<w:strike/>") + "</w:p>",
    )  # fmt: skip
    assert shown(document) == ["plain **bold *both*** off ~~gone~~"]


def test_headings_do_not_repeat_their_boldness() -> None:
    document = read_body(paragraph("Head", '<w:outlineLvl w:val="0"/>', "<w:b/>"))
    assert document.blocks[0].markdown in (None, "Head")


def test_inserted_text_is_shown_and_deleted_text_is_not() -> None:
    document = read_body(
        "<w:p>"
        + run("a ")
        + f"<w:ins w:id='1'>{run('new ')}</w:ins><w:del w:id='2'><w:r><w:delText>old</w:delText></w:r></w:del>"
        f"<w:moveFrom w:id='3'>{run('from')}</w:moveFrom><w:moveTo w:id='4'>{run('to')}</w:moveTo></w:p>"
        f"<w:ins w:id='5'>{paragraph('added')}</w:ins>"
    )
    assert text_of(document) == "a new to\nadded"


def test_content_controls_are_looked_through_at_every_level() -> None:
    def sdt(inner: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{inner}</w:sdtContent></w:sdt>"

    cell = f"<w:tc>{paragraph('cell')}</w:tc>"
    body = sdt(sdt(paragraph("block"))) + f"<w:p>{sdt(run('inline'))}</w:p>"
    body += f"<w:tbl>{sdt(f'<w:tr>{sdt(cell)}{cell}</w:tr>')}</w:tbl>"
    assert text_of(read_body(body)) == "block\ninline\ncell cell"


@pytest.mark.parametrize(
    "properties", ["<w:vanish/>", '<w:rStyle w:val="Gone"/>', '<w:sz w:val="1"/>', '<w:color w:val="FFFFFF"/>']
)
def test_hidden_text_is_left_out_and_reported(properties: str) -> None:
    document = read_body(f"<w:p>{run(VISIBLE)}{run(HIDDEN, properties)}</w:p>", {"word/styles.xml": STYLES})
    assert text_of(document) == VISIBLE
    assert kinds_found(document) == {"hidden_text"}
    assert HIDDEN in document.findings[0].evidence


@pytest.mark.parametrize(
    "body",
    [
        paragraph(VISIBLE, '<w:shd w:val="clear" w:fill="000000"/>', '<w:color w:val="FFFFFF"/>'),
        paragraph(VISIBLE, "", '<w:color w:val="FFFFFF"/><w:highlight w:val="blue"/>'),
        paragraph(VISIBLE, "", '<w:vanish w:val="0"/>'),
        paragraph(VISIBLE, "<w:rPr><w:vanish/></w:rPr>"),
    ],
)
def test_text_that_only_looks_hidden_is_kept(body: str) -> None:
    document = read_body(body)
    assert (text_of(document), kinds_found(document)) == (VISIBLE, set())


def test_white_text_in_a_table_or_on_coloured_paper_is_kept() -> None:
    white = paragraph(VISIBLE, "", '<w:color w:val="FFFFFF"/>')
    assert text_of(read_body(f"<w:tbl><w:tr><w:tc>{white}</w:tc></w:tr></w:tbl>")) == VISIBLE
    parts = word_parts("")
    parts["word/document.xml"] = part("document", f'<w:background w:color="203040"/><w:body>{white}</w:body>')
    assert text_of(read(package(parts))) == VISIBLE


def field(instruction: str, result: str) -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_hyperlinks_by_relationship_and_by_field() -> None:
    document = read_body(
        f'<w:p><w:hyperlink r:id="L">{run("one")}</w:hyperlink>{run(" ")}'
        f"{field('HYPERLINK &quot;http://b.example&quot;', 'two')}"
        f'{run(" ")}<w:fldSimple w:instr="HYPERLINK \\l top http://c.example">{run("three")}</w:fldSimple>'
        f'<w:hyperlink w:anchor="here">{run(" four")}</w:hyperlink></w:p>',
        linked=[("L", "hyperlink", "http://a.example", True)],
    )
    assert text_of(document) == "one two three four"
    assert [link.url for link in document.blocks[0].links][:2] == ["http://a.example", "http://b.example"]
    assert kinds_found(document) == set()


def test_instructions_are_not_shown_even_when_nested_or_spread_over_paragraphs() -> None:
    body = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF </w:instrText></w:r>'
        + field("PAGE", "7")
        + '<w:r><w:instrText> = 7 </w:instrText></w:r></w:p><w:p><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + run("shown")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    assert text_of(read_body(body + paragraph("after"))) == "shown\nafter"


def test_form_check_boxes() -> None:
    box = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>{}</w:checkBox></w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    body = (
        "<w:p>"
        + box.format("<w:checked/>")
        + run(" yes ")
        + box.format('<w:default w:val="0"/>')
        + run(" no")
        + "</w:p>"
    )
    assert text_of(read_body(body)) == "☒ yes ☐ no"


def test_special_characters() -> None:
    document = read_body(
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:softHyphen/><w:t>d</w:t>"
        '<w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="X" w:char="zz"/>'
        '<w:br w:type="page"/></w:r></w:p>'
    )
    assert text_of(document) == "a b\nc-d✓α"


def test_text_typed_in_a_symbol_font() -> None:
    assert text_of(read_body(paragraph("ab", "", '<w:rFonts w:ascii="Symbol"/>'))) == "αβ"


def test_phonetic_guides_and_exponents() -> None:
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r>"
        "</w:rubyBase></w:ruby></w:r>"
    )
    power = run(" 10") + run("6", '<w:vertAlign w:val="superscript"/>')
    assert text_of(read_body(f"<w:p>{ruby}{power}</w:p>")) == "東京 (とうきょう) 10^6"


def test_code_by_style_and_by_font() -> None:
    mono = '<w:rFonts w:ascii="Consolas"/>'
    document = read_body(
        styled("import sys", "Code") + styled("print()", "Code") + paragraph("prose")
        + paragraph("SELECT 1;", "", mono) + paragraph("  FROM t", "", mono)
        + f"<w:p>{run('call ')}{run('f(x)', mono)}</w:p>" + styled("See source", "Ref")
        + "<w:p>" + run("press ") + run("Key", '<w:rStyle w:val="Key"/>') + "</w:p>",
        {"word/styles.xml": STYLES},
    )  # fmt: skip
    assert [(block.kind, block.markdown or block.text) for block in document.blocks] == [
        (ElementType.CODE_SNIPPET, "import sys\nprint()"),
        (ElementType.NARRATIVE_TEXT, "prose"),
        (ElementType.CODE_SNIPPET, "SELECT 1;\n  FROM t"),
        (ElementType.NARRATIVE_TEXT, "call `f(x)`"),
        (ElementType.NARRATIVE_TEXT, "See source"),
        (ElementType.NARRATIVE_TEXT, "press `Key`"),
    ]


def test_a_document_typed_in_courier_throughout_is_not_code() -> None:
    styles = part(
        "styles",
        '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Courier New"/></w:rPr></w:rPrDefault></w:docDefaults>',
    )
    assert read_body(paragraph("A novel."), {"word/styles.xml": styles}).blocks[0].kind is ElementType.NARRATIVE_TEXT


def test_captions() -> None:
    assert (
        read_body(styled("Figure 1", "Cap"), {"word/styles.xml": STYLES}).blocks[0].kind is ElementType.FIGURE_CAPTION
    )


def test_a_long_document_shows_life() -> None:
    calls: list[str] = []
    PARSER.parse(package(word_parts(paragraph("x") * 2000)), Report(lambda stage, done, total: calls.append(stage)))
    assert calls.count("paragraphs") >= 8


def test_a_document_written_by_another_library_reads_the_same() -> None:
    written = docx.Document()
    written.add_heading("Annual report", 1)
    line = written.add_paragraph("Sales rose by ")
    line.add_run("ten").bold = True
    written.add_paragraph("first", style="List Number")
    written.add_paragraph("second", style="List Number")
    written.add_paragraph("dot", style="List Bullet")
    written.core_properties.author, written.core_properties.title = "Ada", "Report"
    buffer = io.BytesIO()
    written.save(buffer)
    document = read(buffer.getvalue())
    assert shown(document) == ["Annual report", "Sales rose by **ten**", "first", "second", "dot"]
    assert [block.marker for block in of_kind(document, ElementType.LIST_ITEM)] == ["1.", "2.", ""]
    assert (document.author, document.title) == ("Ada", "Report")


@settings(deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=40),
        max_size=8,
    )
)
def test_any_text_comes_out_in_order(texts: list[str]) -> None:
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in texts]
    document = read_body("".join(paragraph(text) for text in escaped))
    assert "".join(text_of(document).split()) == "".join("".join(texts).split())
