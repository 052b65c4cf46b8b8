"""How rare words are is kept for each edition, so that scores compare from day to day."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the words of editions from before are counted when they are next asked for."""
    op.create_table(
        "word_counts",
        sa.Column("edition", sa.Date(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_word_counts")),
    )
