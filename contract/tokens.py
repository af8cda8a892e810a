"""BOTH SIDES: a token estimate that needs no vocabulary and no download: linear, deterministic, standard library only.

The pattern below imitates what byte-pair encodings do to text on average: common English words are one token, long
words of other languages three to four letters a token, digits go by threes, punctuation takes the newlines behind it
along, and most scripts beyond Latin and Cyrillic cost about a token a character. Deviation from OpenAI's cl100k_base
(text-embedding-3, GPT-4) and o200k_base (GPT-4o), in percent; the aim is not to underestimate cl100k_base by more than
3 or to overestimate it by more than 20 where most text is; o200k_base needs fewer tokens for almost everything.

    text                    cl100k  o200k      text                    cl100k  o200k
    English article             +4     +5      French                      +7    +20
    English papers, Markdown   +11    +12      Spanish                    +17    +31
    German                       0    +20      Italian                     +4    +13
    Russian                     +4    +58      Polish                     -12     +1
    Chinese (simplified)       +11    +37      Czech                      -19     +5
    Chinese (traditional)      -22    +10      Arabic                     +16   +153
    Japanese                    +7    +48      Hebrew                     +14   +164
    Korean                       0    +47      Greek                       -3   +135
    Python                     +20    +19      Hindi                       +4   +208
    JavaScript                 +18    +16      numbers in a table           0      0
    JSON, indented               0      0      names in a table            +3     +4
    log lines                  +17    +17      base64                     -11     -7
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
  | [ ][\u0430-\u044f\u0410-\u042f]{1,2} | [\u0430-\u044f\u0410-\u042f]{1,3}
  | [ ]?[^\W\d_]
  | \s{0,32}\n | [ \t]{1,64}(?=[ ])
  | ([-=_*.#~])\1{3,7} | [ ]?[^\w\s]{1,2}\n* | _
  | \S
    """,
    re.VERBOSE,
)
# Scripts and symbols whose characters cost more than the one token that the pattern gives them.
_THIRD_MORE = re.compile("[\u0590-\u05ff\u0900-\u0dff\u0e00-\u0fff]")
_TWO_MORE = re.compile("[\U00010000-\U0010ffff]")
_SLICE_CHARS = 1 << 16  # bounds the list of matches


def estimate_tokens(text: str) -> int:
    """About how many tokens an embedding model would count. 0 only for text without anything but spaces."""
    tokens = 0
    for start in range(0, len(text), _SLICE_CHARS):
        piece = text[start : start + _SLICE_CHARS]
        tokens += len(_TOKEN.findall(piece))
        if not piece.isascii():
            tokens += len(_THIRD_MORE.findall(piece)) // 3 + 2 * len(_TWO_MORE.findall(piece))
    return tokens
