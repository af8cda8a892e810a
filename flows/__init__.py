"""HOST, trusted: Prefect's shape of a run. No logic that `ingest/` lacks; only these modules import Prefect.

`batch` and `request` are cheap to import. Everything else loads Prefect (2 CPU-seconds).
"""
