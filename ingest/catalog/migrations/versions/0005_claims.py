"""HOST, trusted: with which files workers died, and what a claim was charged. The statements are beside this file."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Every file begins without suspicion; what was charged before is not given back."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8"))
