from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from digest.composing import Composer, compose_email
from digest.composing.emails import HTML_BYTES
from digest.domain import (
    Digest,
    Doubt,
    Email,
    Frequency,
    Match,
    Note,
    Paper,
    Profile,
    Reason,
    Revision,
    RevisionKind,
    SourceAccount,
    Subscriber,
)
from digest.errors import ComposeError
from digest.links import Lesson, Purpose, Verb, read_dated_token, read_lesson, read_token
from digest.return_paths import read_return_path

DAY = date(2026, 6, 30)
MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)

Build = Callable[..., Digest]
Compose = Callable[..., Email]
ReadEmail = Callable[[Email], Any]
Many = Callable[[int, int], list[Match]]


@pytest.fixture
def read_card(compose: Compose, read: ReadEmail, digest_of: Build, match: Match) -> Callable[[Paper], Any]:
    """Reads an email with one paper in it, chosen without any reason."""

    def read_one(paper: Paper) -> Any:
        return read(compose(digest_of(replace(match, paper=paper, reasons=()))))

    return read_one


def _plain(words: str) -> str:
    return " ".join(words.split())


@pytest.mark.parametrize(
    "known",
    [
        "Paper digest",
        "Tuesday, 30 June 2026",
        "412 papers announced · 1 matched",
        "Gentle Pruning of Very Large Gardens",
        "Ines Feld, Tomás Prado",
        "cs.LG, cs.CL · submitted 28 June · 12 pages, 5 figures",
        "Why: “pruning” in title and abstract",
        "Pruning them gently keeps nine birds in ten.",
        "You get this because ada@readers.example is subscribed to Paper digest.",
        "Reading Room, 1 Example Street, Zürich",
    ],
)
def test_html_and_text_say_the_same(
    known: str, compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    mail = read(compose(digest_of(match)))
    assert known in _plain(mail.words)
    assert known in _plain(mail.text)


def test_matched_words_are_marked_in_title_and_abstract(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    marks = read(compose(digest_of(match))).tree.find_class("hit")
    assert [(mark.text, mark.getparent().tag) for mark in marks] == [("Pruning", "a"), ("Pruning", "p")]


def test_links_lead_to_abstract_pdf_and_code_and_to_nothing_unsafe(
    read_card: Callable[[Paper], Any], paper: Paper
) -> None:
    labels = ("Abstract", "PDF", "Code")
    shown = [a.text for a in read_card(paper).tree.iter("a")]
    assert [text for text in shown if text in labels] == list(labels)
    unsafe = read_card(replace(paper, url="javascript:alert(1)", pdf_url="", code_url="data:text/html,x"))
    assert not [a.text for a in unsafe.tree.iter("a") if a.text in labels]
    assert "javascript" not in unsafe.html + unsafe.text


def test_many_authors_are_counted_after_the_fifth(read_card: Callable[[Paper], Any], paper: Paper) -> None:
    mail = read_card(replace(paper, authors=tuple(f"Author {n}" for n in range(1, 10))))
    assert "Author 4, Author 5 and 4 more" in mail.words
    assert "Author 6" not in mail.words


def test_a_paper_of_which_nothing_is_known_still_has_a_card(read_card: Callable[[Paper], Any]) -> None:
    mail = read_card(Paper(id="title:0", title="", announced=DAY, edition=DAY))
    assert "Untitled" in mail.words
    assert "None" not in mail.words


def test_upvotes_and_who_picked_a_paper_are_shown_where_they_are_known(
    read_card: Callable[[Paper], Any], paper: Paper
) -> None:
    assert "▲ 1 upvote · picked by tove" in _plain(read_card(replace(paper, upvotes=1, picked_by="tove")).text)
    assert "▲" not in read_card(paper).text


def test_a_trending_paper_gives_its_upvotes_as_the_reason(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    paper = replace(match.paper, upvotes=163, picked_by="tove")
    trending = Match(paper, "Trending", 163.0, (Reason("tove", "upvotes"),))
    mail = read(compose(digest_of(trending=[trending])))
    (why,) = mail.tree.find_class("why")
    assert _plain(why.text_content()) == "▲ 163 upvotes · picked by tove"
    assert _plain(mail.text).count("163 upvotes") == 1
    assert "Why:" not in mail.words


def test_a_withdrawn_paper_says_so(read_card: Callable[[Paper], Any], paper: Paper) -> None:
    assert "withdrawn · cs.LG, cs.CL" in _plain(read_card(replace(paper, is_withdrawn=True)).text)
    assert "withdrawn" not in read_card(paper).text


def test_a_late_paper_says_when_it_was_announced(read_card: Callable[[Paper], Any], paper: Paper) -> None:
    mail = read_card(replace(paper, announced=DAY - timedelta(days=4)))
    assert "Late arrivals" in mail.words
    assert "announced Friday, 26 June" in _plain(mail.words)


def test_a_hit_beyond_the_opening_of_an_abstract_is_shown_with_its_sentence(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    abstract = "Filler that nobody asked for. " * 40 + "At last we prune the oak. " + "More of it. " * 9
    start = abstract.index("prune")
    found = replace(
        match,
        paper=replace(match.paper, abstract=abstract),
        reasons=(Reason("prun*", "abstract", ((start, start + 5),)),),
    )
    words = read(compose(digest_of(found))).words
    assert "asked for. … At last we prune the oak. …" in words.replace("\N{NO-BREAK SPACE}", " ")


def test_reasons_name_authors_and_categories_and_carry_notes(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    reasons = (
        Reason("Ines Feld", "author"),
        Reason("author:Ada Lo", "author"),
        Reason("cs.LG", "category"),
        Reason("source:arxiv", "source"),
    )
    mail = read(compose(digest_of(replace(match, reasons=reasons, notes=(Note(Doubt.CATEGORIES, "cs.LG"),)))))
    assert (
        "Why: author Ines Feld · author Ada Lo · category cs.LG · source arxiv · categories unknown: the filter cs.LG"
        in _plain(mail.text)
    )


def test_a_digest_of_several_days_names_them(compose: Compose, read: ReadEmail, digest_of: Build, match: Match) -> None:
    digest = digest_of(match, covers=(date(2026, 6, 24), date(2026, 6, 29), DAY), considered=1, older_papers=1204)
    text = _plain(read(compose(digest)).text)
    assert "1 paper announced · 1 matched · 24 June to 30 June" in text
    assert "1,204 papers of earlier days" in text


def test_the_account_of_the_day_is_told(compose: Compose, read: ReadEmail, digest_of: Build, match: Match) -> None:
    mail = read(compose(digest_of(match, account=(SourceAccount("arxiv", DAY, 412, late=("cs.AI",)),))))
    for part in (mail.words, mail.text):
        assert "arXiv announced 412 papers on Tuesday, 30 June." in part
        assert "arXiv cs.AI is late and follows." in part


def test_an_empty_digest_says_so(compose: Compose, read: ReadEmail, digest_of: Build) -> None:
    mail = read(compose(digest_of()))
    assert "412 papers announced · none matched" in mail.words
    assert mail.message["Subject"] == "No papers for you today · Paper digest 30 June"
    assert "No new papers were announced" in read(compose(digest_of(considered=0))).text


@pytest.mark.parametrize(
    ("interests", "subject"),
    [
        (("Pruning", "KV cache"), "2 papers on Pruning, KV cache · Paper digest 30 June"),
        (("Pruning",), "1 paper on Pruning · Paper digest 30 June"),
        (("",), "1 paper: Gentle Pruning of Very Large Gardens · Paper digest 30 June"),
    ],
)
def test_the_subject_says_how_many_papers_on_what(
    interests: Sequence[str], subject: str, compose: Compose, digest_of: Build, match: Match
) -> None:
    matches = [
        replace(match, interest=name, paper=replace(match.paper, id=f"arxiv:2606.{n:05}"))
        for n, name in enumerate(interests)
    ]
    assert compose(digest_of(*matches)).subject == subject


def test_a_trending_digest_names_its_first_paper(
    compose: Compose, digest_of: Build, match: Match, ada: Subscriber
) -> None:
    email = compose(digest_of(subscriber=replace(ada, profile=Profile()), trending=[match]))
    assert email.subject.startswith("1 trending paper: Gentle Pruning")


@pytest.mark.parametrize(
    ("frequency", "rhythm"),
    [(Frequency.DAILY, "every day"), (Frequency.WEEKDAYS, "every weekday"), (Frequency.WEEKLY, "every Monday")],
)
def test_the_footer_tells_the_rhythm(
    frequency: Frequency, rhythm: str, compose: Compose, read: ReadEmail, digest_of: Build, ada: Subscriber
) -> None:
    mail = read(compose(digest_of(subscriber=replace(ada, frequency=frequency))))
    assert f"It comes {rhythm}. On days without papers for you there is no mail." in _plain(mail.text)


def test_body_links_are_signed_for_their_reader_and_purpose(
    compose: Compose, read: ReadEmail, digest_of: Build, composer: Composer
) -> None:
    mail = read(compose(digest_of()))
    links = {a.text: a.get("href") for a in mail.tree.iter("a")}
    for label, purpose in (("Unsubscribe", Purpose.UNSUBSCRIBE), ("Change your interests", Purpose.PREFERENCES)):
        assert links[label] in mail.text
        token = links[label].removeprefix(f"https://papers.example/{purpose}/")
        assert read_token(token, purpose, today=DAY, secrets=composer.letterhead.secrets) == "s-ada"


def test_an_email_knows_its_envelope_and_its_digest(compose: Compose, digest_of: Build, match: Match) -> None:
    digest = digest_of(match)
    email = compose(digest)
    assert (email.sender, email.recipient) == ("digest@papers.example", "ada@readers.example")
    assert (email.subscriber_id, email.edition, email.digest) == ("s-ada", DAY, digest)


def test_where_reports_are_taken_in_each_mail_has_a_return_path_of_its_own_and_the_same_bytes(
    compose: Compose, digest_of: Build, match: Match, composer: Composer, ada: Subscriber
) -> None:
    identity = "0123456789abcdef0123"
    digest = digest_of(match, subscriber=replace(ada, id=identity))
    letterhead = replace(composer.letterhead, bounce_address="bounces@papers.example")
    email = compose(digest, composer=replace(composer, letterhead=letterhead))
    assert email.sender.startswith("bounces+20260630")
    assert email.sender.endswith("@papers.example")
    assert read_return_path(email.sender, secrets=letterhead.secrets) == (DAY, identity)
    assert email.content == compose(digest).content


def test_equal_digests_give_equal_bytes_and_others_other_bytes(
    compose: Compose, digest_of: Build, match: Match
) -> None:
    assert compose(digest_of(match)).content == compose(digest_of(match)).content
    assert compose(digest_of(match)).content != compose(digest_of()).content


def test_a_large_digest_first_shortens_its_abstracts(
    compose: Compose,
    read: ReadEmail,
    digest_of: Build,
    many_matches: Callable[[int, int], list[Match]],
    ada: Subscriber,
) -> None:
    reader = replace(ada, profile=replace(ada.profile, max_papers=40))
    email = compose(digest_of(*many_matches(40, 30), subscriber=reader))
    words = read(email).words
    assert "Hedge 39 of many" in words
    assert "Sentence 3 says" in words
    assert "Sentence 9 says" not in words


def test_four_hundred_long_papers_fit_and_the_weakest_are_counted(
    compose: Compose,
    read: ReadEmail,
    digest_of: Build,
    many_matches: Callable[[int, int], list[Match]],
    ada: Subscriber,
) -> None:
    reader = replace(ada, profile=replace(ada.profile, max_papers=400))
    email = compose(digest_of(*many_matches(400, 40), subscriber=reader))
    mail = read(email)
    assert email.digest is not None
    shown = len(email.digest.shown)
    assert 40 < shown < 400
    assert len(mail.message.get_body(("html",)).get_payload()) <= HTML_BYTES
    assert len(mail.html.encode()) <= HTML_BYTES
    assert [m.score for m in email.digest.shown] == [1000.0 - n for n in range(shown)]
    for part in (mail.words, _plain(mail.text)):
        assert f"… and {400 - shown} more papers matched" in part
        assert f"Hedge {shown - 1} of many" in part
        assert f"Hedge {shown} of many" not in part
    assert email.digest.matched == 400


def test_a_digest_with_a_paper_that_has_no_card_is_refused(composer: Composer, digest_of: Build, match: Match) -> None:
    with pytest.raises(ComposeError, match=r"arxiv:2606\.00001"):
        compose_email(digest_of(match), {}, composer, sent_at=MOMENT)


def test_beyond_fifteen_cards_papers_get_a_line_each(
    compose: Compose,
    read: ReadEmail,
    digest_of: Build,
    many_matches: Callable[[int, int], list[Match]],
    ada: Subscriber,
) -> None:
    reader = replace(ada, profile=replace(ada.profile, max_papers=20))
    mail = read(compose(digest_of(*many_matches(30, 2), subscriber=reader)))
    assert len(list(mail.tree.iter("h3"))) == 15
    for part in (mail.words, _plain(mail.text)):
        assert "Hedge 19 of many" in part
        assert "Hedge 20 of many" not in part
        assert "… and 10 more papers matched" in part
    (link,) = [a for a in mail.tree.iter("a") if a.text == "See all of them"]
    token = link.get("href").removeprefix("https://papers.example/read/")
    assert read_dated_token(token, Purpose.READ, today=DAY, secrets=("new-secret",)) == ("s-ada", DAY)


def test_news_of_a_paper_sent_before_is_told_in_a_line(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    kinds = {
        RevisionKind.WITHDRAWN: ("An error in Lemma 2", "withdrawn · An error in Lemma 2"),
        RevisionKind.ACCEPTED: ("Accepted at ICML 2026", "Accepted at ICML 2026"),
        RevisionKind.PUBLISHED: ("10.1/x", "published as 10.1/x"),
        RevisionKind.VERSION: ("v3", "new version v3"),
    }
    news = [
        Match(replace(match.paper, id=kind), "", 0.0, (), revisions=(Revision(kind, kind, detail, DAY),))
        for kind, (detail, _) in kinds.items()
    ]
    email = compose(digest_of(revised=news))
    assert email.subject == "News of 4 earlier papers · Paper digest 30 June"
    for part in (read(email).words, _plain(read(email).text)):
        assert "News of papers you were sent" in part
        for _, words in kinds.values():
            assert words in part


def test_an_interest_whose_name_shows_nothing_has_a_heading_all_the_same(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    mail = read(compose(digest_of(replace(match, interest="\u2066 \u2069"))))
    assert [heading.text_content() for heading in mail.tree.iter("h2")] == ["Your papers"]
    assert "Your papers\n===========\n" in mail.text


def test_links_to_tell_what_one_thinks_stand_on_every_card(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match, composer: Composer
) -> None:
    secrets = composer.letterhead.secrets
    odd = replace(match, paper=replace(match.paper, id="doi:10.1/a b&c=_d"))
    mail = read(compose(digest_of(odd)))
    found = {a.text: a.get("href") for a in mail.tree.iter("a") if a.text in {"More like this", "Less", "Mute"}}
    assert list(found) == ["More like this", "Less", "Mute"]
    address = urlsplit(found["Less"])
    _, purpose, token, verb = address.path.split("/")
    asked = dict(parse_qsl(address.query))
    assert purpose == Purpose.LEARN
    lesson = read_lesson(token, verb, asked["paper"], today=digest_of(odd).edition, secrets=secrets)
    assert lesson == Lesson("s-ada", odd.paper.id, Verb.LESS)


def test_the_text_has_one_link_a_card_to_tell_what_one_thinks(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match, composer: Composer
) -> None:
    others = [replace(match, paper=replace(match.paper, id=f"arxiv:{n}", url="")) for n in range(16)]
    email = compose(digest_of(match, *others))
    mail = read(email)
    asked = re.findall(r"^  More like this · Less · Mute:\n  (\S+)$", mail.text, re.MULTILINE)
    papers = ["arxiv:2606.00001", *(f"arxiv:{n}" for n in range(14))]
    assert [address.partition("/more?paper=")[2] for address in asked] == papers
    assert set(asked) <= {a.get("href") for a in mail.tree.iter("a")}
    plain = email.content.split(b"--=_")[1]
    assert max(map(len, plain.split(b"\r\n"))) <= 76
    unasked = replace(composer, has_own_links=False)
    assert "Mute" not in read(compose(digest_of(match), composer=unasked)).text


def test_a_mail_that_a_stranger_is_shown_holds_no_link_to_its_readers_pages(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match, composer: Composer
) -> None:
    mail = read(compose(digest_of(match, matched=2), composer=replace(composer, has_own_links=False)))
    for part in (mail.html, mail.text):
        assert "1 more paper matched" in part
        assert "https://papers.example" not in part
        assert "Unsubscribe" not in part


def test_the_html_that_would_be_too_big_loses_cards_before_it_loses_papers(
    compose: Compose,
    read: ReadEmail,
    digest_of: Build,
    many_matches: Callable[[int, int], list[Match]],
    ada: Subscriber,
) -> None:
    reader = replace(ada, profile=replace(ada.profile, max_papers=180))
    email = compose(digest_of(*many_matches(180, 30), subscriber=reader))
    mail = read(email)
    assert 0 < len(list(mail.tree.iter("h3"))) < 15
    assert email.digest is not None
    assert len(email.digest.shown) == 180
    assert "Unsubscribe" in mail.words
