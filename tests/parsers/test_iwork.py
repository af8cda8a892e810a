"""TEST: Pages, Keynote and Numbers before 2013: what the document says, not its templates; grids and gzips that lie."""

import contextlib
import gzip
import zlib

import pytest

from contract.verdicts import FindingKind, Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.iwork import grid
from tests.parsers.reading import found, kinds, markdown, read
from tests.parsers.test_detect import package

APPLE = "application/vnd.apple."
KEYNOTE, PAGES, NUMBERS = APPLE + "keynote", APPLE + "pages", APPLE + "numbers"
SPACE = "http://developer.apple.com/namespaces/"
NAMES = f'xmlns:sfa="{SPACE}sfa" xmlns:sf="{SPACE}sf"'


def p(text: str, style: str = "s") -> str:
    return f'<sf:p sf:style="{style}">{text}<sf:br/></sf:p>'


def storage(*paragraphs: str) -> str:
    return f"<sf:text-storage><sf:text-body>{''.join(paragraphs)}</sf:text-body></sf:text-storage>"


def packed(**members: bytes) -> bytes:
    return package(**{name.replace("_", ".", 1): data for name, data in members.items()})


def pages(body: str) -> bytes:
    xml = f'<?xml version="1.0"?><sl:document xmlns:sl="{SPACE}sl" {NAMES}>{body}</sl:document>'
    return packed(index_xml=xml.encode(), thumbs_jpg=b"x")


def keynote(*slides: str, before: str = "") -> bytes:
    body = f"{before}<key:slide-list>{''.join(slides)}</key:slide-list>"
    xml = f'<key:presentation xmlns:key="{SPACE}keynote2" {NAMES}>{body}</key:presentation>'
    return packed(index_apxl=xml.encode())


def slide(title: str = "", *shapes: str, notes: str = "", hidden: str = "false") -> str:
    drawn = "".join(f"<sf:shape><sf:text>{storage(p(each))}</sf:text></sf:shape>" for each in shapes)
    return (
        f'<key:slide key:hidden="{hidden}"><key:page><sf:layers><sf:layer><sf:drawables>{drawn}</sf:drawables>'
        f"</sf:layer></sf:layers></key:page><key:title-placeholder><sf:text>{storage(p(title))}</sf:text></key:title-placeholder>"
        f"<key:notes>{storage(p(notes)) if notes else ''}</key:notes></key:slide>"
    )


def numbers(cells: str, more: str = 'sf:num-header-rows="1"') -> bytes:
    table = f"<sf:tabular-info><sf:tabular-model {more}><sf:grid><sf:datasource>{cells}</sf:datasource></sf:grid>"
    sheet = f'<ls:workspace ls:workspace-name="Plan">{table}</sf:tabular-model></sf:tabular-info></ls:workspace>'
    return packed(index_xml=f'<ls:document xmlns:ls="{SPACE}ls" {NAMES}>{sheet}</ls:document>'.encode())


def cell(text: str, ct: str = "") -> str:
    return f'<sf:t {f"""sf:ct="{ct}" """ if ct else ""}><sf:ct sfa:s="{text}"/></sf:t>'


def shown(kind: str, document: bytes) -> str:
    return markdown(read(kind, document))


