"""Signed links: what one is good for, for how long, and what no change of it survives."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import LinkError
from digest.links import (
    LIFETIMES,
    Lesson,
    Purpose,
    Verb,
    address_lesson,
    make_link,
    read_lesson,
    read_token,
)

ISSUED = date(2026, 6, 30)
SECRETS = ("new-secret", "old-secret")
ADA = "0123456789abcdef0123"


def token_of(purpose: Purpose, *, secrets: tuple[str, ...] = SECRETS, subscriber_id: str = ADA) -> str:
    link = make_link("https://papers.example", purpose, subscriber_id, issued=ISSUED, secrets=secrets)
    return link.rpartition("/")[2]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_leads_to_its_page_and_names_its_reader(purpose: Purpose) -> None:
    link = make_link("https://papers.example/", purpose, ADA, issued=ISSUED, secrets=SECRETS)

    assert link.startswith(f"https://papers.example/{purpose.value}/")
    assert read_token(link.rpartition("/")[2], purpose, today=ISSUED, secrets=SECRETS) == ADA


def test_equal_arguments_give_equal_links() -> None:
    assert token_of(Purpose.CONFIRM) == token_of(Purpose.CONFIRM)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_for_one_purpose_is_worthless_for_any_other(purpose: Purpose) -> None:
    for other in set(Purpose) - {purpose}:
        with pytest.raises(LinkError, match="not valid"):
            read_token(token_of(purpose), other, today=ISSUED, secrets=SECRETS)


@pytest.mark.parametrize(("purpose", "days"), [(Purpose.CONFIRM, 3), (Purpose.PREFERENCES, 90)])
def test_a_link_works_through_its_last_day_and_not_the_day_after(purpose: Purpose, days: int) -> None:
    last_day = ISSUED + timedelta(days=days)

    assert read_token(token_of(purpose), purpose, today=last_day, secrets=SECRETS) == ADA
    with pytest.raises(LinkError, match=f"valid for {days} days and has expired"):
        read_token(token_of(purpose), purpose, today=last_day + timedelta(days=1), secrets=SECRETS)


def test_an_unsubscribe_link_never_expires() -> None:
    assert LIFETIMES[Purpose.UNSUBSCRIBE] is None
    assert read_token(token_of(Purpose.UNSUBSCRIBE), Purpose.UNSUBSCRIBE, today=date.max, secrets=SECRETS) == ADA


def test_links_signed_with_an_older_secret_still_work_and_new_ones_take_the_newest() -> None:
    old = token_of(Purpose.UNSUBSCRIBE, secrets=("old-secret",))

    assert read_token(old, Purpose.UNSUBSCRIBE, today=ISSUED, secrets=SECRETS) == ADA
    assert token_of(Purpose.UNSUBSCRIBE) == token_of(Purpose.UNSUBSCRIBE, secrets=("new-secret",)) != old


def test_a_secret_that_was_dropped_signs_nothing_any_more() -> None:
    with pytest.raises(LinkError):
        read_token(token_of(Purpose.UNSUBSCRIBE), Purpose.UNSUBSCRIBE, today=ISSUED, secrets=("another",))


@given(st.text())
def test_whatever_stands_in_the_place_of_a_token_is_refused(text: str) -> None:
    with pytest.raises(LinkError):
        read_token(text, Purpose.UNSUBSCRIBE, today=ISSUED, secrets=SECRETS)


@given(st.data())
def test_no_change_of_what_is_signed_survives(data: st.DataObject) -> None:
    token = token_of(Purpose.UNSUBSCRIBE)
    payload, _, signature = token.rpartition(".")
    place = data.draw(st.integers(0, len(payload) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda letter: letter != payload[place]))

    with pytest.raises(LinkError):
        read_token(
            f"{payload[:place]}{letter}{payload[place + 1 :]}.{signature}",
            Purpose.UNSUBSCRIBE,
            today=ISSUED,
            secrets=SECRETS,
        )


def test_another_reader_s_id_can_not_be_put_in() -> None:
    other = token_of(Purpose.UNSUBSCRIBE, secrets=("a guess",), subscriber_id="another")
    _, _, signature = token_of(Purpose.UNSUBSCRIBE).rpartition(".")

    with pytest.raises(LinkError):
        read_token(f"{other.rpartition('.')[0]}.{signature}", Purpose.UNSUBSCRIBE, today=ISSUED, secrets=SECRETS)


def test_a_link_tells_nothing_but_the_reader_s_id() -> None:
    link = make_link("https://papers.example", Purpose.UNSUBSCRIBE, ADA, issued=ISSUED, secrets=SECRETS)

    assert "?" not in link
    assert all(secret not in link for secret in SECRETS)
    assert len(link) < 160


PAPERS = st.sampled_from(["arxiv:2606.00001", "doi:10.1101/2026.06.30", "title:0123456789abcdef0123", "doi:10.1/a b"])


@given(PAPERS | st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_each_of_the_three_learning_links_says_one_thing_of_one_paper_for_one_reader(paper_id: str) -> None:
    link = make_link("https://papers.example/", Purpose.LEARN, ADA, issued=ISSUED, secrets=SECRETS)

    for verb in Verb:
        address = urlsplit(link + address_lesson(verb, paper_id))
        _, learn, token, said = address.path.split("/")
        paper = dict(parse_qsl(address.query, strict_parsing=True))["paper"]
        assert learn == "learn"
        assert read_lesson(token, said, paper, today=ISSUED, secrets=SECRETS) == Lesson(ADA, paper_id, verb)
    token = link.rpartition("/")[2]
    for other in set(Purpose) - {Purpose.LEARN}:
        with pytest.raises(LinkError, match="not valid"):
            read_token(token, other, today=ISSUED, secrets=SECRETS)


@pytest.mark.parametrize(("verb", "paper_id"), [("more", ""), ("burn", "arxiv:2606.00001"), ("more", "arxiv:2606\0")])
def test_an_address_that_says_nothing_of_a_paper_is_not_valid(verb: str, paper_id: str) -> None:
    with pytest.raises(LinkError, match="not valid"):
        read_lesson(token_of(Purpose.LEARN), verb, paper_id, today=ISSUED, secrets=SECRETS)


def test_learning_links_expire_as_the_link_to_the_preferences_does() -> None:
    said = token_of(Purpose.LEARN), Verb.MORE, "arxiv:2606.00001"

    assert read_lesson(*said, today=ISSUED + timedelta(days=90), secrets=SECRETS).verb is Verb.MORE
    with pytest.raises(LinkError, match="has expired"):
        read_lesson(*said, today=ISSUED + timedelta(days=91), secrets=SECRETS)
