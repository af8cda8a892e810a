"""Whether the chunk with the answer is found: our chunks beside fixed windows and unstructured's `by_title`.

    bench/retrieval.py FORMATS_MANIFEST.jsonl [LAYOUT_MANIFEST.jsonl] [--tokens 512,128] [--misses] [--json]

bench/questions.py makes the questions; its docstring is the method. The text around an asserted fragment is taken from
markitdown, or kreuzberg where markitdown does not have the fragment: neither takes part. That of a page is its own
hand-made Markdown. Every file is in each index, asked about or not:

ours      our chunks of at most that many tokens, with their headings, as the airlock admits them
fixed     windows of the same number of tokens by the same estimate over our normalized text, 10 % overlap
by_title  unstructured's `chunk_by_title` of its own elements, `max_characters` so many as our texts need for that many
          tokens on average; a file that it does not read is a miss for it

The index is the knowledge base itself: the chunks are published into an embedded PostgreSQL in a temporary folder, and
asked for with `PostgresKnowledge.search`. An answer is a chunk of the right document that contains the answer, white
space and case folded (`strict`), or letters and digits only (`letters`, which forgives markup and punctuation). Recall
at 1 and at 5 and the mean reciprocal rank among the first 10; `answerable` is the share of answers that stand whole in
some chunk of their document, whatever is found. `common` are the questions about documents that both readers read. The
last line of stdout is one JSON object.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.formats import environments, files_of
from bench.questions import CONTEXTS, Question, asserted, letters, questions, spans_of_page, squashed, without_markup
from bench.readers import File, Ours, Peer, Reading
from contract.tokens import estimate_tokens
from ingest.catalog import claims, discover, runs
from ingest.catalog.database import Database
from ingest.catalog.parses import Identity, Recipe
from ingest.knowledge.base import Query
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import AdmittedChunk
from ingest.publish import Publication, publish
from ingest.run import open_database, stop_embedded
from ingest.settings import Settings
from ingest.store.base import StoredObject

OVERLAP_SHARE: Final = 0.1
FOUND_MAX: Final = 10
CHUNKINGS: Final = ("ours", "fixed", "by_title")
_PIECE: Final = re.compile(r"\S{1,200}\s*|\s+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Chunks = dict[str, tuple[AdmittedChunk, ...]]  # by document


def fixed_windows(text: str, tokens_max: int, overlap_share: float = OVERLAP_SHARE) -> list[str]:
    """Windows of at most `tokens_max`, cut between words (after 200 characters of one), with this much in common."""
    pieces = _PIECE.findall(text)
    costs = [estimate_tokens(piece) for piece in pieces]
    windows, start = [], 0
    while start < len(pieces):
        end = _window_end(pieces, costs, start, tokens_max)
        windows.append("".join(pieces[start:end]).strip())
        if end == len(pieces):
            break
        back, shared = end, 0
        while back - 1 > start and shared + costs[back - 1] <= tokens_max * overlap_share:
            back -= 1
            shared += costs[back]
        start = back
    return [window for window in windows if window]


def _window_end(pieces: Sequence[str], costs: Sequence[int], start: int, tokens_max: int) -> int:
    """Where the window from `start` ends: as late as its tokens allow, as the whole of it is counted."""
    end, used = start + 1, costs[start]
    while end < len(pieces) and used + costs[end] <= tokens_max:
        used += costs[end]
        end += 1
    while end - start > 1 and estimate_tokens("".join(pieces[start:end]).strip()) > tokens_max:
        end -= 1
    return end


def plain_chunks(texts: Iterable[str]) -> tuple[AdmittedChunk, ...]:
    """Texts as chunks without headings or places."""
    clean = (_CONTROL.sub("", text).encode("utf-8", "replace").decode().strip() for text in texts)
    return tuple(
        AdmittedChunk(
            chunk_id=hashlib.sha256(f"{number}\n{text}".encode()).hexdigest(),
            ordinal=number,
            text=text,
            heading_path=(),
            page_numbers=(),
            boxes=(),
            element_ids=("e",),
            spans=((0, len(text)),),
            token_count=estimate_tokens(text),
        )
        for number, text in enumerate(text for text in clean if text)
    )


@dataclass
class Corpus:
    """The files, what stands in them by others' word, and what the two readers made of them."""

    files: list[File] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def add_formats(self, manifest: Path) -> None:
        """Files with asserted fragments; their texts from readers that take no part."""
        rows = {row["id"]: row for row in _rows(manifest)}
        markitdown, kreuzberg = Peer("markitdown"), Peer("kreuzberg")
        extensions = sorted({str(row["ext"]) for row in rows.values()})
        for file in files_of(manifest, extensions):
            print(f"text around the answers: {file.file_id}", file=sys.stderr)
            self.files.append(file)
            answers = asserted(rows[file.file_id]["must_contain"])
            texts = [reader.read(file).text for reader in (markitdown, kreuzberg)]
            self.answers[file.file_id] = answers
            self.texts[file.file_id] = neutral(answers, texts)
        markitdown.close()
        kreuzberg.close()

    def add_pages(self, manifest: Path) -> None:
        """Pages with hand-made Markdown."""
        for row in _rows(manifest):
            path = manifest.parent / row["path"]
            self.files.append(File(row["id"], path, path.name, "pdf"))
            truth = (manifest.parent / row["gt"]).read_text("utf-8")
            self.answers[row["id"]] = spans_of_page(truth)
            self.texts[row["id"]] = truth


