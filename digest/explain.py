"""Says why a reader's digest has a paper or hasn't: from the same papers and numbers as the digest. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.assembly import Span, assemble_digests, load_background, load_span
from digest.domain import Delivery, DeliveryState, Digest, Match, Paper, SectionKind, Subscriber
from digest.identity import canonical_id
from digest.matching import Explanation, explain_papers
from digest.planning import cursor_before
from digest.preview import reader_as_of
from digest.storage import History, PaperStore, Store


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a paper is or isn't in one digest, and in which mails to the reader it was."""

    reader: Subscriber
    span: Span
    """What the digest goes over: of a day that was delivered what it went over then, else what it would now."""
    explanation: Explanation
    trending: tuple[int, Match] | None
    """Its place in the trending section, if it is there, and how it stands there."""
    mailed: tuple[Delivery, ...]
    """The deliveries to the reader that held the paper, whatever became of them, newest first."""

    @property
    def is_chosen(self) -> bool:
        """Whether the digest shows the paper."""
        return self.explanation.cut is None or self.trending is not None

    @property
    def rank(self) -> int | None:
        """Its place among the matches, or in the trending section; None if it has none."""
        return self.trending[0] if self.trending else self.explanation.rank

    @property
    def score(self) -> float:
        """Its score as a match, or in the trending section."""
        return self.trending[1].score if self.trending else self.explanation.score

    @property
    def sent_before(self) -> date | None:
        """The edition of the mail that first brought the reader the paper."""
        return _first_sent(self.mailed)


def named_paper(text: str) -> str | None:
    """The id in any notation of a paper that a person may type; None if it is none."""
    return text.strip() if text.strip().startswith("title:") else canonical_id(text)


def explain_choice(paper: Paper, reader: Subscriber, store: Store, *, is_trial: bool = False) -> Answer:
    """Why a held paper is or isn't in the digest that goes over its edition, or in the one that was sent with it.

    For a trial the papers of the edition that are only stored count like all others, as in a back-test.
    """
    mailed = [row for row in store.history.find(email=reader.email, paper=paper.id) if row.subscriber_id == reader.id]
    edition = _edition_to_explain(paper, reader, mailed, store.history)
    reader, losses = reader_as_of(reader, edition, store.history)
    span = load_span(store.papers, after=cursor_before(reader, edition), edition=edition)
    if is_trial:
        span = replace(span, papers=store.papers.all_of_edition(edition, as_of=edition))
    explanation = _explain(paper, reader, span, store.papers)
    trending: list[Match] = []
    if explanation.cut is not None and any(listed.id == paper.id for listed in span.listed):
        digests = assemble_digests([reader], edition, papers=store.papers, history=store.history, losses=losses)
        trending = [match for digest in digests for match in _trending(digest)]
    place = next(((rank, match) for rank, match in enumerate(trending, start=1) if match.paper.id == paper.id), None)
    return Answer(reader, span, explanation, place, tuple(mailed))


def _edition_to_explain(paper: Paper, reader: Subscriber, mailed: Sequence[Delivery], history: History) -> date:
    """The mail that first brought the paper; else the digest that went over its edition, or would have that day."""
    taken = paper.edition or paper.announced
    return _first_sent(mailed) or history.edition_over(taken, reader.id) or taken


def _first_sent(mailed: Iterable[Delivery]) -> date | None:
    return min((row.edition for row in mailed if row.state is DeliveryState.SENT), default=None)


def _trending(digest: Digest) -> tuple[Match, ...]:
    return next((section.matches for section in digest.sections if section.kind is SectionKind.TRENDING), ())


def _explain(paper: Paper, reader: Subscriber, span: Span, papers: PaperStore) -> Explanation:
    """A paper that the digest doesn't go over is explained among those of its own edition."""
    among, edition = span.every_paper, paper.edition or paper.announced
    if all(each.id != paper.id for each in among):
        among = papers.all_of_edition(edition, as_of=edition)
    known = load_background(span.edition, papers, [reader.profile])
    (explanation,) = explain_papers(
        {paper.id},
        among,
        reader.profile,
        covered={each.id for each in span.papers},
        statistics=known.statistics,
        liked=known.liked,
    )
    return explanation
