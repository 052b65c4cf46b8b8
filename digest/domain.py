"""The words of the product as frozen values; no input, no output, no rules beyond what a word means.

One word for each thing, everywhere: see docs/glossary.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum


class Authority(IntEnum):
    """How near a record stands to the paper's own home: where two records differ, the higher one is believed."""

    PAGE = 0  # a saved page or a feed of anybody's
    AGGREGATOR = 1  # gathers from others: Hugging Face, OpenAlex, Semantic Scholar, Europe PMC
    REGISTRY = 2  # where publishers register: Crossref, PubMed
    ARCHIVE = 3  # where the authors put it: arXiv, bioRxiv, medRxiv


@dataclass(frozen=True, slots=True)
class Paper:
    """One announced work, whichever source told us about it."""

    id: str
    """Canonical, without version: `arxiv:2606.28729`, `doi:10.1101/…`, `pmid:…`, else `title:` and a digest of it."""
    title: str
    announced: date
    """The day upstream showed it to the public; never changes and is never shifted to another zone."""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    categories: tuple[str, ...] = ()
    published: date | None = None
    """The day the authors submitted it, where the source says so."""
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    comment: str = ""
    journal_ref: str = ""
    """Where it was published, as the authors or the archive write it."""
    version: int | None = None
    versions: tuple[datetime, ...] = ()
    """When each version was submitted, in UTC, the first one first; empty where the source doesn't tell."""
    is_withdrawn: bool = False
    authority: Authority = Authority.PAGE
    """Of the record that the descriptive fields come from."""
    upvotes: int | None = None
    """Community upvotes; None where no source counts any."""
    picked_by: str = ""
    """Who put the paper on a community's list."""
    is_listed: bool = False
    """Whether a community listed it (upvotes, trending pages): such papers make the trending section."""
    ai_summary: str = ""
    """A machine's summary in one sentence, where a community shows one; never matched against."""
    ai_keywords: tuple[str, ...] = ()
    """A machine's keywords, where a community shows them; never matched against."""
    organization: str = ""
    project_url: str = ""
    page_url: str = ""
    """Where a community discusses the paper."""
    code_stars: int | None = None
    sources: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other ids that mean the same paper, such as its DOI or the title id it had before an arXiv id was known."""
    edition: date | None = None
    """The edition that took it; None until the store has placed it."""

    @property
    def is_late(self) -> bool:
        """Whether it was announced before the edition that took it."""
        return self.edition is not None and self.announced < self.edition


@dataclass(frozen=True, slots=True)
class WordCounts:
    """In how many of an edition's papers each word stands, as matching folds words."""

    papers: int
    frequency: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Edition:
    """One dated day, with the first announced day from which it may still take papers that no edition has."""

    day: date
    since: date
    is_backfill: bool = False
    """Whether every day since then is asked for, and not only what was missed since we began to ask."""

    def takes(self, announced: date) -> bool:
        """Whether a paper announced on that day falls into the days asked for."""
        return self.since <= announced <= self.day


