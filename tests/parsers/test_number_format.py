"""TEST: numbers are shown as a spreadsheet shows them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.office.sheets.format_code import code_of
from parsers.office.sheets.number_format import general, show_text, shower

ACCOUNTING = '_-* #,##0.00\\ _€_-;\\-* #,##0.00\\ _€_-;_-* "-"??\\ _€_-;_-@_-'


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0", 2.5, "3"),
        ("0.00", 2.675, "2.68"),
        ("#,##0", 999_999.5, "1,000,000"),
        ("#,##0.00", -1599.99, "-1,599.99"),
        ('"$"#,##0.00_);[Red]\\("$"#,##0.00\\)', -1599.99, "($1,599.99)"),
        ("[$€-407] #,##0.00", -12.5, "-€ 12.50"),
        ("00000", 123, "00123"),
        ("0.##", 5, "5."),
        ("#", 0, ""),
        ("0%", 0.025, "3%"),
        ("0.00%", 0.025, "2.50%"),
        ('0.0" % of all"', 2.5, "2.5 % of all"),
        ("0.00", 1e30, "1" + "0" * 30 + ".00"),
        ('0.0,,"M"', 12_345_678, "12.3M"),
        ("#,##0,", 1_234_567, "1,235"),
        ("000-00-0000", 123_456_789, "123-45-6789"),
        ("(###) ###-####", 2_065_551_234, "(206) 555-1234"),
        ('0\\ "dollars and"\\ .00\\ "cents"', 19.99, "19 dollars and .99 cents"),
        ("0.00E+00", 198_356_388, "1.98E+08"),
        ("0.00E-00", 0.00012, "1.20E-04"),
        ("##0.0E+0", 12_345_678, "12.3E+6"),
        ("0.E+0", 9.99, "1.E+1"),
        ("# ?/?", 2.5, "2 1/2"),
        ("# ?/?", -0.25, "-1/4"),
        ("# ??/??", 3.0, "3"),
        ("# ????/????", 46 / 1963, "46/1963"),
        ("# ?/8", 2.3, "2 2/8"),
        ("??/??", 1.5, "3/2"),
        ('[<1000]0;[>=1000]0.0,"K"', 12_345, "12.3K"),
        ("[=0]\"none\";0", 0, "none"),
        ("0;;", -5, ""),
        (";;;", 5, ""),
        ('General" units"', 3.5, "3.5 units"),
        ("@", 12, "12"),
        (ACCOUNTING, 0, "-"),
        (ACCOUNTING, -1234.5, "-1,234.50"),
    ],
)  # fmt: skip
def test_numbers(code: str, value: float, shown: str) -> None:
    assert shower(code, False)(value).strip() == shown


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("yyyy\\-mm\\-dd\\ h:mm:ss", 45_292.5, "2024-01-01 12:00:00"),
        ("d-mmm-yy", 39_219, "17-May-07"),
        ("dddd, mmmm d, yyyy", 39_219, "Thursday, May 17, 2007"),
        ("[$-409]m/d/yy h:mm AM/PM;@", 43_363.76041666, "9/20/18 6:15 PM"),
        ("h:mm AM/PM", 0.0, "12:00 AM"),
        ("[h]:mm:ss", 1.5, "36:00:00"),
        ("[mm]:ss", 0.0625, "90:00"),
        ("mm:ss.0", 0.00123456, "01:46.7"),
        ("dd/mm/yyyy", 60, "29/02/1900"),  # a day that Lotus invented
        ("yyyy-mm-dd", 59, "1900-02-28"),
        ("yyyy-mm-dd", 61, "1900-03-01"),
        ("yyyy-mm-dd", -1, "-1"),  # no day of the calendar
        ("yyyy-mm-dd", 1e9, "1000000000"),
    ],
)
def test_dates(code: str, value: float, shown: str) -> None:
    assert shower(code, False)(value) == shown


def test_days_may_be_counted_from_1904() -> None:
    assert shower("yyyy-mm-dd", True)(0) == "1904-01-01"
    assert shower("yyyy-mm-dd", True)(41_901) == shower("yyyy-mm-dd", False)(43_363)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1 / 3, "0.3333333333"),
        (0.1 + 0.2, "0.3"),
        (123_456_789_012_345, "123456789012345"),
        (1e20, "1E+20"),
        (1e-7, "1E-07"),
        (-0.0, "0"),
        (13.1211231321, "13.1211231321"),
        (math.inf, "#NUM!"),
    ],
)
def test_numbers_without_a_format(value: float, shown: str) -> None:
    assert general(value) == shown


def test_text_has_a_section_of_its_own() -> None:
    assert show_text('0;-0;0;"about "@', "x") == "about x"
    assert show_text('"see "@', "x") == "see x"
    assert show_text("0.00", "x") == "x"
    assert show_text(";;;", "x") == ""


def test_codes_that_follow_the_readers_locale_are_shown_in_iso_order() -> None:
    assert code_of(14, {14: "m/d/yyyy"}) == "yyyy-mm-dd"
    assert code_of(164, {164: "m/d/yyyy"}) == "m/d/yyyy"
    assert code_of(9, {}) == "0%"
    assert code_of(999, {}) == ""


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='0#?.,%/@;E+-ymdhsaAPM"[]\\_*G$€< >=1', max_size=40), st.floats(allow_nan=False))
def test_any_code_shows_any_number(code: str, value: float) -> None:
    """A code is whatever a file says it is; showing must end, and must give text."""
    assert isinstance(shower(code, False)(value), str)
