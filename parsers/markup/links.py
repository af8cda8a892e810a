"""SANDBOX, untrusted: where a hyperlink leads: schemes that are no place dropped, redirectors looked through.

A search result's or a mail gateway's link names its target inside a tracking address. The target is what a reader of
the text needs; the tracking address is noise that changes with every fetch.
"""

import base64
import binascii
from urllib.parse import parse_qs, unquote, urlsplit

SCRIPT_SCHEMES = ("javascript:", "vbscript:")
_NO_PLACE = (*SCRIPT_SCHEMES, "data:", "about:", "blob:")

# host suffix, path prefix, query parameter that holds the target
_REDIRECTORS = (
    ("google.com", "/url", "q"),
    ("google.com", "/url", "url"),
    ("bing.com", "/ck/a", "u"),
    ("duckduckgo.com", "/l/", "uddg"),
    ("facebook.com", "/l.php", "u"),
    ("youtube.com", "/redirect", "q"),
    ("linkedin.com", "/redir", "url"),
    ("safelinks.protection.outlook.com", "/", "url"),
)


def is_script(url: str) -> bool:
    """Whether following the link would run code. Browsers ignore white space and controls before and in a scheme."""
    return _squeezed(url).startswith(SCRIPT_SCHEMES)


def resolve(url: str) -> str:
    """The address to show for an href: as written, or the target of a known redirector; "" when it is no place, or a
    redirector does not say which.
    """
    url = url.strip()
    if not url or url.startswith("#") or _squeezed(url).startswith(_NO_PLACE):
        return ""
    return _target(url) if url[:8].lower().startswith(("http://", "https://", "//")) else url


def names_target(title: str, url: str) -> bool:
    """Whether a link's title only repeats the name its address has, as wikis write it. Any other title is a tooltip."""
    bare = "".join(filter(str.isalnum, title)).casefold()
    return bool(bare) and bare in "".join(filter(str.isalnum, unquote(url))).casefold()


def _squeezed(url: str) -> str:
    return "".join(character for character in url[:64] if character > " ").lower()


def _target(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:  # "http://[" and the like: shown as written
        return url
    for suffix, path, parameter in _REDIRECTORS:
        if (host == suffix or host.endswith("." + suffix)) and parts.path.startswith(path):
            values = parse_qs(parts.query).get(parameter)
            if values:
                return _decoded(values[0])
    return url


def _decoded(value: str) -> str:
    """A redirector's target: an address, or "a1" and an address in URL-safe base64; "" when it is neither."""
    if value.startswith(("http://", "https://", "/")):
        return value
    if not value.startswith("a1"):
        return ""
    try:
        text = base64.urlsafe_b64decode(value[2:] + "=" * (-len(value[2:]) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return text if text.startswith(("http://", "https://", "/")) else ""