class TestKinds:
    @pytest.mark.parametrize(
        ("document", "kind"), [(keynote(slide("T")), KEYNOTE), (pages(storage(p("x"))), PAGES), (numbers(""), NUMBERS)]
    )
    def test_they_are_told_by_the_root_of_their_index(self, document: bytes, kind: str) -> None:
        assert detect(document, kind, 1 << 20) == (kind, [])
        assert detect(document, "", 1 << 20).media_type == kind

    def test_the_index_may_be_packed(self) -> None:
        document = packed(index_xml=b"x")
        xml = f'<sl:document xmlns:sl="{SPACE}sl" {NAMES}>{storage(p("x"))}</sl:document>'.encode()
        document = package(**{"index.xml.gz": gzip.compress(xml)})
        assert detect(document, "", 1 << 20).media_type == PAGES
        assert shown(PAGES, document) == "x\n"

    @pytest.mark.parametrize("index", [b"", b"<html/>", b"<index xmlns='x:sl'/>", b"\x1f\x8bjunk", b"\xff" * 9])
    def test_any_other_zip_with_an_index_stays_a_zip(self, index: bytes) -> None:
        assert detect(packed(index_xml=index), "", 1 << 20).media_type == "application/zip"
        with pytest.raises(Refused) as refused:
            read(PAGES, packed(index_xml=index))
        assert refused.value.refusal is Refusal.CORRUPT

    def test_one_under_a_password_is_encrypted(self) -> None:
        document = package(**{"index.apxl": b"\x00\x01\x02", ".iwpv2": b"x"})
        assert detect(document, "", 1 << 20).media_type == KEYNOTE
        with pytest.raises(Refused) as refused:
            read(KEYNOTE, document)
        assert refused.value.refusal is Refusal.ENCRYPTED


class TestPages:
    def test_paragraphs_links_breaks_and_notes(self) -> None:
        body = storage(p('One <sf:span>two</sf:span><sf:lnbr/><sf:link href="https://example.org">here</sf:link>.'))
        notes = f"<sf:footnotes>{storage(p('<sf:footnote-mark/>First.'), p('More.'), p('<sf:footnote-mark/>Second.'))}"
        text = body.replace("<sf:text-storage>", f"<sf:text-storage>{notes}</sf:footnotes>")
        parsed = read(PAGES, pages(text))
        assert kinds(parsed) == [
            ("NarrativeText", "One two\nhere."), ("Footnote", "First.\nMore."), ("Footnote", "Second."),
        ]  # fmt: skip
        assert [(link.text, link.url) for link in parsed.blocks[0].links] == [("here", "https://example.org")]

    def test_templates_and_comments_are_passed_by(self) -> None:
        body = f"<sl:section-prototypes>{storage(p('Lorem'))}</sl:section-prototypes>{storage(p('Ours'))}"
        assert shown(PAGES, pages(body + f"<sl:annotations>{storage(p('Why?'))}</sl:annotations>")) == "Ours\n"

    def test_headings_are_told_by_their_style_or_the_one_it_comes_from(self) -> None:
        styles = (
            '<sl:stylesheet><sf:paragraphstyle sfa:ID="a" sf:ident="h2" sf:name="Heading 2"/>'
            '<sf:paragraphstyle sfa:ID="b" sf:parent-ident="h2"/><sf:paragraphstyle sfa:ID="c" sf:parent-ident="c"/>'
            '<sf:paragraphstyle sfa:ID="t" sf:name="Title"/></sl:stylesheet>'
        )
        text = storage(p("Top", "t"), p("Two", "a"), p("Same", "b"), p("Plain", "c"))
        parsed = read(PAGES, pages(styles + text))
        assert [(str(block.kind), block.depth) for block in parsed.blocks] == [
            ("Title", 1), ("Title", 2), ("Title", 2), ("NarrativeText", None),
        ]  # fmt: skip

    def test_headers_and_footers(self) -> None:
        body = f"<sf:headers><sf:header>{storage(p('Top'))}</sf:header></sf:headers>{storage(p('Text'))}"
        assert kinds(read(PAGES, pages(body))) == [("Header", "Top"), ("NarrativeText", "Text")]

    def test_what_the_document_says_of_itself(self) -> None:
        metadata = '<sf:metadata><sf:title><sf:string sfa:string="Plan"/></sf:title></sf:metadata>'
        assert read(PAGES, pages(metadata + storage(p("x")))).title == "Plan"

    def test_entities_do_not_explode(self) -> None:
        declared = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10 if at else "x" * 100}">' for at in range(9))
        xml = f'<!DOCTYPE d [{declared}]><sl:document xmlns:sl="{SPACE}sl" {NAMES}>{storage(p("&e8;"))}</sl:document>'
        with pytest.raises(Refused) as refused:
            read(PAGES, packed(index_xml=xml.encode()))
        assert refused.value.refusal is Refusal.BOMB

    def test_a_packed_index_that_explodes_is_a_bomb(self) -> None:
        head = f'<sl:document xmlns:sl="{SPACE}sl" {NAMES}>'.encode()
        packer = zlib.compressobj(9, wbits=31)
        body = packer.compress(head) + b"".join(packer.compress(bytes(1 << 20)) for _ in range(40)) + packer.flush()
        with pytest.raises(Refused) as refused:
            read(PAGES, package(**{"index.xml.gz": body}))
        assert refused.value.refusal is Refusal.BOMB


