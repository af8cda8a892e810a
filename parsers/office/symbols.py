"""SANDBOX, untrusted: characters of symbol fonts, which documents name by font and code instead of by Unicode."""

# Adobe Symbol: 0x21 to 0x7E, and 0xA0 to 0xEF
_SYMBOL = "!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_SYMBOL_HIGH = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
_WINGDINGS = {
    0x21: "✏", 0x22: "✂", 0x28: "☎", 0x2A: "✉", 0x36: "⌛", 0x3C: "💾", 0x41: "✌", 0x46: "☞", 0x4A: "☺", 0x4C: "☹",
    0x4E: "☠", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "◻", 0x71: "❑", 0x72: "❒", 0x74: "⧫", 0x75: "◆",
    0x76: "❖", 0x77: "⬥", 0x7B: "❀", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "◻", 0xAB: "★", 0xD8: "➢", 0xDF: "←",
    0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xFB: "✗", 0xFC: "✓",
    0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐", 0x97: "●", 0x98: "●"}
_TABLES: dict[str, dict[int, str]] = {
    "symbol": dict(enumerate(_SYMBOL, 0x21)) | dict(enumerate(_SYMBOL_HIGH, 0xA0)),
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "webdings": {0x61: "✓", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗"},
}


def symbol(font: str, code: str) -> str:
    """The character of a `w:sym`: by the font's own table, else by its code; "" for a private code nobody can read."""
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    table = _TABLES.get(font.strip().lower())
    if table is not None:
        return table.get(point & 0xFF if 0xF000 <= point <= 0xF0FF else point, "")
    if 0xE000 <= point <= 0xF8FF or 0xD800 <= point <= 0xDFFF or not 0x20 <= point <= 0x10FFFF:
        return ""
    return chr(point)


def in_font(font: str, text: str) -> str:
    """Text typed in a symbol font, whose letters are its signs."""
    table = _TABLES.get(font)
    if table is None:
        return text
    return "".join(table.get(ord(c) & 0xFF, "") if "\uf000" <= c <= "\uf0ff" else table.get(ord(c), c) for c in text)
