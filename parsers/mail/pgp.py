"""SANDBOX, untrusted: OpenPGP armour in a plain body (RFC 9580, 6.2 and 7): sealed text, and text only signed."""

import re

_MESSAGE = b"-----BEGIN PGP MESSAGE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\n"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_HASH_HEADERS = re.compile(r"(?:[A-Za-z-]{1,40}: [^\n]*\n)*\n?")
_DASH_ESCAPE = re.compile(r"^- ", re.MULTILINE)


def is_encrypted(body: bytes) -> bool:
    """Whether a body is nothing but an encrypted message."""
    return body.lstrip().startswith(_MESSAGE)


def without_signature(text: str) -> str:
    """Clear-signed texts without the signatures around them; dashes are unescaped. Each sign is looked for once."""
    pieces: list[str] = []
    position = 0
    while (start := text.find(_SIGNED, position)) >= 0:
        signature = text.find(_SIGNATURE, start)
        end = text.find(_END, signature) if signature >= 0 else -1
        if end < 0:
            break
        headers = _HASH_HEADERS.match(text, start + len(_SIGNED), signature)
        inside = text[headers.end() if headers else start + len(_SIGNED) : signature]
        pieces += (text[position:start], _DASH_ESCAPE.sub("", inside))
        position = end + len(_END)
    return "".join([*pieces, text[position:]])