class TestKeynote:
    def test_slides_have_titles_shapes_and_notes(self) -> None:
        document = keynote(slide("Offer", "text1", "text2", notes="Slowly"), slide("", "text3"))
        assert kinds(read(KEYNOTE, document)) == [
            ("Title", "Offer"), ("NarrativeText", "text1"), ("NarrativeText", "text2"), ("Title", "Speaker notes"),
            ("NarrativeText", "Slowly"), ("Title", "Slide 2"), ("NarrativeText", "text3"),
        ]  # fmt: skip

    def test_masters_are_passed_by_and_skipped_slides_told(self) -> None:
        masters = f"<key:master-slides>{slide('Master')}</key:master-slides>"
        master = f"<key:theme-list><key:theme>{masters}</key:theme></key:theme-list>"
        parsed = read(KEYNOTE, keynote(slide("Shown"), slide("Skipped", hidden="true"), before=master))
        assert kinds(parsed) == [("Title", "Shown")]
        assert found(parsed) == [FindingKind.HIDDEN_TEXT]


class TestNumbers:
    def test_cells_stand_as_far_from_each_other_as_they_say(self) -> None:
        cells = cell("a", "0") + cell("b") + cell("1", "255") + '<sf:n sf:v="2.50"/>' + '<sf:n sf:ct="255" sf:v="3.0"/>'
        assert shown(NUMBERS, numbers(cells)) == "# Plan\n\n| a | b |\n| --- | --- |\n| 1 | 2.50 |\n| 3 |  |\n"

    def test_formulas_show_what_they_gave(self) -> None:
        cells = cell("Sum", "0") + '<sf:f sf:ct="256"><sf:fo sf:fs="=SUM(A)"/><sf:rn sf:v="7"/></sf:f>'
        assert "| 7 |" in shown(NUMBERS, numbers(cells))
        assert "SUM" not in shown(NUMBERS, numbers(cells))

    @pytest.mark.parametrize("far", ["99999999999", "1000000000000000", "-5", "x", "٣"])
    def test_a_cell_far_away_costs_no_more_than_one_nearby(self, far: str) -> None:
        text = shown(NUMBERS, numbers(cell("a", "0") + cell("b", far)))
        assert "a" in text or far == "-5"
        assert len(text) < 100

    def test_a_table_too_large_is_cut_with_a_finding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(grid, "CELLS_MAX", 4)
        parsed = read(NUMBERS, numbers(cell("a", "0") + "".join(cell(str(at), "257") for at in range(50))))
        assert found(parsed) == [FindingKind.TRUNCATED]

    def test_a_sheet_of_nothing_is_left_out(self) -> None:
        assert shown(NUMBERS, numbers('<sf:g sf:ct="0"/><sf:g/>')) == ""


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_package_ends_in_a_refusal_or_a_document(seed: int) -> None:
    """Each seed overwrites other bytes of the package."""
    document = bytearray(keynote(slide("Offer", "text1", "text2", notes="Slowly")))
    for step in range(3):
        document[(seed * 7919 + step * 104_729) % len(document)] = (seed * 131 + step) & 0xFF
    with contextlib.suppress(Refused):
        read(KEYNOTE, bytes(document))
