"""TEST: text that no reader of the page can see is left out and reported; text that can be seen is neither."""

from typing import Any

import pymupdf
import pytest

from contract.verdicts import FindingKind
from parsers.blocks import FoundIssue, ParsedDocument
from tests.parsers.pdf_pages import append_stream, new_page, parsed, text_of

SEEN, UNSEEN = "VISIBLE words", "SECRET words"


def page_with(content: str) -> Any:
    document, page = new_page(400, 400)
    page.insert_text((50, 50), SEEN, fontname="helv")
    append_stream(document, page, content)
    return document


def show(operators: str = "", x: float = 50, y: float = 200, size: float = 12) -> str:
    return f"BT /helv {size} Tf {operators} {x} {y} Td ({UNSEEN}) Tj ET"


def hidden(result: ParsedDocument) -> list[FoundIssue]:
    return [issue for issue in result.findings if issue.kind == FindingKind.HIDDEN_TEXT]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(show("3 Tr"), id="render mode 3"),
        pytest.param(show("7 Tr"), id="clip only"),
        pytest.param(show("1 1 1 rg"), id="white"),
        pytest.param(show("0.97 0.97 0.97 rg"), id="nearly white"),
        pytest.param("0 0 0.5 rg 40 180 300 60 re f " + show("0 0 0.5 rg"), id="blue on blue"),
        pytest.param(show(size=0.2), id="tiny"),
        pytest.param("q 0.001 0 0 0.001 50 50 cm " + show() + " Q", id="scaled to nothing"),
        pytest.param(show(x=900), id="right of the page"),
        pytest.param(show(y=-300), id="below the page"),
        pytest.param("q 0 0 5 5 re W n " + show() + " Q", id="clipped"),
        pytest.param(show() + " 1 1 1 rg 40 180 300 60 re f", id="painted over in white"),
        pytest.param(show() + " 0 0.3 0.6 rg 40 180 300 60 re f", id="painted over in a colour"),
    ],
)
def test_hidden_text_is_left_out_and_reported(content: str) -> None:
    result = parsed(page_with(content))
    assert text_of(result) == SEEN
    assert any("SECRET" in issue.evidence and issue.place == "page 1" for issue in hidden(result))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(show(), id="plain"),
        pytest.param("0 0 0.5 rg 40 180 300 60 re f " + show("1 1 1 rg"), id="white on a blue box"),
        pytest.param(
            "0 0 0.5 rg 40 180 m 300 160 l 340 260 l 60 260 l f " + show("1 1 1 rg"), id="white on a blue shape"
        ),
        pytest.param(show("0.6 0.6 0.6 rg"), id="grey"),
        pytest.param(show("1 Tr"), id="outlined"),
        pytest.param(show(x=380), id="running off the edge"),
    ],
)
def test_visible_text_stays_without_a_finding(content: str) -> None:
    result = parsed(page_with(content))
    assert UNSEEN in text_of(result)
    assert not hidden(result)


def test_highlighted_text_is_visible() -> None:
    document = page_with(show())
    document[0].add_highlight_annot((45, 185, 150, 205))
    result = parsed(document)
    assert UNSEEN in text_of(result)
    assert not hidden(result)


def test_the_text_layer_of_a_scan_stays() -> None:
    """An image over the whole page with invisible text on it: what OCR programs write."""
    document, page = new_page(400, 400)
    image = pymupdf.Pixmap(pymupdf.csRGB, (0, 0, 40, 40), False)
    image.clear_with(200)
    page.insert_image(page.rect, pixmap=image)
    page.insert_text((50, 200), "recognised words", render_mode=3)
    result = parsed(document)
    assert text_of(result) == "recognised words"
    assert not hidden(result)


def test_a_layer_that_is_switched_off_is_reported() -> None:
    document, page = new_page()
    page.insert_text((50, 150), SEEN)
    layer = document.add_ocg("secret", on=False)
    page.insert_text((50, 200), UNSEEN, oc=layer)
    result = parsed(document)
    assert text_of(result) == SEEN
    assert any("layer" in issue.evidence for issue in hidden(result))


def test_a_hidden_note_is_reported() -> None:
    document, page = new_page()
    page.insert_text((50, 150), SEEN)
    note = page.add_text_annot((300, 300), UNSEEN)
    note.set_flags(pymupdf.PDF_ANNOT_IS_HIDDEN)
    note.update()
    result = parsed(document)
    assert text_of(result) == SEEN
    assert hidden(result)
