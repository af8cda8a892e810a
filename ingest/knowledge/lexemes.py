"""HOST, trusted: cuts text and questions into lexemes, alike on both sides.

PostgreSQL's own parser reads `ERR-1042` as a word and a negative number, has no idea of scripts without spaces, and
changes with the server's locale. So words are cut here, and PostgreSQL gets finished vectors and queries:

    words        folded: NFKC, lower case, without accents and zero-width characters; English stems beside them
    identifiers  `ERR-1042`, `v1.2.3`, `a_b`, `x@y.org`: whole, joined (`err1042`), and by their parts
    no spaces    Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese: overlapping pairs, and each run's last character
                 alone, so that one character finds every place it stands in, as the beginning of a lexeme
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

LEXEME_CHARS_MAX = 64
_REPEATED_CHARS_MAX = 40
POSITION_MAX = 16383  # of a tsvector, PostgreSQL manual 8.11.1

# What a word is made of besides `\w`, which knows no combining marks: marks of Latin, Cyrillic, Hebrew and Arabic, the
# Indic and South-East Asian blocks (without the danda), soft hyphen and zero-width characters.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_INDIC = "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fff"
_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1100-\u11ff\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd"
)
_LETTER = rf"(?:(?![_{_UNSPACED}])[\w{_MARKS}{_INDIC}{_INVISIBLE}])"
_TOKEN = re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>{_LETTER}+(?:[-_./:@+#'’]+{_LETTER}+)*)")
_PART = re.compile(rf"{_LETTER}+")
_IGNORED = re.compile(f"[{_INVISIBLE}]")
_ACCENT = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]")
_JOINERS = re.compile("[-_]")

Stems = Mapping[str, str]  # folded word to its English stem; to "" for a stop word; absent: not English


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of text and its lexemes. `parts` are exact, with places counted from the token's own first.

    `places` is how many positions it takes. `wholes` stand at its first place, as other names of all of it.
    """

    start: int
    end: int
    parts: tuple[tuple[int, str], ...]
    wholes: tuple[str, ...]
    places: int
    unspaced: bool


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, in order, with their places in it in characters."""
    for match in _TOKEN.finditer(text):
        if match["unspaced"]:
            yield _unspaced(match)
        elif (token := _word(match)).parts:
            yield token


def fold(word: str) -> str:
    """A word as it is compared: compatibility forms, case, accents and invisible characters do not tell words apart.

    Cyrillic short i keeps its breve, which makes it another letter.
    """
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", word)).casefold()
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFD", plain).replace("и\u0306", "й")
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


def stemmable(word: str) -> bool:
    """Whether an English stem may be asked for: plain letters, short enough to be a word."""
    return word.isascii() and word.isalpha() and len(word) <= LEXEME_CHARS_MAX


def vector(heading: str, body: str, stems: Stems) -> str:
    """The text form of a tsvector: headings at weight A, then the body at weight D, a gap between the two."""
    places: dict[str, list[str]] = {}
    position = 1
    for text, weight in ((heading, "A"), (body, "")):
        for token in tokens(text):
            for offset, lexeme in names(token, stems):
                place = min(position + offset, POSITION_MAX)
                places.setdefault(lexeme, []).append(f"{place}{weight}")
            position += token.places
        position += 10
    return " ".join(f"{quoted(lexeme)}:{','.join(found[:255])}" for lexeme, found in places.items())


def names(token: Token, stems: Stems) -> Iterator[tuple[int, str]]:
    """Every lexeme a token is found by: parts, wholes and stems, with their offsets."""
    yield from token.parts
    for whole in token.wholes:
        yield 0, whole
    if not token.unspaced:
        for offset, part in token.parts:
            stem = stems.get(part, "")
            if stem and stem != part:
                yield offset, stem


def words(text: str) -> set[str]:
    """The words of a text that English stems should be looked up for."""
    return {part for token in tokens(text) if not token.unspaced for _, part in token.parts if stemmable(part)}


def quoted(lexeme: str) -> str:
    """A lexeme as it stands in the text form of a tsvector or tsquery, whatever its characters."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _word(match: "re.Match[str]") -> Token:
    text = match.group()
    # Texts repeat their words; what is long repeats seldom, and must not fill the memory.
    parts, wholes = _names_of(text) if len(text) <= _REPEATED_CHARS_MAX else _names_of.__wrapped__(text)
    return Token(match.start(), match.end(), parts, wholes, max(len(parts), 1), unspaced=False)


@lru_cache(maxsize=1 << 16)
def _names_of(text: str) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """The parts of a word or identifier, and the names of the whole of it when it has several."""
    folded = [part for found in _PART.finditer(text) if (part := fold(found.group())[:LEXEME_CHARS_MAX])]
    whole = fold(text)
    wholes: list[str] = []
    if len(folded) > 1 and len(whole) <= LEXEME_CHARS_MAX:
        joined = _JOINERS.sub("", whole)
        wholes = [whole, joined] if joined.isalnum() and not joined.isdigit() else [whole]
    return tuple(enumerate(folded)), tuple(wholes)


def _unspaced(match: "re.Match[str]") -> Token:
    run = unicodedata.normalize("NFKC", match.group())
    pairs = [run[place : place + 2] for place in range(len(run) - 1)]
    parts = tuple(enumerate([*pairs, run[-1]]))
    return Token(match.start(), match.end(), parts, (), len(run), unspaced=True)
