"""HOST, trusted: files inside files: which object lies in which, and how many a revision has."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Every object there is stays one of its source; none lies in another until it is read again."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8"))
