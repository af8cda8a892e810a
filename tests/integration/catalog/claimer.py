"""TEST: another process that claims. Arguments: database URL, source id, run id, objects at a time, "drain" or "hold".

"drain" claims until nothing is left and prints every (object id, fence). "hold" claims once, prints, and keeps the
lease until its standard input ends.
"""

import json
import sys

from ingest.catalog.claims import claim, register_worker
from ingest.catalog.database import Database


def main(url: str, source: str, run: str, count: str, mode: str) -> None:
    with Database.open(url, pool_size=1) as db, register_worker(db, run) as worker:
        claimed = claim(db, worker, int(source), run, int(count), 600)
        got = list(claimed)
        while mode == "drain" and claimed:
            claimed = claim(db, worker, int(source), run, int(count), 600)
            got += claimed
        sys.stdout.write(json.dumps([(c.object_id, c.fence) for c in got]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


main(*sys.argv[1:])
