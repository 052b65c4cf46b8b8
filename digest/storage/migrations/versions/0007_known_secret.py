"""The database knows by a fingerprint which secret its links and suppressed addresses are keyed with."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the secret in use at the next opening is taken for the known one."""
    op.create_table(
        "known_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_secret")),
    )
