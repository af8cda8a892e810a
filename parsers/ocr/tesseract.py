"""SANDBOX, untrusted: one page of grey pixels through Tesseract, a child process of this single-use sandbox.

Pixels go in as PGM through a file without a name in /tmp, words come out as TSV through a pipe. Script and rotation can
be asked for (`--psm 0`): reading with the models of every script at once takes several times as long.
"""

import contextlib
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from parsers.blocks import Report
from parsers.ocr import program
from parsers.ocr.judging import SURE_MIN, Word, sureness, words_of_line
from parsers.ocr.latin import LATIN
from parsers.ocr.program import Failed

PAGE_CPU_SECONDS_MAX = 50
PAGE_SECONDS_MAX = 100.0  # on a host with more work than cores
LANGUAGES = {"Cyrillic": "rus+eng", "Han": "chi_sim+eng", "Japanese": "jpn+eng", "Hiragana": "jpn+eng"}
WORDS_MAX = 20_000
_PAGE_CONFIDENCE_MIN = 60.0  # of its words, by their letters: below it a page was not understood, and would be noise
_ROTATION_CONFIDENCE_MIN = 4.0
_SCRIPT_CONFIDENCE_MIN = 1.0
_READING = (
    *("-c", "tessedit_create_tsv=1"),
    *("-c", "thresholding_method=2"),  # Sauvola and Pietikäinen 2000: each pixel by those around it, so shades of
    # paper, shadows and faint print beside black print are no obstacle
)
_OUTPUT_BYTES_MAX = 8 << 20
_SLICE_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a page in reading order, and how sure Tesseract is of them, in per cent, by their letters."""

    words: list[Word]
    sureness: float

    @property
    def is_understood(self) -> bool:
        """Whether it is more than noise."""
        return self.sureness >= _PAGE_CONFIDENCE_MIN


@dataclass(frozen=True, slots=True)
class Setting:
    """What a page is written in: by how many degrees to turn it clockwise, and Tesseract's languages."""

    turn: int = 0
    languages: str = LATIN


def setting_of(pgm: bytes, report: Report) -> Setting:
    """Rotation and script of a page; upright Latin when there is too little text to tell."""
    try:
        answer = _run(pgm, ["--psm", "0", "-l", "osd"], report)
    except Failed:
        return Setting()  # so it ends on pages with few characters
    turn, sure_of_turn = _number(answer, "Rotate"), _number(answer, "Orientation confidence")
    script = re.search(r"^Script: (\w+)$", answer, re.MULTILINE)
    languages = LATIN
    if script is not None and _number(answer, "Script confidence") >= _SCRIPT_CONFIDENCE_MIN:
        languages = LANGUAGES.get(script.group(1), LATIN)
    return Setting(int(turn) if sure_of_turn >= _ROTATION_CONFIDENCE_MIN else 0, languages)


def reading_of(pgm: bytes, languages: str, report: Report) -> Reading:
    """What stands on an upright page. Raises `Failed`."""
    answer = _run(pgm, ["-l", languages, "--psm", "3", *_READING], report)
    return reading_in(answer)


def reading_in(answer: str) -> Reading:
    """The words of a table in Tesseract's TSV, and how sure it was of those that count."""
    rows = list(_rows(answer))
    words = [word for _, line in groupby(rows, key=lambda row: row[0].line) for word in words_of_line(line)]
    return Reading(words[:WORDS_MAX], sureness(row for row in rows if row[1] >= SURE_MIN))


def _rows(answer: str) -> Iterator[tuple[Word, float]]:
    """The words of a table in Tesseract's TSV, and how sure it was of each, in per cent."""
    for row in answer.splitlines()[1:]:
        fields = row.split("\t", 11)
        if len(fields) == 12 and fields[0] == "5" and fields[11].strip():
            x, y, width, height = (float(value) for value in fields[6:10])
            line = (int(fields[2]), int(fields[3]), int(fields[4]))
            yield Word(line, x, y, x + width, y + height, fields[11].strip()), float(fields[10])


def _number(answer: str, name: str) -> float:
    found = re.search(rf"^{name}: (\d+(?:\.\d+)?)$", answer, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def _run(pgm: bytes, arguments: list[str], report: Report) -> str:
    """Standard output. Raises `Failed` when it is killed, fails or takes too long."""
    with tempfile.TemporaryFile() as pixels:  # Python 3.11 cannot go on feeding a pipe after a pause to report
        pixels.write(pgm)
        pixels.seek(0)
        try:
            child = subprocess.Popen(
                [program.PROGRAM, "stdin", "stdout", "--dpi", "300", *arguments],
                env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"},
                stdin=pixels,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise Failed(f"text recognition did not start: {type(error).__name__}") from None
        with contextlib.suppress(OSError):  # where a sandbox forbids it, the time on the wall counts alone
            resource.prlimit(child.pid, resource.RLIMIT_CPU, (PAGE_CPU_SECONDS_MAX, PAGE_CPU_SECONDS_MAX))
        with child:
            output = _output(child, report)
    if child.returncode != 0 or len(output) > _OUTPUT_BYTES_MAX:
        raise Failed(f"text recognition ended with code {child.returncode}")
    return output.decode("utf-8", "replace")


def _output(child: "subprocess.Popen[bytes]", report: Report) -> bytes:
    """What the child writes until it ends. Raises `Failed` when it was killed for taking too long."""
    end = time.monotonic() + PAGE_SECONDS_MAX
    while True:
        try:
            return child.communicate(timeout=_SLICE_SECONDS)[0]
        except subprocess.TimeoutExpired:
            report.progress("recognition", 0, 1)
        if time.monotonic() > end:
            child.kill()
            raise Failed(f"text recognition took more than {PAGE_SECONDS_MAX:.0f} seconds")
