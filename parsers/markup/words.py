"""SANDBOX, untrusted: long lists of names, written as one reads them."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(text.split())
