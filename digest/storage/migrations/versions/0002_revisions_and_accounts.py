"""Papers say more of themselves; revisions, every attempt to fetch a batch, and the account of an edition are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; what the ledger says of each batch becomes its first known attempt."""
    op.add_column("papers", sa.Column("journal_ref", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("papers", sa.Column("versions", sa.JSON(), nullable=True))
    op.add_column("papers", sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("papers", sa.Column("authority", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("listings", sa.Column("details", sa.JSON(), nullable=True))
    for name in ("taken", "revised", "cross"):
        op.add_column("batches", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("editions", sa.Column("account", sa.JSON(), nullable=True))
    _make_tables()
    columns = "source, category, day, edition, state, records, new, expected, reasons, fetched_at"
    op.execute(f"INSERT INTO fetches ({columns}) SELECT {columns} FROM batches ORDER BY fetched_at")  # noqa: S608 - ours
    # digests of closed editions had no account: a mail that is sent again must be the same as before
    closed = "SELECT max(day) FROM editions WHERE closed_at IS NOT NULL"
    op.execute(f"UPDATE editions SET account = '[]' WHERE day <= ({closed})")  # noqa: S608 - ours


def _make_tables() -> None:
    op.create_table(
        "fetches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("edition", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetches")),
    )
    op.create_index("ix_fetches_day", "fetches", ["day", "source", "category"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("edition", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_revisions_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "kind", "detail", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_edition"), "revisions", ["edition"], unique=False)
