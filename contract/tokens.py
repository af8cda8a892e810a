"""BOTH SIDES: a token estimate that needs no vocabulary and no download: linear, deterministic, standard library only.

The pattern below imitates what byte-pair encodings do to text on average: common English words are one token, long
words of other languages three to four letters a token, digits go by threes, punctuation takes the newlines behind it
along, and most scripts beyond Latin and Cyrillic cost about a token a character. Deviation in percent from OpenAI's
cl100k_base (text-embedding-3, GPT-4) over prose of several registers (interface messages, encyclopedia, literature),
and from o200k_base (GPT-4o). The aim is not to underestimate cl100k_base by more than 3 or to overestimate it by more
than 20; registers differ by more than that. o200k_base needs fewer tokens for almost everything.

    text               cl100k    o200k        text                      cl100k    o200k
    English           +4 … 14   +5 … 14       Python                       +20      +19
    German           -12 …  0   +2 … 28       JavaScript                   +18      +16
    French            -3 …  7  +13 … 20       JSON, indented                 0        0
    Spanish               +17       +31       numbers in a table             0        0
    Italian                +4       +13       names in a table              +3       +4
    Polish                -12        +1       log lines                    +17      +17
    Russian           -2 … 28        +64…      base64                       -11       -7
    Ukrainian              -4       +52       Arabic                       +16     +153
    Chinese          -18 … 28  +18 … 61       Hebrew                       +14     +164
    Chinese (trad.)       -10       +27       Greek                         -3     +135
    Japanese         -11 … 11  +18 … 55       Hindi                         +4     +208
    Korean                  0       +47
"""

import re

_TOKEN = re.compile(
    r"""
    # Digits by threes, short words: what there is most of comes first.
    [0-9]{1,3} | [ ](?=[0-9])
  | [ ._(/]?(?:[A-Z][a-z]{0,4}|[a-z]{1,5})(?![a-z])
    # Longer words that end like English ones are one token.
  | [ ._(/]?[A-Za-z]{6,13}(?![A-Za-z\u00c0-\u024f])
        (?:(?<=ing)|(?<=ed)|(?<=ion)|(?<=ions)|(?<=ly)|(?<=ment)|(?<=ments)|(?<=ity)|(?<=ence)|(?<=ance)|(?<=ble)
          |(?<=al)|(?<=ive)|(?<=ous)|(?<=ic)|(?<=ess)|(?<=ies)|(?<=ant)|(?<=ory)|(?<=ary)|(?<=ate)|(?<=ure)|(?<=sis)
          |(?<=ship)|(?<=ough)|(?<=ther))
    # Other long words by pieces, capitals by threes, Latin letters with accents.
  | (?<=[a-z])[a-z]{1,3} | [ ._(/]?[A-Z]?[a-z]{1,4}
  | [ ._(/]?[A-Z]{1,3}(?![a-z]) | [ ._(/]?[A-Z]
  | [\u00c0-\u024f][a-z]{0,2}
    # Russian, and any other script.
  | [ ]?[\u0430-\u044f\u0410-\u042f]{1,2}
  | [ ]?[^\W\d_]
  | \s{0,32}\n | [ \t]{1,64}(?=[ ])
  | ([-=_*.#~])\1{3,7} | [ ]?[^\w\s]{1,2}\n* | _
  | \S
    """,
    re.VERBOSE,
)
# Characters that cost more than the one token that the pattern gives them: (which, tokens more, for how many of them).
_MORE = (
    (re.compile("[\u4e00-\u9fff]"), 1, 5),
    (re.compile("[\u0590-\u05ff\u0900-\u0dff\u0e00-\u0fff]"), 1, 3),
    (re.compile("[\U00010000-\U0010ffff]"), 2, 1),
)
_SLICE_CHARS = 1 << 16  # bounds the list of matches


def estimate_tokens(text: str) -> int:
    """About how many tokens an embedding model would count. 0 only for text without anything but spaces."""
    tokens = 0
    for start in range(0, len(text), _SLICE_CHARS):
        piece = text[start : start + _SLICE_CHARS]
        tokens += len(_TOKEN.findall(piece))
        if not piece.isascii():
            tokens += sum(more * len(pattern.findall(piece)) // per for pattern, more, per in _MORE)
    return tokens
