"""TEST: pages made to be dear: the reader gives up on layout, says so, and keeps the text."""

import random
from typing import Any

import pytest

from contract.verdicts import FindingKind
from parsers.pdf.layout import ATOMS_FOR_LAYOUT_MAX
from parsers.pdf.rulings import RULES_MAX
from parsers.pdf.spans import SPANS_PER_PAGE_MAX, VECTORS_PER_PAGE_MAX
from tests.parsers.pdf_pages import append_stream, new_page, parsed, text_of


def page_with(content: str) -> Any:
    document, page = new_page()
    page.insert_text((60, 150), "anchor", fontname="helv")
    append_stream(document, page, content)
    return document


def scattered(count: int) -> str:
    chance = random.Random(7)
    return "\n".join(
        f"BT /helv 4 Tf {chance.uniform(0, 580):.1f} {chance.uniform(0, 830):.1f} Td (w{n}) Tj ET" for n in range(count)
    )


@pytest.mark.parametrize("count", [ATOMS_FOR_LAYOUT_MAX + 2_000, SPANS_PER_PAGE_MAX + 2_000])
def test_too_many_runs_for_layout(count: int) -> None:
    """Far more words on a page than anyone prints, each placed by itself."""
    result = parsed(page_with(scattered(count)))
    assert FindingKind.NOT_EXAMINED in [issue.kind for issue in result.findings]
    assert "anchor" in text_of(result)


def test_too_many_vectors() -> None:
    """Tens of thousands of little boxes, as maps and drawings have them."""
    boxes = "\n".join(f"{n % 580} {n // 580 * 9} 8 8 re f" for n in range(VECTORS_PER_PAGE_MAX + 10))
    result = parsed(page_with("0.8 g " + boxes + " 0 g"))
    assert FindingKind.NOT_EXAMINED in [issue.kind for issue in result.findings]


def test_too_many_rules() -> None:
    """A hatching of rules: as a grid it would have a million cells."""
    step = 595 / (RULES_MAX + 50)
    rules = "\n".join(f"{n * step * 5:.2f} 0 m {n * step * 5:.2f} 840 l S" for n in range(RULES_MAX + 50))
    document, page = new_page(width=3100, height=842)
    page.insert_text((60, 150), "anchor", fontname="helv")
    append_stream(document, page, rules)
    result = parsed(document)
    assert FindingKind.NOT_EXAMINED in [issue.kind for issue in result.findings]
    assert "anchor" in text_of(result)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("BT /helv 9 Tf 60 400 Td (" + "word " * 60_000 + ") Tj ET", id="one line of 60,000 words"),
        pytest.param("\n".join("BT /helv 9 Tf 60 400 Td (same) Tj ET" for _ in range(5_000)), id="all in one place"),
        pytest.param("BT /helv 9 Tf 60 400 Td (" + "a    b" * 10_000 + ") Tj ET", id="wide spaces without end"),
        pytest.param(
            "\n".join(f"0 {n} m 590 {n} l S" for n in (100, 790, 800))
            + "\n".join(f"BT /helv 2 Tf 5 {n * 1.7 + 101} Td ({'w ' * 280}) Tj ET" for n in range(398)),
            id="a hundred thousand words in line between three rules",
        ),
        pytest.param(
            "\n".join(f"BT /helv 2 Tf 5 {n * 2} Td (Table 1: a caption, a b, c) Tj ET" for n in range(400)),
            id="captions and nothing else",
        ),
        pytest.param(
            "\n".join(f"{n / 9} 401 m {n / 9 + 300} 401 l S" for n in range(400))
            + "\n".join(f"BT /helv 1.2 Tf {n % 500} {402 + n // 500} Td (x) Tj ET" for n in range(5_000)),
            id="words over a heap of rules",
        ),
        pytest.param("\n".join(f"{n} 0 m {n} 840 l S 0 {n} m 590 {n} l S" for n in range(0, 590, 4)), id="graph paper"),
    ],
)
def test_odd_geometry_is_read(content: str) -> None:
    assert "anchor" in text_of(parsed(page_with(content)))


@pytest.mark.parametrize("place", ["100000000 5", "-99999999 5", "0 123456789012"])
def test_text_at_the_end_of_the_world_is_left_out(place: str) -> None:
    result = parsed(page_with(f"BT /helv 9 Tf {place} Td (far away) Tj ET"))
    assert text_of(result) == "anchor"


def test_a_page_of_no_width_is_read() -> None:
    """A media box that encloses nothing: MuPDF takes a page of letter size instead."""
    document = page_with("")
    document.xref_set_key(document[0].xref, "MediaBox", "[0 0 0 0]")
    assert text_of(parsed(document)) == "anchor"


def test_code_with_words_far_apart_does_not_become_a_string_of_blanks() -> None:
    """Two monospaced words half a million points from each other, on a page as wide."""
    document, page = new_page(width=600_000, height=800)
    for line in range(30):
        page.insert_text((60, 100 + 14 * line), "Some ordinary text so that code stands out", fontsize=10)
    for x in (60, 560_000):
        page.insert_text((x, 600), "code", fontname="cour", fontsize=10)
    assert len(text_of(parsed(document))) < 5_000
