"""Run the real pipeline over a corpus manifest and write what the corpus' scorer reads.

    bench/corpus.py MANIFEST.jsonl RESULTS_DIR [--ext pdf,docx,…] [--limit N] [--set NAME=VALUE …]
                    [--without IMAGE …] [--held-in EARLIER_RESULTS_DIR]

What an optional image is good for: one run `--without` it, one with it over what the first one held.

Every file goes in under its `upload_name`, however ugly, as an object `<id>/<upload_name>` of a read-only store,
through the same sandboxes, airlock, database and knowledge base as any run; only the state folder is a fresh one.
RESULTS_DIR receives `results.jsonl` (id, outcome, reason, findings, and what it cost) and `<id>.md`: the normalized
text of each indexed file, and behind it that of the files inside it, which answer as it does. A file without a result
gets no row: the scorer counts it as lost. The last line of stdout is one JSON object with the outcomes, by
extension too; those of files inside files are counted apart.
"""

import argparse
import io
import json
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.errors import ObjectMissing, StoreError
from ingest.images import image_manifests
from ingest.outcome import FileReport, Outcome
from ingest.policy import Policy
from ingest.run import Batch, stop_embedded
from ingest.settings import load_settings
from ingest.store.base import ObjectStore, StoredObject


class ManifestStore:
    """A read-only store of the files that a manifest lists, under the names their uploaders gave them."""

    def __init__(self, manifest: Path, cases: list[dict[str, Any]]) -> None:
        self.uri = f"manifest://{manifest.resolve()}/"
        self._paths = {f"{case['id']}/{case['upload_name']}": manifest.parent / case["path"] for case in cases}

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every listed file, in key order."""
        for key in sorted(self._paths, key=lambda key: key.encode("utf-8", "surrogatepass")):
            if key.startswith(prefix):
                status = self._paths[key].stat()
                yield StoredObject(key, f"{status.st_size}-{status.st_mtime_ns}", status.st_size, status.st_mtime)

    @contextmanager
    def open(self, key: str, version: str = "") -> Iterator[BinaryIO]:
        """A reader of one file."""
        if key not in self._paths:
            raise ObjectMissing(key)
        with io.FileIO(self._paths[key]) as reader:
            yield reader  # type: ignore[misc]

    def put(self, key: str, content: bytes | BinaryIO, *, only_if_absent: bool = False) -> bool:
        """Refused: a corpus is read only."""
        raise StoreError("a corpus is read only")

    def copy_from(self, source: ObjectStore, stored: StoredObject, key: str) -> None:
        """Refused: a corpus is read only."""
        raise StoreError("a corpus is read only")

    def delete(self, key: str) -> bool:
        """Refused: a corpus is read only."""
        raise StoreError("a corpus is read only")


def main() -> int:
    """Run, write the results, print the tally."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--ext", help="only these extensions, by comma")
    parser.add_argument("--limit", type=int, help="only so many files")
    parser.add_argument("--without", action="append", default=[], metavar="IMAGE", help="as if it had not been built")
    parser.add_argument("--held-in", type=Path, metavar="RESULTS_DIR", help="only files that this earlier run held")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    cases = [json.loads(line) for line in args.manifest.read_text("utf-8").splitlines() if line.strip()]
    if args.ext:
        wanted = set(args.ext.split(","))
        cases = [case for case in cases if extension(case) in wanted]
    if args.held_in:
        held = held_in(args.held_in)
        cases = [case for case in cases if case["id"] in held]
    cases = cases[: args.limit]
    args.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as state:
        flags = dict(assignment.split("=", 1) for assignment in args.assignments)
        settings = load_settings({**flags, "state_directory": state})
        try:
            tally = ingest(ManifestStore(args.manifest, cases), cases, args.results, settings, args.without)
        finally:
            stop_embedded(settings)
    print(json.dumps(tally, sort_keys=True))
    return 0


def extension(case: dict[str, Any]) -> str:
    """The manifest's extension, or else the one of the upload's name."""
    return str(case.get("ext") or case["upload_name"].rpartition(".")[2]).lower()


def held_in(results: Path) -> set[str]:
    """The ids of the files that ended in quarantine in an earlier run."""
    rows = map(json.loads, (results / "results.jsonl").read_text("utf-8").splitlines())
    return {row["id"] for row in rows if row["outcome"] == Outcome.QUARANTINED}


def without(policy: Policy, images: Collection[str]) -> Policy:
    """The policy as if these images had not been built: nothing leads to their profiles."""
    manifests = image_manifests()
    gone = {profile for image in images for profile in manifests[image].profiles}
    return replace(
        policy,
        profiles={name: profile for name, profile in policy.profiles.items() if name not in gone},
        routes={kind: name for kind, name in policy.routes.items() if name not in gone},
        escalations={
            name: further for name, further in policy.escalations.items() if gone.isdisjoint({name, further.profile})
        },
    )


def ingest(
    store: ManifestStore, cases: list[dict[str, Any]], results: Path, settings: Any, absent: Collection[str] = ()
) -> dict[str, Any]:
    """One batch over the store; rows and texts into `results`; counts of outcomes in all and by extension."""
    kind_of = {case["id"]: extension(case) for case in cases}
    outcomes: Counter[str] = Counter()
    embedded: Counter[str] = Counter()
    texts: dict[str, dict[str, bytes]] = defaultdict(dict)
    by_extension: dict[str, Counter[str]] = defaultdict(Counter)
    with Batch.open(settings, store) as batch, (results / "results.jsonl").open("w", encoding="utf-8") as rows:
        batch.stations = replace(batch.stations, policy=without(batch.stations.policy, absent))

        def on_file(report: FileReport) -> None:
            case_id = report.key.partition("/")[0]
            outcome = report.as_json()["outcome"]
            if report.outcome in (Outcome.INDEXED, Outcome.UNCHANGED):
                texts[case_id][report.key] = batch.normalized_text(report.key)
            if report.parent:
                embedded[outcome] += 1
                return
            outcomes[outcome] += 1
            by_extension[kind_of[case_id]][outcome] += 1
            rows.write(json.dumps({**report.as_json(), "id": case_id}) + "\n")
            print(f"{outcome:12} {report.reason or '':20} {report.seconds:7.3f} s  {case_id}", file=sys.stderr)

        batch.ingest(on_file=on_file, stop=threading.Event())
        summary = batch.summary()
    for case_id, by_key in texts.items():
        (results / f"{case_id}.md").write_bytes(b"\n\n".join(text for _, text in sorted(by_key.items())))
    return {
        "files": len(cases),
        "outcomes": dict(outcomes),
        "embedded": dict(embedded),
        "by_extension": {name: dict(counts) for name, counts in sorted(by_extension.items())},
        "pending": summary.pending,
        "seconds": round(summary.seconds, 2),
        "cpu_seconds": round(summary.cpu_seconds, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
