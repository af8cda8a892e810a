"""TEST: attackers' names and texts cannot steer a terminal or a log."""

import json
import logging
from pathlib import Path

import pytest

from ingest.cli.display import PrintableFormatter, emit, human_bytes, note, printable, program, table


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain name.pdf", "plain name.pdf"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("two\nlines", "two\\nlines"),
        ("\udcff", "\\udcff"),
        ("日本語 ü 😀", "日本語 ü 😀"),
    ],
)
def test_printable(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_a_name_in_a_log_record_or_a_note_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "object changed: %s", ("\x1b[2Jgone\u202e\nnext",), None)
    assert PrintableFormatter().format(record) == "object changed: \\x1b[2Jgone\\u202e\nnext"
    note("answers of no file: 1 (\x1b]0;owned\x07)")
    assert capsys.readouterr().err == "answers of no file: 1 (\\x1b]0;owned\\x07)\n"


def test_printable_cuts_to_width() -> None:
    assert printable("abcdef", 4) == "abc…"


def test_json_lines_stay_one_line_and_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"type": "file", "key": "a\u2028b\x1b\n"})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert line.isascii()
    assert json.loads(line)["key"] == "a\u2028b\x1b\n"


def test_a_table_is_aligned_plain_text_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table(("key", "n"), [("a\x1b", 1), ("longer name", 22)])
    assert capsys.readouterr().out == "key          n\na\\x1b        1\nlonger name  22\n"


def test_sizes_are_readable() -> None:
    assert [human_bytes(n) for n in (0, 1023, 1536, 5 << 30)] == ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]


def test_a_hint_names_the_program_by_a_path_that_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(tmp_path / ".venv" / "bin" / "gloveport"), "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == ".venv/bin/gloveport"
    (tmp_path / "gloveport").touch(mode=0o755)
    assert program() == "gloveport"
