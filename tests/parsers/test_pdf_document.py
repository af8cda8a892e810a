"""TEST: what belongs to a document beside its text: metadata, links, notes, forms, actions; and what is refused."""

from typing import Any

import pymupdf
import pytest

from contract.verdicts import ElementType, FindingKind, Refusal
from parsers.blocks import Link, Refused, Report
from parsers.pdf import PARSER
from parsers.pdf.engine import Drawing
from tests.parsers.pdf_pages import append_stream, new_page, of_kind, parsed, text_of, write_lines

SILENT = Report(progress=lambda *_: None)


def refusal_of(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        PARSER.parse(data, SILENT)
    return caught.value


def kinds(document: Any) -> list[FindingKind]:
    return [issue.kind for issue in parsed(document).findings]


def test_metadata() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    document.set_metadata({"title": " A \n title", "author": "Somebody", "creationDate": "D:20240102030405Z"})
    document.set_language("cy")
    result = parsed(document)
    assert result.languages == ["cy"]
    assert (result.title, result.author, result.created) == ("A title", "Somebody", "2024-01-02T03:04:05Z")
    assert result.media_type == "application/pdf"


def test_links_are_kept_beside_the_text_and_inside_the_markdown() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "Read ", fontsize=10)
    page.insert_text((84, 150), "the manual", fontsize=10)
    page.insert_text((136, 150), "with *care*", fontsize=10)
    uri = "https://example.org/a (b)"
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(84, 140, 133, 153), "uri": uri})
    (block,) = parsed(document).blocks
    assert block.links == [Link("the manual", uri)]
    assert block.text == "Read the manual with *care*"
    assert block.markdown == "Read [the manual](https://example.org/a%20%28b%29) with \\*care\\*"


def test_a_script_address_is_no_link_in_the_markdown() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "Click here", fontsize=10)
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(60, 140, 133, 153), "uri": "javascript:alert(1)"})
    (block,) = parsed(document).blocks
    assert block.markdown is None


def test_notes_come_with_their_author() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    note = page.add_text_annot((300, 300), "please check")
    note.set_info(title="Ann")
    note.update()
    (block,) = of_kind(parsed(document), ElementType.UNCATEGORIZED_TEXT)
    assert block.text == "Ann: please check"


def test_form_values_are_text() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "Name of the box:")
    widget = pymupdf.Widget()
    widget.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT
    widget.field_name = "box"
    widget.field_value = "Number seven"
    widget.rect = pymupdf.Rect(200, 135, 400, 155)
    page.add_widget(widget)
    assert text_of(parsed(document)).count("Number seven") == 1


def test_a_script_is_active_content() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    xref = document.get_new_xref()
    document.update_object(xref, "<</S/JavaScript/JS(app.alert\\(1\\))>>")
    document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{xref} 0 R")
    assert kinds(document) == [FindingKind.ACTIVE_CONTENT]


def test_an_action_that_opens_another_file_is_an_external_reference() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    xref = document.get_new_xref()
    document.update_object(xref, "<</S/GoToR/F(\\\\\\\\server\\\\share)/D[0/Fit]>>")
    document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{xref} 0 R")
    assert kinds(document) == [FindingKind.EXTERNAL_REFERENCE]


def test_embedded_and_attached_files_are_found() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    document.embfile_add("tool.exe", b"MZ")
    page.add_file_annot((300, 300), b"data", "list.csv")
    found = [issue.evidence for issue in parsed(document).findings if issue.kind == FindingKind.EMBEDDED_FILE]
    assert found == ["tool.exe", "1 attached to a page"]


def test_a_plain_document_has_no_finding() -> None:
    document, page = new_page()
    write_lines(page, 60, 150, ["Nothing to see", "but text"])
    assert parsed(document).findings == []


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", b"%PDF-1.7\n" + b"junk " * 500])
def test_what_is_no_pdf_is_corrupt(data: bytes) -> None:
    assert refusal_of(data).refusal == Refusal.CORRUPT


def test_a_password_is_needed() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "secret")
    data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o")
    assert refusal_of(data).refusal == Refusal.ENCRYPTED


def test_an_owner_password_alone_does_not_hinder_reading() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "open to all")
    data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="", owner_pw="o")
    assert text_of(PARSER.parse(data, SILENT)) == "open to all"


def test_pages_without_text_are_refused_as_scans() -> None:
    document, page = new_page()
    page.draw_circle((200, 200), 80)
    document.new_page()
    caught = refusal_of(document.tobytes())
    assert (caught.refusal, caught.detail) == (Refusal.EMPTY, "no text layer; 2 pages look scanned")


def test_an_image_without_text_beside_pages_with_text_is_reported() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "typed")
    image = pymupdf.Pixmap(pymupdf.csRGB, (0, 0, 40, 40), False)
    image.clear_with(200)
    scan = document.new_page()
    scan.insert_image(scan.rect, pixmap=image)
    result = parsed(document)
    assert text_of(result) == "typed"
    assert {(issue.kind, issue.place, issue.evidence) for issue in result.findings} == {
        (FindingKind.NOT_EXAMINED, "page 2", "an image without a text layer"),
        (FindingKind.NEEDS_OCR, "document", "1 of 2 pages"),
    }


def test_one_bad_page_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    document, page = new_page()
    page.insert_text((60, 150), "first")
    for text in ("second", "third"):
        document.new_page().insert_text((60, 150), text)
    blocks = Drawing.blocks

    def fails_once(drawing: Drawing) -> list[dict[str, Any]]:
        found = blocks(drawing)
        if "second" in str(found):
            raise RuntimeError("cycle in page tree")
        return found

    monkeypatch.setattr(Drawing, "blocks", fails_once)
    result = parsed(document)
    assert text_of(result).split() == ["first", "third"]
    assert [(issue.kind, issue.place) for issue in result.findings] == [(FindingKind.NOT_EXAMINED, "page 2")]


def test_progress_is_reported_for_every_page() -> None:
    document, page = new_page()
    page.insert_text((60, 150), "text")
    document.new_page()
    seen: list[tuple[str, int, int]] = []
    PARSER.parse(document.tobytes(), Report(progress=lambda *step: seen.append(step)))
    assert seen[:3] == [("page", 0, 2), ("page", 1, 2), ("page", 2, 2)]


def test_damage_is_silent_on_stdout_and_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """Operators that do not exist, in a stream that MuPDF would complain about at length."""
    document, page = new_page()
    page.insert_text((60, 150), "text")
    append_stream(document, page, "nonsense [ ( ] Tj " * 50)
    assert "text" in text_of(parsed(document))
    assert capfd.readouterr() == ("", "")


def test_the_same_bytes_give_the_same_result() -> None:
    document, page = new_page()
    write_lines(page, 60, 150, ["Some text", "and more of it"])
    page.add_highlight_annot((60, 140, 120, 155))
    data = document.tobytes()
    assert PARSER.parse(data, SILENT) == PARSER.parse(data, SILENT)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_links_are_found_on_rotated_pages(rotation: int) -> None:
    document, page = new_page()
    page.insert_text((60, 150), "before ", fontsize=10)
    page.insert_text((100, 150), "linked", fontsize=10)
    uri = "https://example.org/"
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(99, 140, 140, 153), "uri": uri})
    page.set_rotation(rotation)
    (block,) = parsed(document).blocks
    assert block.links == [Link("linked", uri)]
