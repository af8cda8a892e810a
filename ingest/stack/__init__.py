"""HOST, trusted: the embedded services: PostgreSQL, a Prefect server on its own SQLite file, and one Prefect worker.

`lifecycle` has `up`, `down` and `status`; `processes` finds and ends what was started. Only the address is exported
here: asking for it must not cost what starting costs.
"""

from ingest.stack.address import prefect_api_url, prefect_environment

__all__ = ["prefect_api_url", "prefect_environment"]
