"""SANDBOX, untrusted: headers and footers: which of their blocks say something and which only number pages."""

import re

from contract.verdicts import ElementType
from parsers.blocks import Block

# What is left of a header or footer when page numbers and their words are taken out is what it says.
_PAGE_NUMBER_WORDS = re.compile(
    r"\b(?:page|pages|seite|seiten|pagina|página|pág|sida|side|strona|стр|страница|of|von|de|di|av|af|z|из)\b\.?|[\d\W_]+",
    re.IGNORECASE,
)


def as_decoration(blocks: list[Block], kind: ElementType) -> None:
    """Make the blocks of one header or footer what they are, and furniture when they are only a page number."""
    says = _PAGE_NUMBER_WORDS.sub("", " ".join(block.text for block in blocks))
    for block in blocks:
        block.kind, block.depth, block.table = kind, None, None
        block.furniture = not says
