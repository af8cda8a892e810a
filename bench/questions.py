"""BENCH: questions whose answer is known, made from other people's truth by a fixed rule: no model, nothing of ours.

An answer is a stretch of text that somebody else says stands in a file: a fragment that the file's own project asserts
in a test (`must_contain`), or five words of a page's hand-made Markdown. The question is what stands around it:

1.  The text is that of the truth, or of a reader that takes no part in the comparison; markup, link targets and
    addresses are taken out of it, white space is folded, case does not count.
2.  The answer must have two words, at least 8 letters or digits, and nothing but plain characters; it must stand in the
    text exactly once, and in no other document's text, or the question would have two answers.
3.  The context is what stands around the answer, in one of two ways:
    `window`  the 15 words before and the 15 after, across lines, headings and slides;
    `block`   those of the 15 before and the 15 after that are in the answer's own paragraph, list item or table row,
              and the heading above it.
    The commoner half of the answer's own words belongs to it, too; the rarer half is in no question. Rare and common
    go by the number of documents that have the word.
4.  The question is the six rarest words of the context, in the order of the text; single characters do not count. Fewer
    than three make no question.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

AROUND_WORDS: Final = 15
QUESTION_WORDS: Final = 6
QUESTION_WORDS_MIN: Final = 3
ANSWER_CHARS_MIN: Final = 8
PER_DOCUMENT_MAX: Final = 3
CONTEXTS: Final = ("window", "block")
SPAN_WORDS: Final = 5
SPAN_PLACES: Final = (1 / 3, 2 / 3)  # of a page

_MARKUP: Final = re.compile(r"\]\([^)]*\)|<[^<>]*>|(?:https?|mailto|data):\S+|[*_#|`\[\]\\~]+")
_PLAIN: Final = re.compile(r"[\w ,.;:'’()&/%$+-]+")
_LIST_MARKER: Final = re.compile(r"^\s*[-*#•]+\s+")
_BLOCK_START: Final = re.compile(r"\s*(?:[|#]|[-*+•]\s|\d+[.)]\s)")
_WORD: Final = re.compile(r"\w+")
_SPAN_WORD: Final = re.compile(r"[A-Za-z]+[,.;:]?|[0-9]+")


@dataclass(frozen=True)
class Question:
    """What is asked, and what a chunk of which document must contain to answer it."""

    document_id: str
    query: str
    answer: str


def squashed(text: str) -> str:
    """White space folded, case folded: how an answer is looked for."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def letters(text: str) -> str:
    """Letters and digits only: an answer's look without any markup, wrapping or punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def without_markup(text: str) -> str:
    """What a person would read of Markdown or HTML, squashed."""
    return squashed(_MARKUP.sub(" ", text))


def words_of(text: str) -> list[str]:
    """Words, in order."""
    return _WORD.findall(text)


def asserted(fragments: Iterable[str]) -> list[str]:
    """Those of a file's asserted fragments that can be an answer, without list and heading marks."""
    answers = [_LIST_MARKER.sub("", fragment).strip() for fragment in fragments]
    return [answer for answer in answers if _can_be_answer(answer)]


def _can_be_answer(answer: str) -> bool:
    return len(words_of(answer)) > 1 and len(letters(answer)) >= ANSWER_CHARS_MIN and bool(_PLAIN.fullmatch(answer))


def spans_of_page(markdown: str) -> list[str]:
    """Five plain words of one line at each of the places: the first such line from there on that has them.

    Words at a line's end are left out, because they may be one half of a word; so are headings and tables.
    """
    lines = [line for line in markdown.splitlines() if line.strip()]
    spans = []
    for place in SPAN_PLACES:
        runs = (_run(line) for line in lines[int(len(lines) * place) :])
        span = next((run for run in runs if run and run not in spans), None)
        if span is not None:
            spans.append(span)
    return spans


def _run(line: str) -> str | None:
    """The first five words in a row of a line that are plain, its last one left out."""
    if line.lstrip().startswith(("#", "<", "|")):
        return None
    words = line.split()[:-1]
    for start in range(len(words) - SPAN_WORDS + 1):
        run = words[start : start + SPAN_WORDS]
        if all(_SPAN_WORD.fullmatch(word) for word in run):
            return " ".join(run).rstrip(",.;:")
    return None


def blocks_of(markdown: str) -> list[tuple[str, str]]:
    """(heading above, text) of each paragraph, heading, list item and table row of Markdown, as `without_markup`."""
    blocks: list[tuple[str, str]] = []
    heading, lines = "", list[str]()

    def end() -> None:
        if text := without_markup(" ".join(lines)):
            blocks.append((heading, text))
        lines.clear()

    for line in markdown.splitlines():
        if not line.strip() or _BLOCK_START.match(line):
            end()
        lines.append(line)
        if line.lstrip().startswith("#"):
            end()
            heading = without_markup(line)
    end()
    return blocks


def questions(answers: Mapping[str, Sequence[str]], texts: Mapping[str, str], context: str) -> list[Question]:
    """Questions for the answers of each document, at most three for one; `texts` are Markdown, `context` its kind."""
    plain = {document_id: without_markup(text) for document_id, text in texts.items()}
    documents_with = Counter(word for text in plain.values() for word in set(words_of(text)))
    around = _in_window if context == "window" else _in_block
    found = []
    for document_id, wanted in answers.items():
        made = list[Question]()
        for answer in dict.fromkeys(wanted):
            sought = without_markup(answer)
            if _has_one_place(sought, document_id, plain):
                query = _query(around(texts[document_id], sought), sought, documents_with)
                made += [Question(document_id, query, answer)] if query else []
        found += made[:PER_DOCUMENT_MAX]
    return found


def _has_one_place(answer: str, document_id: str, plain: Mapping[str, str]) -> bool:
    own = plain.get(document_id, "").count(answer)
    return own == 1 and not any(answer in other for key, other in plain.items() if key != document_id)


def _in_window(text: str, answer: str) -> list[str]:
    before, _, after = without_markup(text).partition(answer)
    return [*words_of(before)[-AROUND_WORDS:], *words_of(answer), *words_of(after)[:AROUND_WORDS]]


def _in_block(text: str, answer: str) -> list[str]:
    for heading, block in blocks_of(text):
        if answer in block:
            return [*words_of(heading), *_in_window(block, answer)]
    return []


def _query(context: Sequence[str], answer: str, documents_with: Mapping[str, int]) -> str:
    """The rarest words of a context without the answer's own rarer half; empty when there are too few."""
    own = sorted(dict.fromkeys(words_of(answer)), key=lambda word: (documents_with[word], word))
    secret = set(own[: (len(own) + 1) // 2])
    usable = list(dict.fromkeys(word for word in context if word not in secret and len(word) > 1))
    chosen = sorted(usable, key=lambda word: (documents_with[word], usable.index(word)))[:QUESTION_WORDS]
    return " ".join(word for word in usable if word in chosen) if len(chosen) >= QUESTION_WORDS_MIN else ""
