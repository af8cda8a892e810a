"""TEST: what a run shows in the Prefect UI: no file name and no detail becomes markup, and nothing is left out."""

import html
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.verdicts import Reason
from flows import artifacts
from flows.tally import QUARANTINED_SHOWN_MAX, Counted, Tally
from ingest.outcome import FileReport, Outcome

MARKUP = re.compile(r"[|`<>*_\[\]()!#~\\\n\r:@.\"']")


def quarantined(key: str, detail: str = "") -> FileReport:
    return FileReport(key, Outcome.QUARANTINED, Reason.CRASHED, detail)


def counted(*reports: FileReport) -> Counted:
    tally = Tally()
    for report in reports:
        tally.add(report)
    return tally.counted()


@pytest.mark.parametrize(
    "name",
    [
        "a|b|c.pdf",
        "<img src=x onerror=alert(1)>.pdf",
        "[click](javascript:alert(1))",
        "![](https://evil.example/pixel.png)",
        "`code`",
        "www.evil.example",
        "mail@evil.example",
        "https://evil.example/",
        "**bold** __it__ ~~gone~~",
        "two\nrows | of | a table",
        "&lt;script&gt;",
        "\\| escaped",
    ],
)
def test_a_name_cannot_become_markup(name: str) -> None:
    written = artifacts.shown(name)
    assert not MARKUP.search(re.sub(r"&#\d+;", "", written).replace("⟨", "").replace("⟩", ""))
    assert html.unescape(written) == artifacts.visible(name), "the reader sees the very characters of the name"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("line\nfeed\r\t\0", "line⟨U+000A⟩feed⟨U+000D⟩⟨U+0009⟩⟨U+0000⟩"),
        ("lone\udcffsurrogate", "lone⟨U+DCFF⟩surrogate"),
        ("  padded ", "␠␠padded␠"),
        ("no\u00a0break", "no⟨U+00A0⟩break"),
        ("Zürich 東京 عربى 🙂", "Zürich 東京 عربى 🙂"),
        ("e\u0301", "e\u0301"),
        ("Z\u0351\u0352\u0353\u0354", "Z\u0351\u0352⟨U+0353⟩⟨U+0354⟩"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(name: str, seen: str) -> None:
    assert artifacts.visible(name) == seen


@given(st.text(alphabet=st.characters(codec=None), max_size=400))
def test_any_name_is_one_harmless_bounded_line(name: str) -> None:
    written = artifacts.shown(name)
    assert written.isprintable() or not written
    assert not MARKUP.search(re.sub(r"&#\d+;", "", written))
    written.encode("utf-8")
    assert len(artifacts.visible(name)) <= artifacts.SHOWN_CHARACTERS_MAX * len("⟨U+10FFFF⟩")


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    seen = artifacts.visible("begin" + "x" * 5000 + "end.pdf")
    assert seen.startswith("begin")
    assert seen.endswith("end.pdf")
    assert "…" in seen
    assert len(seen) == artifacts.SHOWN_CHARACTERS_MAX


def test_outcome_rows_account_for_every_file() -> None:
    state = counted(
        FileReport("a", Outcome.INDEXED),
        FileReport("b", Outcome.INDEXED),
        quarantined("c"),
        FileReport("d", Outcome.QUARANTINED, Reason.BOMB),
        FileReport("e", None, detail="engine down"),
        FileReport("f", Outcome.UNCHANGED),
    )
    assert artifacts.outcome_rows(state) == [
        {"outcome": "indexed", "reason": "", "files": 2},
        {"outcome": "pending", "reason": "", "files": 1},
        {"outcome": "quarantined", "reason": "bomb", "files": 1},
        {"outcome": "quarantined", "reason": "crashed", "files": 1},
        {"outcome": "unchanged", "reason": "", "files": 1},
    ]
    assert artifacts.progress_line(state, 9) == "6 of 9 files, 2 quarantined, 1 to be tried again"


def test_a_hostile_name_and_detail_stay_within_one_row() -> None:
    table = artifacts.quarantine_table(counted(quarantined("a|b\n| c | d |", "said\n|x|y|")))
    rows = table.strip().splitlines()
    assert len(rows) == 3
    assert all(row.count("|") == 4 for row in rows)


def test_the_table_of_quarantined_files_is_bounded_and_says_so() -> None:
    state = counted(*(quarantined(f"file {number}") for number in range(QUARANTINED_SHOWN_MAX + 7)))
    table = artifacts.quarantine_table(state)
    assert len(state.quarantined) == QUARANTINED_SHOWN_MAX
    assert "7 more: `gloveport quarantine list`" in table


def test_the_page_of_a_clean_run_has_no_quarantine() -> None:
    page = artifacts.report_page("s3://bucket/", "run-1", counted(FileReport("a", Outcome.INDEXED)))
    assert "| indexed |  | 1 |" in page
    assert "quarantine" not in page.lower()


@given(st.text(max_size=60), st.text(alphabet=st.characters(codec=None), max_size=60))
def test_a_resource_id_is_printable_ascii_and_reversible(source: str, key: str) -> None:
    identity = artifacts.resource_id(source, key)
    assert re.fullmatch(r"gloveport\.document\.[A-Za-z0-9_.~%-]*", identity)
    encoded = identity.removeprefix("gloveport.document.")
    if len(identity) < artifacts.RESOURCE_CHARACTERS_MAX:
        assert unquote(encoded, errors="surrogatepass") == f"{source.rstrip('/')}/{key}"


def test_a_resource_id_is_bounded() -> None:
    assert len(artifacts.resource_id("s3://bucket/", "é" * 1024)) == artifacts.RESOURCE_CHARACTERS_MAX


@given(st.text(alphabet=st.characters(codec=None)))
def test_payload_text_can_be_stored(text: str) -> None:
    stored = artifacts.payload_text(text)
    stored.encode("utf-8")
    assert "\0" not in stored


@pytest.mark.parametrize(("finished", "total", "percent"), [(0, 0, 100.0), (0, 3, 0.0), (1, 3, 33.3), (4, 3, 100.0)])
def test_percent(finished: int, total: int, percent: float) -> None:
    assert artifacts.percent(finished, total) == percent
