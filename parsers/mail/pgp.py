"""SANDBOX, untrusted: OpenPGP armour in a plain body (RFC 9580, 6.2 and 7): sealed text, and text that is only
signed.
"""

import re

_MESSAGE = b"-----BEGIN PGP MESSAGE-----"
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]+: [^\n]*\n)*\n?(.*?)\n?"
    r"-----BEGIN PGP SIGNATURE-----.*?-----END PGP SIGNATURE-----",
    re.DOTALL,
)


def is_encrypted(body: bytes) -> bool:
    """Whether a body is nothing but an encrypted message."""
    return body.lstrip().startswith(_MESSAGE)


def without_signature(text: str) -> str:
    """A clear-signed text without the signature around it; dashes are unescaped."""
    if "-----BEGIN PGP SIGNED MESSAGE-----" not in text or "-----END PGP SIGNATURE-----" not in text:
        return text
    return _SIGNED.sub(lambda found: re.sub(r"^- ", "", found[1], flags=re.MULTILINE), text)