class BatchState(StrEnum):
    """How a fetch ended. Only `ok` and `quiet` close a batch."""

    OK = "ok"
    QUIET = "quiet"  # proved empty: a well-formed page and a reason in the calendar
    NOT_YET = "not-yet"  # the announcement is still to come
    STALE = "stale"  # nothing but ids already seen
    PARTIAL = "partial"  # some pages failed or are missing
    BROKEN = "broken"  # can't be parsed, or fails a check
    BLOCKED = "blocked"  # the server refuses us: 403, 429, 503

    @property
    def is_closed(self) -> bool:
        """Whether the batch is complete by its own proof."""
        return self in (BatchState.OK, BatchState.QUIET)

    @property
    def needs_attention(self) -> bool:
        """Whether papers may be missing. A stale batch isn't such a case: all it holds is known already."""
        return not self.is_closed and self is not BatchState.STALE


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be used: where it stands and why."""

    place: str
    reason: str


class RevisionKind(StrEnum):
    """What became known of a paper after the edition that took it."""

    VERSION = "version"  # a later version
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"  # a comment or journal reference names where it will appear
    PUBLISHED = "published"  # a publisher's DOI


@dataclass(frozen=True, slots=True)
class Revision:
    """One thing that became known of a paper after the edition that took it; never announced as a new paper."""

    paper_id: str
    kind: RevisionKind
    detail: str
    """The version such as `v2`, the comment, the journal reference, or the DOI."""
    edition: date
    """The edition in which it appeared."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one source brought for one category and day."""

    category: str
    """The source's own division: an arXiv category, a file. Empty where there is none."""
    day: date
    state: BatchState
    source: str = ""
    """The source's name in the configuration; `collect_papers` writes it, a source itself needn't know it."""
    papers: tuple[Paper, ...] = ()
    refused: tuple[Refusal, ...] = ()
    records: int = 0
    """Records found upstream, refused and set-aside ones included."""
    cross: int = 0
    """Cross-listed announcements that were set aside."""
    revised: tuple[Paper, ...] = ()
    """New versions of papers that were announced before: revisions of those we hold, no news of the others."""
    expected: int | None = None
    """How many records upstream said there would be, where it says so."""
    reasons: tuple[str, ...] = ()
    """What explains the state, in words for the operator."""
    part: int = 0
    """0 for a whole batch or the first part of a long one, which comes in several; later parts add to it.

    What the last part says of the state, the expected count and the reasons counts for the whole.
    """
    is_baseline: bool = False
    """Whether its papers were there before the source was first asked: held from now on, but announced to nobody."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch in the store: how many of its papers were new, known, or outside the days asked for."""

    batch: Batch
    """The whole of it, all parts together, but without its papers and revisions: they are in the store."""
    new: int
    known: int
    outside: int
    revised: int = 0
    needs_attention: bool = False
    """Whether papers may be missing, and no earlier run has said so of this past day already."""
    before: BatchState | None = None
    """The state that the ledger had until then; None of a batch that was never asked for."""

    @property
    def is_mended(self) -> bool:
        """Whether the batch was open before and is closed now."""
        return self.before is not None and not self.before.is_closed and self.batch.state.is_closed

    @property
    def is_outside(self) -> bool:
        """Whether it brought papers, and all of them are announced outside the days asked for."""
        return self.outside > 0 and not self.new + self.known


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A line of the ledger: how the fetch of one batch ended, for which edition, and when."""

    batch: Batch
    """Without its papers."""
    edition: date
    """The one for which it was fetched."""
    fetched_at: datetime
    new: int = 0
    """Papers that this batch brought first, in all of its fetches; of a single fetch, those that were new in it."""
    known: int | None = None
    """Papers that it holds and another batch brought first; None where nobody has counted them."""
    revised: int | None = None


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """What one source brought for one day, as a digest tells its reader."""

    source: str
    day: date
    announced: int
    """Papers it announced that day, whichever source brought them first."""
    late: tuple[str, ...] = ()
    """Categories of which nothing has come yet."""
    partial: tuple[str, ...] = ()
    """Categories of which a part has come."""
    is_holiday: bool = False

    @property
    def is_open(self) -> bool:
        """Whether papers may still follow."""
        return bool(self.late or self.partial)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store remembers of one source: the batches that are complete by their own proof."""

    closed: frozenset[tuple[str, date]] = frozenset()
    """(category, day) of every batch of the last weeks that ended `ok` or `quiet`."""
    settled: frozenset[tuple[str, date]] = frozenset()
    """Those of them that were fetched after their day was over, so that nothing can have come since."""
    begun: Mapping[str, date] = field(default_factory=dict)
    """The first day of each category that was ever asked for, whatever came of it."""
    seen: Mapping[str, date] = field(default_factory=dict)
    """The first day on which this source brought a paper, by each of its ids; of the last weeks alone."""


@dataclass(frozen=True, slots=True)
class Interest:
    """One named part of a profile; a section of the mail.

    Keywords, authors and query are alternatives. `categories` is a filter, and alone it takes all of its papers.
    `exclude` beats everything in its interest.
    """

    name: str = ""
    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    query: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What one subscriber wants to read. Without interests it is the trending digest."""

    interests: tuple[Interest, ...] = ()
    max_papers: int = 15
    min_score: float = 0.0
    trending: int = 3
    """How many of the day's most upvoted papers close the digest; 0 turns the section off."""


class Frequency(StrEnum):
    """How often a subscriber is due."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


class Status(StrEnum):
    """Whether mail may go to a subscriber."""

    PENDING = "pending"  # signed up, not confirmed
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One inbox: a stable id, an address, what it wants and when."""

    id: str
    """Made from the normalised address; stable, and the only thing about a person that stands in a link."""
    email: str
    profile: Profile
    name: str = ""
    timezone: str = "UTC"
    send_at: time = time(7, 30)
    frequency: Frequency = Frequency.DAILY
    weekday: str = "monday"
    language: str = "en"
    origin: str = "file"
    """`file` or `signup`."""
    status: Status = Status.ACTIVE
    cursor: date | None = None
    """The last edition delivered; None before the first plan."""
    is_new: bool = True
    """Whether no digest was ever planned: the first one goes out at once, whatever the frequency."""
    file: str = ""
    """The subscriber file, where there is one."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper was chosen: the keyword as the reader wrote it and the field where it stands.

    `spans` are (start, end) offsets of the hits in the paper's title or abstract, for marking.
    """

    keyword: str
    field: str
    """`title`, `abstract`, `author`, `category` or `upvotes`."""
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A paper, the interest it fits, a score, and the reasons."""

    paper: Paper
    interest: str
    score: float
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...] = ()
    """What else the reader should know of the choice, such as that the paper's categories are unknown."""
    revisions: tuple[Revision, ...] = ()
    """What became known of a paper that the reader was sent before; only in the section of revisions."""


