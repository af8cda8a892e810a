"""TEST: how a page lies, how large its letters are, and where its rules run, told from pixels alone."""

from io import BytesIO

import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageOps

from parsers.ocr.rules import rules_in
from parsers.ocr.sheet import sheet_of
from parsers.ocr.skew import ink_of, letter_share, lie_of
from parsers.pdf.engine import grey_pixels

WHITE = 255


def _typed(size: float = 10.0, dpi: int = 150) -> Image.Image:
    """A page of text in grey pixels."""
    page = pymupdf.open().new_page()
    sentence = "Every parser runs in a container without a network. "
    page.insert_textbox((72, 72, 520, 760), sentence * 90, fontsize=size)
    pixels = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
    return Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)


def _turned(picture: Image.Image, degrees: float, paper: int = WHITE) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)


@pytest.mark.parametrize("degrees", [-12.0, -0.7, 0.0, 0.4, 5.0, 17.0])
def test_the_skew_of_a_page_is_found(degrees: float) -> None:
    lie = lie_of(ink_of(_turned(_typed(), degrees)))
    assert lie.skew == pytest.approx(-degrees, abs=0.15)
    assert not lie.sideways


def test_a_page_on_its_side_is_known_as_one() -> None:
    lie = lie_of(ink_of(_turned(_typed(), 93.0)))
    assert lie.skew == pytest.approx(-3.0, abs=0.15)
    assert lie.sideways


def test_a_picture_without_text_is_left_as_it_lies() -> None:
    """Hostile: a gradient and a few shapes are as sharp at some angle as at another."""
    picture = Image.linear_gradient("L").resize((800, 800))
    ImageDraw.Draw(picture).ellipse((200, 200, 600, 600), fill=10)
    assert lie_of(ink_of(picture)).skew == 0.0


@pytest.mark.parametrize(("size", "dpi"), [(8.0, 150), (10.0, 150), (10.0, 300)])
def test_the_height_of_small_letters_is_measured(size: float, dpi: int) -> None:
    """Helvetica's small letters are 0.52 of its size."""
    picture = _typed(size, dpi)
    letters = letter_share(ink_of(picture)) * picture.height
    assert letters == pytest.approx(0.52 * size * dpi / 72, rel=0.2)


def test_small_print_is_enlarged_and_a_light_page_on_dark_inverted() -> None:
    sheet = sheet_of(ImageOps.invert(_typed(6.0, 120)), 0.6)
    assert sheet.placing.scale > 2.0
    assert sheet.picture.getpixel((5, 5)) > 240
    assert sheet.picture.width == pytest.approx(sheet.placing.size[0] * sheet.placing.scale, abs=1)


def test_a_page_askew_is_set_straight_on_its_own_paper() -> None:
    """Corners that the turn lays bare would be ink in any other shade."""
    sheet = sheet_of(_turned(_typed(), 6.0), 0.48)
    assert lie_of(ink_of(sheet.picture)).skew == pytest.approx(0.0, abs=0.15)
    assert all(sheet.picture.getpixel((x, 2)) > 240 for x in (2, sheet.picture.width - 3))


def test_rules_are_found_where_they_are_drawn() -> None:
    picture = Image.new("L", (1000, 800), WHITE)
    draw = ImageDraw.Draw(picture)
    draw.line((100, 200, 900, 200), fill=0, width=3)
    draw.line((100, 400, 900, 402), fill=90, width=2)  # a little askew, and grey
    draw.line((500, 200, 500, 700), fill=0, width=2)
    found = rules_in(picture, 0.5)
    ends = sorted((round(rule.x0), round(rule.y0), round(rule.x1), round(rule.y1)) for rule in found)
    assert len(ends) == 3
    for rule, drawn in zip(ends, [(50, 100, 450, 100), (50, 200, 450, 201), (250, 100, 250, 350)], strict=True):
        assert rule == pytest.approx(drawn, abs=3)


def test_text_and_fills_are_no_rules() -> None:
    picture = _typed(11.0, 200)
    ImageDraw.Draw(picture).rectangle((200, 1900, 1200, 2000), fill=200)
    assert rules_in(picture, 72 / 200) == []


def test_a_texture_has_no_rules() -> None:
    """Hostile: hundreds of lines, as in an engraving, would cost more than they tell."""
    picture = Image.new("L", (1500, 6000), WHITE)
    draw = ImageDraw.Draw(picture)
    for y in range(10, 5990, 10):
        draw.line((100, y, 1400, y), fill=0, width=2)
    assert rules_in(picture, 0.5) == []


def test_a_scan_is_drawn_with_its_own_pixels() -> None:
    """A small page of 600 dots an inch would lose half of them at the resolution of others."""
    png = BytesIO()
    Image.new("L", (1500, 2500), 200).save(png, "PNG")
    page = pymupdf.open().new_page(width=180, height=300)
    page.insert_image(page.rect, stream=png.getvalue())
    assert grey_pixels(page)[:2] == (1500, 2500)


def test_a_page_of_glyphs_is_drawn_at_the_usual_resolution_whatever_its_logo_has() -> None:
    png = BytesIO()
    Image.new("L", (900, 900), 200).save(png, "PNG")
    page = pymupdf.open().new_page(width=360, height=720)
    page.insert_image((0, 0, 36, 36), stream=png.getvalue())
    assert grey_pixels(page)[:2] == (1250, 2500)
