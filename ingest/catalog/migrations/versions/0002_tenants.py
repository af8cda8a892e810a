"""HOST, trusted: tenants, their limits and their use; which run settled an object. The statements are beside this."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every source becomes one of the tenant `default`, which has no limits: nothing changes until one is set."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8"))
