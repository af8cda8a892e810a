"""HOST, trusted: finds the known keys below a folder, and pages through all of them, without reading the rest."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index over the keys of objects that are not deleted."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8"))
