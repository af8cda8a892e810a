"""SANDBOX, untrusted: which codec the bytes of an RTF text are in: by font charset, font code page, or document."""

import codecs

# RTF 1.9.1, "Font Table": \fcharsetN.
_OF_CHARSET = {
    0: 1252, 77: 10000, 78: 932, 79: 949, 80: 936, 81: 950, 82: 949, 83: 1255, 84: 1256, 85: 1253, 86: 1254, 87: 874,
    88: 1250, 89: 1251, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258,
    177: 1255, 178: 1256, 179: 1256, 180: 1256, 181: 1255, 186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437,
    255: 850,
}  # fmt: skip
_CODECS = {
    10000: "mac_roman", 10001: "shift_jis", 10006: "mac_greek", 10007: "mac_cyrillic", 10029: "mac_latin2",
    10081: "mac_turkish", 936: "gbk", 950: "big5hkscs", 1361: "johab", 65001: "utf-8", 708: "iso8859-6",
    709: "iso8859-6", 28591: "latin-1", 54936: "gb18030",
}  # fmt: skip
SYMBOL_CHARSET = 2
DEFAULT = "cp1252"


def codec_of_codepage(number: int) -> str:
    """The codec of a Windows or Macintosh code page; the default for one that there is not."""
    name = _CODECS.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return DEFAULT


def codec_of_charset(charset: int) -> str:
    """The codec of a font's charset; "" where the document's own holds."""
    number = _OF_CHARSET.get(charset)
    return codec_of_codepage(number) if number is not None and charset != 0 else ""