class SectionKind(StrEnum):
    """What a section of a digest holds."""

    INTEREST = "interest"
    TRENDING = "trending"
    LATE = "late"
    AGAIN = "again"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled run of matches, best first."""

    kind: SectionKind
    title: str
    matches: tuple[Match, ...]
    note: str = ""
    day: date | None = None
    """The edition of all its papers, in a weekly digest; else None."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's matches over the editions it covers; content only, no look yet."""

    subscriber: Subscriber
    edition: date
    covers: tuple[date, ...]
    """The editions it covers, oldest first; the last is `edition`."""
    sections: tuple[Section, ...]
    considered: int
    """Papers of the covered editions."""
    matched: int
    """How many of them fit the profile, shown or not."""
    older_papers: int = 0
    """Papers of editions beyond the fourteen a digest covers: counted, not shown."""
    account: tuple[SourceAccount, ...] = ()
    """The account of the covered days: what the sources brought, what was late or missing."""

    @property
    def shown(self) -> tuple[Match, ...]:
        """Every match in the order in which the reader sees it."""
        return tuple(match for section in self.sections for match in section.matches)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not any(section.matches for section in self.sections)


@dataclass(frozen=True, slots=True)
class Email:
    """A finished message: envelope and bytes, nothing left to decide.

    `content` is the whole message as it goes over the wire: ASCII, CRLF line ends, no line over 998 octets (RFC 5322).
    """

    recipient: str
    sender: str
    """The envelope sender, a bare address."""
    message_id: str
    subject: str
    content: bytes
    subscriber_id: str = ""
    edition: date | None = None
    digest: Digest | None = None


class DeliveryState(StrEnum):
    """Where one digest is on its way to one inbox."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def is_accepted(self) -> bool:
        """Whether the relay took the mail, whatever was reported of it afterwards."""
        return self in (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)


class ReportKind(StrEnum):
    """What a mail that came back to us says of one of ours."""

    HARD = "hard"  # there is no such address
    REFUSED = "refused"  # refused for good, for another reason
    SOFT = "soft"  # a full mailbox, or a server that never answered
    POLICY = "policy"  # our own fault, such as a missing signature
    COMPLAINT = "complaint"  # the reader called it spam
    NONE = "none"  # no bounce: a delay, an automatic reply, or no report at all


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no mail, known by its reader's id alone: the list holds a keyed hash of it."""

    subscriber_id: str
    kind: ReportKind
    enhanced_code: str
    since: datetime
    probe_after: datetime | None = None
    """When one digest is tried again; None: never."""
    probed_at: datetime | None = None
    """When that digest was claimed; nothing else goes until it had time to come back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one email: the state its row takes and the server's own words."""

    email: Email
    state: DeliveryState
    reply: str = ""
    code: int | None = None
    enhanced_code: str = ""
    retry_after: timedelta | None = None
    """How long the server asked us to wait, where it did."""
    charges_attempt: bool = True
    relay: str = ""
    seconds: float | None = None
    """How long the attempt took."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the history: one edition's digest for one subscriber."""

    edition: date
    subscriber_id: str
    email: str
    state: DeliveryState
    attempts: int = 0
    message_id: str = ""
    code: int | None = None
    enhanced_code: str = ""
    reply: str = ""
    relay: str = ""
    updated_at: datetime | None = None
    covers: tuple[date, ...] = ()
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """A line of the history: what became of a delivery at a moment, with the server's own words."""

    edition: date
    email: str
    message_id: str
    state: DeliveryState
    at: datetime
    attempt: int
    code: int | None = None
    enhanced_code: str = ""
    reply: str = ""
    relay: str = ""
    seconds: float | None = None
    """How long the attempt took."""


class PausedBy(StrEnum):
    """Who paused sending."""

    OPERATOR = "operator"
    SENDING = "sending"  # the sending loop, because what it met would meet the next mail too


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing goes out: by whom, why, since when."""

    by: PausedBy
    reason: str
    since: datetime
    probe_at: datetime | None = None
    """When one mail may try again; None if only the operator ends the pause."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every email of this installation shares."""

    site_name: str
    sender: str
    base_url: str
    secrets: tuple[str, ...] = field(repr=False)
    """Keys that sign links, newest first; older ones still verify."""
    reply_to: str = ""
    postal_address: str = ""
    bounce_address: str = ""
    """To which mail comes back, each under a signed address of its own; empty: to the sender."""
    mails_when_empty: bool = False
    """Whether a reader for whom nothing matched gets a short mail that says so."""


@dataclass(frozen=True, slots=True)
class EditionTotals:
    """How one edition stands: deliveries by state, and readers for whom nothing matched."""

    edition: date
    papers: int
    subscribers: int
    states: Mapping[DeliveryState, int]
    empty: int

    @property
    def accepted(self) -> int:
        """The deliveries that the relay took, whatever came back of them afterwards."""
        return sum(count for state, count in self.states.items() if state.is_accepted)

    @property
    def planned(self) -> int:
        """All deliveries, whatever their state."""
        return sum(self.states.values())