def neutral(answers: Sequence[str], texts: Sequence[str]) -> str:
    """The first of the texts that has the most of the answers."""
    return max(texts, key=lambda text: sum(without_markup(answer) in without_markup(text) for answer in answers))


def _rows(manifest: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in manifest.read_text("utf-8").splitlines() if line.strip()]


def read_all(files: Sequence[File], reader: Ours | Peer, name: str) -> dict[str, Reading]:
    """Every file that the reader reads."""
    found = {}
    for file in files:
        reading = reader.read(file)
        print(f"{name}: {file.file_id} {'read' if reading.read else reading.error or 'no text'}", file=sys.stderr)
        if reading.read:
            found[file.file_id] = reading
    reader.close()
    return found


def chars_for(tokens: int, texts: Iterable[str]) -> int:
    """How many characters of these texts are that many tokens, on average."""
    all_texts = list(texts)
    return round(tokens * sum(map(len, all_texts)) / max(sum(map(estimate_tokens, all_texts)), 1))


def index(database: Database, knowledge: PostgresKnowledge, name: str, chunks: Chunks) -> int:
    """Publish documents with these chunks, as any run does; the number of their source."""
    source = runs.open_source(database, f"bench://{name}/")
    run_id = runs.start_run(database, source.id, "batch")
    worker = claims.register_worker(database, run_id)
    discover.plan(database, source.id, run_id, (StoredObject(key, "1", 1, 0.0) for key in sorted(chunks)))
    while claimed := claims.claim(database, worker, source.id, run_id, 500, 600):
        for claim in claimed:
            content = hashlib.sha256(f"{name}/{claim.key}".encode()).hexdigest()
            identity = Identity(content, Recipe("sha256:" + "0" * 64, "0" * 64), "0" * 64)
            published = Publication(claim, identity, "text/plain", {"media_type": "text/plain"}, chunks[claim.key])
            publish(database, knowledge, published)
    worker.close()
    return source.id


def rank_of(asked: Question, found: Sequence[tuple[str, str]], fold: Callable[[str], str]) -> int | None:
    """The place, from 1, of the first chunk that answers, among (document, text)."""
    wanted = fold(asked.answer)
    for place, (document_id, text) in enumerate(found, 1):
        if document_id == asked.document_id and wanted in fold(text):
            return place
    return None


def scores(ranks: Sequence[int | None]) -> dict[str, float]:
    """Recall at 1 and at 5, and the mean reciprocal rank."""
    count = max(len(ranks), 1)
    return {
        "recall_at_1": round(sum(rank == 1 for rank in ranks) / count, 4),
        "recall_at_5": round(sum(rank is not None and rank <= 5 for rank in ranks) / count, 4),
        "mrr": round(sum(1 / rank for rank in ranks if rank) / count, 4),
    }


FOLDS: Final[Mapping[str, Callable[[str], str]]] = {"strict": squashed, "letters": letters}


@dataclass
class Ranks:
    """For each question, in their order, where the answer came, by fold; and whether it stands whole in some chunk."""

    ranks: dict[str, list[int | None]]
    answerable: dict[str, list[bool]]

    def figures(self, chosen: Sequence[int]) -> dict[str, Any]:
        """The figures over these questions."""
        return {
            fold: {
                **scores([self.ranks[fold][number] for number in chosen]),
                "answerable": round(sum(self.answerable[fold][number] for number in chosen) / max(len(chosen), 1), 4),
            }
            for fold in FOLDS
        }


def asked(knowledge: PostgresKnowledge, source_id: int, chunks: Chunks, asking: Sequence[Question]) -> Ranks:
    """Ask every question of one chunking."""
    ranks: dict[str, list[int | None]] = {fold: [] for fold in FOLDS}
    answerable: dict[str, list[bool]] = {fold: [] for fold in FOLDS}
    for question in asking:
        hits = knowledge.search(Query(question.query, (source_id,), FOUND_MAX))
        found = [(hit.key, hit.text) for hit in hits]
        own = [(question.document_id, chunk.text) for chunk in chunks.get(question.document_id, ())]
        for name, fold in FOLDS.items():
            ranks[name].append(rank_of(question, found, fold))
            answerable[name].append(rank_of(question, own, fold) is not None)
    return Ranks(ranks, answerable)


def chunkings(ours: Mapping[str, Reading], theirs: Mapping[str, Reading], tokens_max: int) -> dict[str, Chunks]:
    """The three chunkings of the documents that either reader reads."""
    return {
        "ours": {key: reading.chunks for key, reading in ours.items()},
        "fixed": {key: plain_chunks(fixed_windows(reading.text, tokens_max)) for key, reading in ours.items()},
        "by_title": {key: plain_chunks(reading.chunk_texts) for key, reading in theirs.items()},
    }


