"""SANDBOX, untrusted: stands in for `unstructured.nlp.tokenize`: its three functions, without spaCy and its model.

The library asks them only whether a paragraph is a title or prose, where the format does not say. The original fetches
a model at its first use. These are rough: sentences end at punctuation, and a word is a verb by its form or its place.
"""

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|(?<=[。！？])")
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_ENDS_LIKE_PROSE = re.compile(r"[.!?…。！？:;][\"'”’)\]]*\s*$")
_PROSE_WORDS_MIN = 4
_VERBS = frozenset({
    "am", "are", "be", "been", "can", "cannot", "could", "did", "do", "does", "had", "has", "have", "is", "made", "may",
    "might", "must", "need", "needs", "shall", "should", "was", "were", "will", "would",
})  # fmt: skip
_VERB_ENDINGS = ("ed", "ing", "n't")


def sent_tokenize(text: str) -> list[str]:
    """Sentences in order, none empty."""
    return [sentence for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def word_tokenize(text: str) -> list[str]:
    """Words and marks in order."""
    return _WORD.findall(text)


def pos_tag(text: str) -> list[tuple[str, str]]:
    """Words with a tag, of which only "VB" (a verb) is looked at."""
    words = word_tokenize(text)
    prose = len(words) > _PROSE_WORDS_MIN and _ENDS_LIKE_PROSE.search(text) is not None
    return [(word, "VB" if prose or _like_a_verb(word.lower()) else "NN") for word in words]


def _like_a_verb(word: str) -> bool:
    return word in _VERBS or (len(word) > 4 and word.endswith(_VERB_ENDINGS))
