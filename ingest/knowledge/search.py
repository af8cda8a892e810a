"""HOST, trusted: turns a question into a tsquery, and shows where an answer answers it.

A question is words, "exact phrases", `OR` between two of them, and `-` before one that must not occur, as web search
engines read it. Nothing in a question is a syntax error.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.knowledge import lexemes
from ingest.knowledge.lexemes import Stems, Token, quoted

QUESTION_CHARS_MAX = 1000
TERMS_MAX = 32
SNIPPET_CHARS = 240
_ITEM = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Question:
    """A question as tsquery texts. `strict` demands every term; empty: nothing to look for.

    `demands` is how many things are wanted; `terms` are what they are made of, for counting how many an answer meets:
    alternatives, and the pairs of a text without spaces, are terms of one demand. `lexemes` are what to mark in a
    snippet; `prefixes` likewise, by their beginning.
    """

    strict: str
    without: str  # what must not occur, to be put behind any demand
    demands: int
    terms: tuple[str, ...]
    lexemes: frozenset[str]
    prefixes: tuple[str, ...]

    def loose(self, terms: Sequence[str]) -> str:
        """Demands any of these terms."""
        return f"{_any(terms)}{self.without}"


def words_of(text: str) -> set[str]:
    """The words of a question that stems are needed for."""
    return lexemes.words(text[:QUESTION_CHARS_MAX])


def question(text: str, stems: Stems) -> Question:
    """Read a question. Common English words (`the`, `of`) are dropped unless there is nothing else or in a phrase."""
    wanted: list[list[_Term]] = []
    unwanted: list[_Term] = []
    joining = False
    for match in _ITEM.finditer(text[:QUESTION_CHARS_MAX]):
        if match["word"] == "OR" and not match["minus"]:
            joining = bool(wanted)
            continue
        terms = _terms(match["phrase"], match["word"], stems)
        if match["minus"]:
            unwanted += terms
        elif joining and terms:
            wanted[-1] += terms
        else:
            wanted += [[term] for term in terms]
        joining = False
    meaningful = [group for group in wanted if not all(term.common for term in group)]
    return _question((meaningful or wanted)[:TERMS_MAX], unwanted[:TERMS_MAX])


@dataclass(frozen=True, slots=True)
class _Term:
    query: str
    pieces: tuple[str, ...]  # what to ask for when the whole is nowhere: the pairs of a text without spaces
    lexemes: frozenset[str]
    prefix: str
    common: bool


def _question(wanted: list[list[_Term]], unwanted: list[_Term]) -> Question:
    if not wanted:
        return Question("", "", 0, (), frozenset(), ())
    groups = [_any(term.query for term in group) for group in wanted]
    pieces = [piece for group in wanted for term in group for piece in term.pieces]
    without = "".join(f" & !{term.query}" for term in unwanted)
    shown = [term for group in wanted for term in group]
    return Question(
        strict=f"{' & '.join(groups)}{without}",
        without=without,
        demands=len(groups),
        terms=tuple(dict.fromkeys(pieces)),
        lexemes=frozenset().union(*(term.lexemes for term in shown)),
        prefixes=tuple(term.prefix for term in shown if term.prefix),
    )


def _terms(phrase: str | None, word: str | None, stems: Stems) -> list[_Term]:
    if phrase is not None:
        found = list(lexemes.tokens(phrase))
        return [_phrase(found)] if found else []
    return [_term(token, stems) for token in lexemes.tokens(word or "")]


def _term(token: Token, stems: Stems) -> _Term:
    if token.unspaced:
        return _unspaced(token)
    exact = _chain(token.parts)
    stemmed = [stems.get(part, "") for _, part in token.parts]
    names = [exact, *(quoted(whole) for whole in token.wholes)]
    if len(stemmed) == 1 and stemmed[0] and stemmed[0] != token.parts[0][1]:
        names.append(quoted(stemmed[0]))
    marked = {part for _, part in token.parts} | set(token.wholes) | {stem for stem in stemmed if stem}
    common = all(stems.get(part) == "" for _, part in token.parts)
    query = _any(names)
    return _Term(query, (query,), frozenset(marked), "", common)


def _unspaced(token: Token) -> _Term:
    """A run of a script without spaces: its pairs in a row; a single character is the beginning of a pair."""
    pairs = token.parts[:-1]
    if not pairs:
        character = token.parts[0][1]
        query = f"{quoted(character)}:*"
        return _Term(query, (query,), frozenset(), character, common=False)
    pieces = tuple(quoted(pair) for _, pair in pairs)
    return _Term(_chain(pairs), pieces, frozenset(pair for _, pair in pairs), "", common=False)


def _phrase(found: list[Token]) -> _Term:
    """Tokens in a row. The lone last character of a run without spaces is left out: more may follow it in the text."""
    places: list[tuple[int, str]] = []
    position = 0
    for token in found:
        parts = token.parts[:-1] if token.unspaced and len(token.parts) > 1 else token.parts
        places += [(position + offset, part) for offset, part in parts]
        position += token.places
    query = _chain(places)
    return _Term(query, (query,), frozenset(part for _, part in places), "", common=False)


def _chain(places: Iterable[tuple[int, str]]) -> str:
    """Lexemes at these distances from each other, and in this order."""
    (first, lexeme), *others = places
    chained, last = quoted(lexeme), first
    for place, lexeme in others:
        chained, last = f"{chained} <{place - last}> {quoted(lexeme)}", place
    return f"({chained})" if others else chained


def _any(queries: Iterable[str]) -> str:
    different = list(dict.fromkeys(queries))
    return f"({' | '.join(different)})" if len(different) > 1 else different[0]


def snippet(text: str, asked: Question, stems: Stems) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of a text that shows the most of what was asked, on one line, and the marks within it."""
    found = [token for token in lexemes.tokens(text) if _shows(token, asked, stems)]
    start = _best_start(found, asked, stems)
    start = (
        0 if start < SNIPPET_CHARS // 4 else max(text.rfind(" ", 0, start - 40), text.rfind("\n", 0, start - 40)) + 1
    )
    end = len(text) if len(text) <= start + SNIPPET_CHARS else _word_end(text, start, start + SNIPPET_CHARS)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    marks = tuple(
        (token.start + shift, token.end + shift) for token in found if token.start >= start and token.end <= end
    )
    return before + re.sub(r"\s", " ", text[start:end]) + after, marks


def _shows(token: Token, asked: Question, stems: Stems) -> bool:
    for _, name in lexemes.names(token, stems):
        if name in asked.lexemes or (asked.prefixes and name.startswith(asked.prefixes)):
            return True
    return False


def _best_start(found: list[Token], asked: Question, stems: Stems) -> int:
    """Where the window with the most different names of what was asked begins; the first of equals."""
    best, best_start = 0, 0
    for number, first in enumerate(found):
        shown: set[str] = set()
        for token in found[number : number + 30]:
            if token.end > first.start + SNIPPET_CHARS - 40:
                break
            shown.update(name for _, name in lexemes.names(token, stems) if name in asked.lexemes)
        if len(shown) > best:
            best, best_start = len(shown), first.start
    return best_start


def _word_end(text: str, start: int, end: int) -> int:
    """The last space before `end`, unless that would leave less than half of the stretch."""
    space = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
    return space if space > start + SNIPPET_CHARS // 2 else end
