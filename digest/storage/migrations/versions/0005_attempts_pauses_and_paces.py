"""Every attempt to deliver is kept; mail in doubt may be kept for sending again; pauses and relays' paces last."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what each delivery says of its last attempt becomes the first line of its history."""
    op.add_column("editions", sa.Column("planned", sa.Integer(), nullable=False, server_default="0"))
    rows = "(SELECT count(*) FROM deliveries WHERE deliveries.edition = editions.day)"
    op.execute(f"UPDATE editions SET planned = empty + {rows}")  # noqa: S608 - ours
    _make_events()
    op.execute(
        "INSERT INTO delivery_events (delivery_id, state, at, owner, attempt, code, enhanced_code, reply, relay) "
        "SELECT id, state, updated_at, '', attempts, code, enhanced_code, reply, relay FROM deliveries "
        "WHERE state NOT IN ('pending', 'sending') ORDER BY id"
    )
    op.create_table(
        "kept_emails",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_kept_emails_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_kept_emails")),
    )
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_table(
        "paces",
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("relay", name=op.f("pk_paces")),
    )


def _make_events() -> None:
    op.create_table(
        "delivery_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced_code", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_events_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
    )
    op.create_index("ix_delivery_events_delivery_id", "delivery_events", ["delivery_id"], unique=False)
    op.create_index("ix_delivery_events_owner", "delivery_events", ["owner"], unique=False)
