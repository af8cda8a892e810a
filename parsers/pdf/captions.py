"""SANDBOX, untrusted: captions of figures and tables, by how they begin."""

import re

_CAPTION = re.compile(
    r"^(?:figure|fig\.|table|tab\.|chart|exhibit|plate|photo|abbildung|abb\.|tabelle|figura|tabla|tableau|рис\.|таблица)"
    r"\s*(?:[\dA-Z]+(?:[.\-–]\d+)*)?\s*(?:[.:|–—-]|\s|$)",
    re.IGNORECASE,
)


def is_caption(text: str) -> bool:
    """Whether a text begins like the caption of a figure or table."""
    match = _CAPTION.match(text)
    return match is not None and any(char.isdigit() for char in text[: match.end() + 2])
