"""The tables, the same for SQLite and PostgreSQL. Holds no query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC and read back with its zone, which SQLite would otherwise drop."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's signature
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's signature
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


papers = Table(
    "papers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the canonical id that people see
    Column("title", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("published", Date),
    Column("announced", Date, nullable=False),
    Column("url", Text, nullable=False),
    Column("pdf_url", Text, nullable=False),
    Column("code_url", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("journal_ref", Text, nullable=False, server_default=text("''")),
    Column("version", Integer),
    Column("versions", JSON),  # when each was submitted; null in rows of the first schema
    Column("is_withdrawn", Boolean, nullable=False, server_default=false()),
    Column("authority", Integer, nullable=False, server_default="0"),
    Column("sources", JSON, nullable=False),
    Column("edition", Date, nullable=False, index=True),
    # known, searchable, but never announced by us: older than the first edition, or collected afterwards
    Column("archived", Boolean, nullable=False),
)

aliases = Table(
    "aliases",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("paper_id", Integer, ForeignKey("papers.id"), primary_key=True),
    Index("ix_aliases_paper_id", "paper_id"),
)

listings = Table(  # a community's pick, with the edition that first brought it; frozen when that edition closes
    "listings",
    metadata,
    Column("paper_id", Integer, ForeignKey("papers.id"), primary_key=True),
    Column("edition", Date, nullable=False, index=True),
    Column("rank", Integer, nullable=False),
    Column("upvotes", Integer),
    Column("picked_by", Text, nullable=False),
    Column("code_url", Text, nullable=False),
    Column("details", JSON),  # what else the community says; null in rows of the first schema
    Column("archived", Boolean, nullable=False),
)

revisions = Table(  # what became known of a paper after the edition that took it
    "revisions",
    metadata,
    Column("paper_id", Integer, ForeignKey("papers.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("detail", Text, primary_key=True),
    Column("edition", Date, nullable=False, index=True),
)

sightings = Table(  # which batch held which paper
    "sightings",
    metadata,
    Column("source", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("paper_id", Integer, ForeignKey("papers.id"), primary_key=True),
    Index("ix_sightings_paper_id", "paper_id"),
)

batches = Table(  # the ledger: how each batch stands
    "batches",
    metadata,
    Column("source", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("state", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("new", Integer, nullable=False),  # in all fetches
    # of the last fetch; null in rows of the first schema
    Column("taken", Integer),  # papers of the days asked for, new or known
    Column("revised", Integer),
    Column("cross", Integer),
    Column("expected", Integer),
    Column("reasons", JSON, nullable=False),
    Column("refused", JSON, nullable=False),
    Column("edition", Date, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)

fetches = Table(  # every attempt: a fault keeps its name here after it was mended
    "fetches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("edition", Date, nullable=False),  # the one for which it was asked
    Column("state", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("expected", Integer),
    Column("reasons", JSON, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Index("ix_fetches_day", "day", "source", "category"),
)

editions = Table(
    "editions",
    metadata,
    Column("day", Date, primary_key=True),
    Column("closed_at", UtcDateTime),
    Column("planned", Integer, nullable=False, default=0, server_default="0"),  # digests ever promised to readers
    Column("empty", Integer, nullable=False, default=0),  # readers for whom nothing matched
    Column("account", JSON(none_as_null=True)),  # what digests say of its sources; null as long as it is open
)

word_counts = Table(  # how rare words are, of each edition that digests have closed
    "word_counts",
    metadata,
    Column("edition", Date, primary_key=True),
    Column("papers", Integer, nullable=False),
    Column("frequency", LargeBinary, nullable=False),  # compressed JSON: some twenty thousand words a thousand papers
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cursor", Date),
    Column("first_planned", Date),
    Column("details", JSON(none_as_null=True)),  # what a signup asked for, as in a subscriber file; null for files
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
)

profile_changes = Table(  # what readers changed by links in mails; undone ones stay to be seen
    "profile_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("verb", Text, nullable=False),
    Column("paper_id", Text, nullable=False),
    Column("edits", JSON, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime),
    Index("ix_profile_changes_subscriber_id", "subscriber_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition", Date, nullable=False),
    Column("subscriber_id", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Text, nullable=False, default=""),
    Column("not_before", UtcDateTime),
    Column("message_id", Text, nullable=False, default=""),
    Column("after", Date),  # the cursor from which the digest was composed
    Column("covers", JSON, nullable=False, default=list),
    Column("paper_ids", JSON, nullable=False, default=list),
    Column("content_sha256", Text, nullable=False, default=""),
    Column("composed_at", UtcDateTime),
    Column("code", Integer),
    Column("enhanced_code", Text, nullable=False, default=""),
    Column("reply", Text, nullable=False, default=""),
    Column("relay", Text, nullable=False, default=""),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("edition", "subscriber_id", name="uq_deliveries_edition_subscriber"),
    Index("ix_deliveries_subscriber_id", "subscriber_id"),
    Index("ix_deliveries_state", "state"),
)

reports = Table(  # what came back of our mails; one row a delivery and kind, however often it is reported
    "reports",
    metadata,
    Column("edition", Date, primary_key=True),
    Column("subscriber_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("enhanced_code", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("counts", Boolean, nullable=False),  # towards a suppression; no more after one, nor after it was lifted
    Column("taken_at", UtcDateTime, nullable=False),
    Index("ix_reports_subscriber_id", "subscriber_id"),
)

suppressions = Table(  # addresses that get no mail; without any key to people or deliveries, so it outlives them
    "suppressions",
    metadata,
    Column("address_key", Text, primary_key=True),  # a keyed hash: nobody can test addresses against a stolen list
    Column("kind", Text, nullable=False),
    Column("enhanced_code", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("probe_after", UtcDateTime),  # null: no digest is ever tried again
)

delivery_events = Table(  # what became of each delivery, line by line; lines are only ever added
    "delivery_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("owner", Text, nullable=False),  # the run that sent it, or OPERATOR; else empty
    Column("attempt", Integer, nullable=False),
    Column("code", Integer),
    Column("enhanced_code", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("relay", Text, nullable=False),
    Column("seconds", Float),  # from the draw to the server's answer
    Index("ix_delivery_events_delivery_id", "delivery_id"),
    Index("ix_delivery_events_owner", "owner"),
)

kept_emails = Table(  # the bytes of mail that may have gone, where the operator wants such mail sent again
    "kept_emails",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), primary_key=True),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

pauses = Table(  # at most one row: nothing goes out as long as it is there
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("probe_at", UtcDateTime),  # when one mail may try again; null: only the operator ends it
    Column("probes", Integer, nullable=False),  # that have failed
)

paces = Table(  # when the next mail may go to a relay that has a rate
    "paces",
    metadata,
    Column("relay", Text, primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)

known_secret = Table(  # one row: the secret that keys links and suppressed addresses, known by a keyed hash
    "known_secret",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)
