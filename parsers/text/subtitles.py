"""SANDBOX, untrusted: subtitles (WebVTT, SubRip): cues joined into paragraphs, with who speaks and since when.

A cue is cut where a screen line ends, so a paragraph goes on until the speaker changes, nobody speaks for a while, or
it is long enough to be cited: "[00:11] Roger Bingham: We are in New York City …".
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.text.encoding import decode

PAUSE_SECONDS = 3.0
PARAGRAPH_CHARS = 600
_STAMP = r"(?:(\d{1,4}):)?(\d{1,2}):(\d\d)[.,](\d{1,3})"
_TIMES = re.compile(rf"^[ \t]*{_STAMP}[ \t]+-->[ \t]+{_STAMP}(?:[ \t].*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
_TAG = re.compile(r"</?[A-Za-z0-9:._-][^<>]{0,200}>|</?[A-Za-z]>|\{\\[^{}]{0,100}\}")
_SPEAKER = re.compile(r"^(?:-\s*)?(?:>>\s*)?\[?([A-Z][\w.'’ -]{0,38}[\w.])\]?:\s+(?=\S)")
_NOT_CUES = ("NOTE", "STYLE", "REGION", "X-TIMESTAMP-MAP")
_PROGRESS_CUES = 2000


@dataclass(slots=True)
class Cue:
    """What is shown at one time. `speaker` is "" when it is not said."""

    start: float
    end: float
    speaker: str
    text: str


class SubtitlesParser:
    """Reads `text/vtt` and `application/x-subrip`, which differ in their head alone."""

    def __init__(self, media_type: str) -> None:
        self.media_types: tuple[str, ...] = (media_type,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Paragraphs of what is said."""
        text, encoding = decode(document)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        blocks: list[Block] = []
        paragraph: list[Cue] = []
        size = 0
        for number, cue in enumerate(_cues(text)):
            if number % _PROGRESS_CUES == 0:
                report.progress("cues", number, 0)
            if paragraph and (
                cue.speaker != paragraph[0].speaker
                or cue.start - paragraph[-1].end > PAUSE_SECONDS
                or size > PARAGRAPH_CHARS
            ):
                blocks.append(_block(paragraph))
                paragraph, size = [], 0
            paragraph.append(cue)
            size += len(cue.text)
        if paragraph:
            blocks.append(_block(paragraph))
        return ParsedDocument(self.media_types[0], blocks, title=_title(text), encoding=encoding)


def _block(cues: list[Cue]) -> Block:
    lines = [cues[0].text]
    for before, cue in pairwise(cues):
        if cue.text != before.text:  # captions that scroll repeat their last line
            lines.append(cue.text)
    speaker = f"{cues[0].speaker}: " if cues[0].speaker else ""
    return Block(ElementType.NARRATIVE_TEXT, f"[{_clock(cues[0].start)}] {speaker}{' '.join(lines)}")


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes:02d}:{whole % 60:02d}"


def _title(text: str) -> str:
    """What may follow the signature of a WebVTT file on its line."""
    first = text.partition("\n")[0].strip()
    return first.removeprefix("WEBVTT").strip(" -\t") if first.startswith("WEBVTT") else ""


def _cues(text: str) -> Iterator[Cue]:
    """Cues in file order. A block is a cue if one of its first lines holds times; notes and styles hold none."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith(_NOT_CUES):
            continue
        at = next((index for index, line in enumerate(lines[:3]) if "-->" in line), None)
        times = _TIMES.match(lines[at]) if at is not None else None
        if times is not None and at is not None:
            yield from _spoken(_seconds(times, 1), _seconds(times, 5), lines[at + 1 :])


def _seconds(times: re.Match[str], group: int) -> float:
    hours, minutes, seconds, fraction = (times[group + offset] or "0" for offset in range(4))
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _spoken(start: float, end: float, lines: list[str]) -> Iterator[Cue]:
    """The cue, or one for each voice in it."""
    joined = "\n".join(lines)
    voices = list(_VOICE.finditer(joined))
    if not voices:
        text = _plain(joined)
        named = _SPEAKER.match(text)
        if named:
            yield Cue(start, end, named[1].strip(), text[named.end() :])
        elif text:
            yield Cue(start, end, "", text)
        return
    before = _plain(joined[: voices[0].start()])
    if before:
        yield Cue(start, end, "", before)
    for voice, following in zip(voices, [*voices[1:], None], strict=True):
        text = _plain(joined[voice.end() : following.start() if following else len(joined)])
        if text:
            yield Cue(start, end, " ".join(html.unescape(voice[1]).split()), text)


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())


VTT = SubtitlesParser("text/vtt")
SUBRIP = SubtitlesParser("application/x-subrip")
