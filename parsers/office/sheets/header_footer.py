"""SANDBOX, untrusted: page headers and footers of sheets, whose parts and fields stand in one string of codes.

`&L`, `&C`, `&R` begin a part; `&P`, `&N`, `&D`, `&T`, `&A`, `&F`, `&Z` are fields; `&"font,style"`, `&12`, `&K112233`,
`&B` and their kin format (ECMA-376-1, 18.3.1.46).
"""

import re
from collections.abc import Iterable

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.markup.inline import tidy
from parsers.office.decoration import as_decoration

_CODE = re.compile(r'&(?:"[^"]*"|K(?:[0-9A-Fa-f]{6}|\d{2}[+-]\d{3})|\d{1,3}|(.))', re.DOTALL)
_CODES_MAX = 4096


def header_footer_blocks(headers: Iterable[str], footers: Iterable[str], sheet_name: str, page: int) -> list[Block]:
    """Each distinct header and footer as blocks; furniture when it only numbers pages."""
    blocks: list[Block] = []
    for kind, codes in ((ElementType.HEADER, headers), (ElementType.FOOTER, footers)):
        for code in dict.fromkeys(codes):
            text = _shown(code[:_CODES_MAX], sheet_name)
            if text:
                block = Block(kind, text, page=page)
                as_decoration([block], kind)
                blocks.append(block)
    return blocks


def _shown(code: str, sheet_name: str) -> str:
    def show(match: re.Match[str]) -> str:
        letter = match[1] or ""
        if letter in "LCR" and letter:
            return "\n"
        return {"&": "&", "A": sheet_name}.get(letter, "")

    return "\n".join(line for line in map(tidy, _CODE.sub(show, code).split("\n")) if line)