def size_of(chunks: Chunks) -> dict[str, Any]:
    """How many chunks there are, and how big."""
    counts = [chunk.token_count for found in chunks.values() for chunk in found]
    return {
        "documents": len(chunks),
        "chunks": len(counts),
        "mean_tokens": round(sum(counts) / max(len(counts), 1), 1),
        "tokens_max": max(counts, default=0),
    }


def missed(asking: Sequence[Question], ranks: Mapping[str, Ranks], fold: str = "letters") -> list[str]:
    """The questions that ours does not answer among the first five and another does."""

    def answered(name: str, number: int) -> bool:
        rank = ranks[name].ranks[fold][number]
        return rank is not None and rank <= 5

    return [
        f"{question.document_id} {[name for name in CHUNKINGS if answered(name, number)]} {question.query!r} "
        f"-> {question.answer[:80]!r} {'' if ranks['ours'].answerable[fold][number] else '(in no chunk of ours)'}"
        for number, question in enumerate(asking)
        if not answered("ours", number) and any(answered(name, number) for name in CHUNKINGS)
    ]


def main() -> int:
    """Read, index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", type=Path)
    parser.add_argument("layout", type=Path, nargs="?")
    parser.add_argument("--tokens", default="512", help="bounds of a chunk, by comma (default: 512)")
    parser.add_argument("--misses", action="store_true", help="list what others answer and ours does not")
    parser.add_argument("--json", action="store_true", help="only the JSON object on stdout")
    arguments = parser.parse_args()
    environments()
    corpus = Corpus()
    corpus.add_formats(arguments.formats)
    if arguments.layout:
        corpus.add_pages(arguments.layout)
    asking = {context: questions(corpus.answers, corpus.texts, context) for context in CONTEXTS}
    results = {}
    for tokens_max in map(int, arguments.tokens.split(",")):
        results[tokens_max] = measured(corpus, asking, tokens_max, show_misses=arguments.misses)
        if not arguments.json:
            print(table(results[tokens_max]))
    extension = {file.file_id: file.extension for file in corpus.files}
    made = {
        context: {
            "questions": len(found),
            "documents": len({question.document_id for question in found}),
            "by_extension": dict(sorted(Counter(extension[question.document_id] for question in found).items())),
        }
        for context, found in asking.items()
    }
    print(json.dumps({"made": made, "by_tokens_max": results}))
    return 0


def measured(
    corpus: Corpus, asking: Mapping[str, Sequence[Question]], tokens_max: int, *, show_misses: bool
) -> dict[str, Any]:
    """The figures of one bound: read, cut, index, ask."""
    ours = read_all(corpus.files, Ours(tokens_max), "ours")
    chars_max = chars_for(tokens_max, (reading.text for reading in ours.values()))
    theirs = read_all(corpus.files, Peer("unstructured", chars_max), "unstructured")
    chunked = chunkings(ours, theirs, tokens_max)
    ranks = all_ranks(chunked, asking)
    result: dict[str, Any] = {"by_title_chars_max": chars_max, "chunks": {n: size_of(c) for n, c in chunked.items()}}
    for context, found in asking.items():
        common = [number for number, q in enumerate(found) if q.document_id in ours and q.document_id in theirs]
        by_chunking = {name: of_context[context] for name, of_context in ranks.items()}
        if show_misses:
            print(*(f"{tokens_max} {context}: {line}" for line in missed(found, by_chunking)), sep="\n")
        result[context] = {
            "common_questions": len(common),
            "common_documents": len({found[number].document_id for number in common}),
            "all": {name: one.figures(range(len(found))) for name, one in by_chunking.items()},
            "common": {name: one.figures(common) for name, one in by_chunking.items()},
        }
    return result


def all_ranks(chunked: Mapping[str, Chunks], asking: Mapping[str, Sequence[Question]]) -> dict[str, dict[str, Ranks]]:
    """By chunking, each in a source of its own of one temporary knowledge base, and by context."""
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as folder:
        settings = Settings(state_directory=Path(folder) / "state").with_defaults_resolved()
        try:
            with open_database(settings) as database:
                knowledge = PostgresKnowledge(database)
                sources = {name: index(database, knowledge, name, chunks) for name, chunks in chunked.items()}
                return {
                    name: {key: asked(knowledge, sources[name], chunks, found) for key, found in asking.items()}
                    for name, chunks in chunked.items()
                }
        finally:
            stop_embedded(settings)


def table(result: Mapping[str, Any]) -> str:
    """The figures for a reader's eyes, as Markdown."""
    rows = [
        "| context | questions | chunking | recall@1 | recall@5 | MRR | answerable |",
        "|---|---|---|---|---|---|---|",
    ]
    for context, group, fold in product(CONTEXTS, ("all", "common"), FOLDS):
        for name, found in result[context][group].items():
            figures = " | ".join(f"{value:.3f}" for value in found[fold].values())
            rows.append(f"| {context} | {group}, {fold} | {name} | {figures} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
