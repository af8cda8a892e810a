"""Damaged copies of the sound files of a corpus manifest, and a manifest of them for bench/corpus.py.

    bench/damage.py MANIFEST.jsonl OUT_DIR [--ext docx,pptx,…] [--seed 1]

Of each file three: `cut` lacks its last part (5 to 50 %), `hole` has one stretch of zeros (1 to 5 %), `flips` has 32
random bytes in random places. Equal arguments give equal copies. Nothing is parsed: a copy may well be readable, and
what a reader shows of it may be less than all. The text that the sound file must contain goes along, as `must_contain`.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

FLIPS = 32


def cut(content: bytes, chance: random.Random) -> bytes:
    """Without its last part, as after a broken transfer."""
    return content[: len(content) - max(1, int(len(content) * chance.uniform(0.05, 0.5)))]


def hole(content: bytes, chance: random.Random) -> bytes:
    """With a stretch of zeros, as from a bad disk."""
    length = max(1, int(len(content) * chance.uniform(0.01, 0.05)))
    start = chance.randrange(max(1, len(content) - length))
    return content[:start] + bytes(length) + content[start + length :]


def flips(content: bytes, chance: random.Random) -> bytes:
    """With bytes that are something else."""
    damaged = bytearray(content)
    for _ in range(FLIPS if content else 0):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {"cut": cut, "hole": hole, "flips": flips}


def main() -> int:
    """Write the copies and their manifest; the last line of stdout is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ext", help="only these extensions, by comma")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    wanted = set(args.ext.split(",")) if args.ext else None
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for line in args.manifest.read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["expect"] != "ok" or (wanted is not None and case["ext"] not in wanted):
            continue
        content = (args.manifest.parent / case["path"]).read_bytes()
        for name, damage in DAMAGES.items():
            case_id = f"{case['id']}-{name}"
            (args.out / case_id).write_bytes(damage(content, random.Random(f"{args.seed} {case_id}")))
            rows.append({**case, "id": case_id, "path": case_id})
    (args.out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print(json.dumps({"sound": len(rows) // len(DAMAGES), "damaged": len(rows)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
