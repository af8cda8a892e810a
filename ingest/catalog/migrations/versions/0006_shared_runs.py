"""HOST, trusted: who planned a run that several hosts work on, and how many files of a tenant may begin in a minute."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add `runs.planner`, and the rate limit to `tenants`."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8"))
