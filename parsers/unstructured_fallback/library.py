"""SANDBOX, untrusted: `unstructured`, importable without what it only has for networks, models and whole systems.

At its import it asks for half a gigabyte which these readers never call; it sends telemetry, and fetches a model at its
first use. Modules that stand in for all that take their names before it is imported: what is not there opens no
connection.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from parsers.unstructured_fallback import sentences

PARTITIONERS = {
    "docx": "unstructured.partition.docx:partition_docx",
    "pptx": "unstructured.partition.pptx:partition_pptx",
    "xlsx": "unstructured.partition.xlsx:partition_xlsx",
    "html": "unstructured.partition.html:partition_html",
    "markdown": "unstructured.partition.md:partition_md",
    "mail": "unstructured.partition.email:partition_email",
    "msg": "unstructured.partition.msg:partition_msg",
    "csv": "unstructured.partition.csv:partition_csv",
    "tsv": "unstructured.partition.tsv:partition_tsv",
    "xml": "unstructured.partition.xml:partition_xml",
    "text": "unstructured.partition.text:partition_text",
}

Partitioner = Callable[..., list[Any]]


class Unavailable(RuntimeError):
    """Raised where the library reaches for what this image does not have."""


class _LanguageError(Exception):
    pass


class _OfficeFile:
    """Of msoffcrypto: an encrypted package has no reader here, and an encrypted workbook none that can read it."""

    def __init__(self, file: object) -> None:
        pass

    def is_encrypted(self) -> bool:
        return False


def partitioner(kind: str) -> Partitioner:
    """One of the library's readers. Raises `ImportError` where the library is not."""
    _stand_in()
    module, _, name = PARTITIONERS[kind].partition(":")
    found: Partitioner = getattr(import_module(module), name)
    return found


def _stand_in() -> None:
    """Put the stand-ins in place, once, before anything of the library was imported."""
    if "unstructured" in sys.modules:
        return
    detection_errors = _module("langdetect.lang_detect_exception", LangDetectException=_LanguageError)
    _module("langdetect", DetectorFactory=object, detect_langs=_refuse, lang_detect_exception=detection_errors)
    _module("emoji", emoji_count=lambda _: 0)
    _module("PIL.Image")
    _module("PIL.ImageFont")
    _module("PIL", Image=sys.modules["PIL.Image"], ImageFont=sys.modules["PIL.ImageFont"])
    _module("psutil")
    _module("requests")
    _module("iso639", Language=object, LanguageNotFoundError=_LanguageError)
    _module("msoffcrypto", OfficeFile=_OfficeFile)
    _module("msoffcrypto.exceptions", FileFormatError=Unavailable)
    _module("unstructured.safe_http", safe_get=_refuse)
    _module(
        "unstructured.telemetry",
        init_telemetry=lambda: None,
        partition_runtime_telemetry=lambda *_: lambda function: function,
    )
    _module("unstructured.nlp.english_words", ENGLISH_WORDS=frozenset())  # for a check that is off
    sys.modules["unstructured.nlp.tokenize"] = sentences


def _module(name: str, **members: object) -> ModuleType:
    module = ModuleType(name, "Stands in for the real one, which is not in this image.")
    vars(module).update(members)
    sys.modules[name] = module
    return module


def _refuse(*_: object, **__: object) -> None:
    raise Unavailable("not in this image")
