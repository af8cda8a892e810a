"""SANDBOX, untrusted: whether this image recognises text. Readers ask for every file, so it loads little."""

import os

PROGRAM = "/usr/bin/tesseract"


class Failed(Exception):
    """Tesseract did not come to an end of its own; the message is one short line."""


def available() -> bool:
    """Whether this image has Tesseract."""
    return os.access(PROGRAM, os.X_OK)
