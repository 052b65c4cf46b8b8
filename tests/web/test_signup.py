"""Signing up and confirming, as a visitor and as somebody who means no good."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from digest.config import subscriber_id
from digest.domain import ReportKind, Status
from digest.links import Purpose
from digest.storage import Returned
from tests.web.conftest import ADA, DAY, LINK, World, add_active, read_signup

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def sign_up(client: httpx.Client, email: str = ADA, **fields: str) -> httpx.Response:
    return client.post("/signup", data={"email": email, "keywords": "pruning\nquantiz*", **fields})


def statuses(world: World, email: str = ADA) -> Status | None:
    reader = world.store.subscribers.find(subscriber_id(email), world.files)
    return reader.status if reader is not None else None


def suppress(world: World, identity: str, kind: ReportKind) -> None:
    world.store.reports.take(Returned(DAY, identity, kind))


def is_suppressed(world: World, email: str = ADA) -> bool:
    return bool(world.store.suppressions.barred([subscriber_id(email)]))


def test_nobody_is_mailed_digests_before_they_confirm_and_after_it_they_are(world: World, client: httpx.Client) -> None:
    sign_up(client, frequency="weekdays", max_papers="7", categories="cs.LG, cs.CL", trending="0")
    assert statuses(world) is Status.PENDING
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    assert "Confirm" in client.get(link).text
    assert statuses(world) is Status.PENDING
    assert "You are subscribed" in client.post(link).text
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert (reader.status, reader.cursor) == (Status.ACTIVE, DAY - timedelta(days=1))
    assert reader.profile.interests[0].keywords == ("pruning", "quantiz*")
    assert reader.profile.interests[0].categories == ("cs.LG", "cs.CL")
    assert (reader.frequency, reader.profile.max_papers, reader.profile.trending) == ("weekdays", 7, 0)


def test_mail_comes_in_the_language_that_was_chosen(world: World, client: httpx.Client) -> None:
    assert '<option value="fr">Français</option>' in client.get("/signup").text
    sign_up(client, language="de")
    (confirmation,) = world.confirmations(wait_for=1)
    assert b"Jemand, vermutlich Sie" in confirmation
    client.post(LINK.findall(confirmation)[0].decode())
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert reader.language == "de"
    assert '<option value="de" selected>Deutsch</option>' in client.get(world.link(Purpose.PREFERENCES, reader.id)).text


def test_new_known_pending_unsubscribed_suppressed_and_file_addresses_get_the_same_answer(
    world: World, client: httpx.Client
) -> None:
    add_active(world, "known@example.org")
    add_active(world, "gone@example.org")
    world.store.subscribers.set_status(subscriber_id("gone@example.org"), Status.UNSUBSCRIBED)
    world.store.subscribers.add_signup(subscriber_id("wait@example.org"), "wait@example.org", {})
    world.files.append(read_signup({"email": "file@example.org"}))
    for name, kind in (("bounced", ReportKind.HARD), ("complained", ReportKind.COMPLAINT)):
        suppress(world, add_active(world, f"{name}@example.org"), kind)
    answers = set()
    for name in ("new", "known", "gone", "wait", "file", "bounced", "complained"):
        answer = sign_up(client, f"{name}@example.org")
        headers = sorted((key, value) for key, value in answer.headers.items() if key not in ("date", "content-length"))
        answers.add((answer.status_code, str(headers), answer.text.replace(f"{name}@", "…@")))
    assert len(answers) == 1


def test_a_form_that_anybody_can_post_changes_no_readers_profile(world: World, client: httpx.Client) -> None:
    add_active(world, ADA)
    sign_up(client, keywords="spam")
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert reader.profile.interests[0].keywords == ("pruning",)


def test_whoever_confirms_gets_what_was_asked_for_first_and_not_what_a_stranger_sent_since(
    world: World, client: httpx.Client
) -> None:
    first = sign_up(client)
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    world.clock.advance(timedelta(days=3, hours=13))  # the link's last minutes
    second = sign_up(client, name="A stranger", keywords="casino")
    assert first.text == second.text
    page = client.post(link).text
    assert "You are subscribed" in page
    assert "A stranger" not in page
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert reader.profile.interests[0].keywords == ("pruning", "quantiz*")


def test_whoever_confirms_sees_what_and_that_it_can_be_changed(world: World, client: httpx.Client) -> None:
    sign_up(client, categories="cs.LG", exclude="R&D", frequency="weekly", weekday="friday", language="de")
    sign_up(client, keywords="corrected")
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    for page in (client.get(link).text, client.post(link).text):
        for words in ("pruning", "quantiz*", "cs.LG", "R&amp;D", "Weekly on Friday", "Deutsch"):
            assert words in page
        assert "corrected" not in page
        assert "change" in page


def test_the_confirmation_repeats_nothing_that_was_typed(world: World, client: httpx.Client) -> None:
    sign_up(client, name="Buy pills at spam.example", keywords="pills")
    assert b"pills" not in world.confirmations(wait_for=1)[0]


def test_mistakes_stand_beside_the_form_and_what_was_typed_is_kept(world: World, client: httpx.Client) -> None:
    answer = sign_up(client, "not an address", keywords="pruning", query="(a OR", max_papers="many", name="Ada L.")
    assert answer.status_code == 422
    for part in ("is no address", "email-problem", "max_papers-problem", "pruning", "(a OR", "Ada L.", "many"):
        assert part in answer.text
    assert statuses(world, "not an address") is None
    assert not world.confirmations()


def test_the_summary_of_mistakes_calls_the_fields_as_their_labels_do(client: httpx.Client) -> None:
    page = sign_up(client, send_at="late", max_papers="many").text
    (summary,) = re.findall(r'<div class="problem summary"[\s\S]*?</div>', page)
    for field, label in re.findall(r'<a href="#(\w+)">(.*?)</a>', summary):
        assert f'<label for="{field}">{label}</label>' in page
    assert summary.count("<a ") == 2


def test_a_mistake_names_the_line_it_is_about(client: httpx.Client) -> None:
    answer = sign_up(client, keywords='fine\n"never closed')
    assert answer.status_code == 422
    assert "“&#34;never closed”" in answer.text


FIELDS = ("email", "name", "keywords", "exclude", "authors", "categories", "query", "frequency", "weekday")


@pytest.mark.parametrize("field", [*FIELDS, "timezone", "send_at", "max_papers", "trending"])
def test_hostile_text_in_any_field_is_escaped(client: httpx.Client, field: str) -> None:
    good_email = {} if field == "email" else {"email": ADA}
    for path in ("/signup", "/preview"):
        answer = client.post(path, data={**good_email, field: HOSTILE, "max_papers": "no"} | {field: HOSTILE})
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "49" not in re.sub(r"#\w+|&#\d+;|\d+\.\d+|style[\s\S]*?</style>", "", answer.text)


@pytest.mark.parametrize("name", ["Ada\r\nBcc: all@example.org", "Ada\x00", "a" * 201])
def test_a_name_with_line_breaks_or_too_long_is_refused(world: World, client: httpx.Client, name: str) -> None:
    assert sign_up(client, name=name).status_code == 422
    assert statuses(world) is None


def test_robots_fall_for_the_hidden_field_and_are_told_nothing(world: World, client: httpx.Client) -> None:
    answer = sign_up(client, website="https://spam.example")
    assert (answer.status_code, "Check your inbox" in answer.text) == (200, True)
    assert statuses(world) is None


def test_one_address_gets_one_confirmation_in_a_quarter_of_an_hour_and_three_a_day(
    world: World, client: httpx.Client
) -> None:
    answers = set()
    for _ in range(6):
        answers.add(sign_up(client).text)
        answers.add(sign_up(client).text)
        world.clock.advance(timedelta(minutes=16))
    assert len(answers) == 1
    sign_up(client, "other@example.org")
    assert len(world.confirmations(wait_for=4)) == 4


def test_one_visitor_signs_up_thirty_addresses_an_hour_and_is_then_told_to_wait(
    world: World, client: httpx.Client
) -> None:
    add_active(world, ADA)
    codes = [sign_up(client, f"reader{number}@example.org").status_code for number in range(30)]
    refusals = [sign_up(client, email) for email in ("new@example.org", ADA)]
    assert codes == [200] * 30
    assert [answer.status_code for answer in refusals] == [429, 429]
    assert "try again later" in refusals[0].text
    assert refusals[0].text == refusals[1].text
    assert statuses(world, "new@example.org") is None
    world.clock.advance(timedelta(hours=1))
    assert sign_up(client, "new@example.org").status_code == 200
    assert statuses(world, "new@example.org") is Status.PENDING


@pytest.mark.parametrize("purpose", [Purpose.PREFERENCES, Purpose.UNSUBSCRIBE])
def test_a_link_for_another_purpose_confirms_nobody(world: World, client: httpx.Client, purpose: Purpose) -> None:
    world.store.subscribers.add_signup(subscriber_id(ADA), ADA, {})
    token = world.link(purpose, subscriber_id(ADA)).rpartition("/")[2]
    assert client.post(f"/confirm/{token}").status_code == 404
    assert statuses(world) is Status.PENDING


def test_an_expired_or_tampered_confirmation_link_says_what_to_do(world: World, client: httpx.Client) -> None:
    world.store.subscribers.add_signup(subscriber_id(ADA), ADA, {})
    link = world.link(Purpose.CONFIRM, subscriber_id(ADA))
    world.clock.advance(timedelta(days=4))
    for bad in (link, link[:-1], link + "x", "/confirm/nonsense"):
        for answer in (client.get(bad), client.post(bad)):
            assert answer.status_code == 404
            assert "Sign up" in answer.text
    assert statuses(world) is Status.PENDING


def test_a_link_for_somebody_who_never_signed_up_confirms_nobody(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.CONFIRM, "0" * 20)
    assert [client.get(link).status_code, client.post(link).status_code] == [404, 404]


def test_a_reader_with_a_file_who_signs_up_too_is_welcomed(world: World, client: httpx.Client) -> None:
    reader = read_signup({"email": ADA, "keywords": ["from the file"]})
    world.files.append(replace(reader, file="ada.toml"))
    world.store.subscribers.enroll([reader], edition=DAY)
    assert "You are subscribed" in client.post(world.link(Purpose.CONFIRM, reader.id)).text


@pytest.mark.parametrize("before", [Status.PAUSED, Status.UNSUBSCRIBED])
def test_a_reader_with_a_file_who_had_stopped_mail_and_confirms_gets_it_again(
    world: World, client: httpx.Client, before: Status
) -> None:
    reader = replace(read_signup({"email": ADA, "keywords": ["from the file"]}), file="ada.toml")
    world.files.append(reader)
    world.store.subscribers.enroll([reader], edition=DAY)
    sign_up(client)
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    world.store.subscribers.set_status(reader.id, before)
    client.get(link)
    assert [someone.status for someone in world.parts.readers()] == [before]
    assert "You are subscribed" in client.post(link).text
    assert [someone.status for someone in world.parts.readers()] == [Status.ACTIVE]


def test_a_strangers_signup_for_a_file_readers_address_holds_nothing_up(world: World, client: httpx.Client) -> None:
    reader = read_signup({"email": ADA, "keywords": ["from the file"]})
    sign_up(client, keywords="spam")
    world.store.subscribers.enroll([reader], edition=DAY)
    found = world.store.subscribers.find(reader.id, [reader])
    assert found is not None
    assert found.status is Status.ACTIVE
    assert world.store.subscribers.find(reader.id) is None  # without the file nobody is left


def test_confirming_twice_is_fine(world: World, client: httpx.Client) -> None:
    world.store.subscribers.add_signup(subscriber_id(ADA), ADA, {})
    link = world.link(Purpose.CONFIRM, subscriber_id(ADA))
    assert [client.post(link).status_code for _ in range(2)] == [200, 200]


def test_whoever_confirms_anew_after_a_bounce_gets_mail_again(world: World, client: httpx.Client) -> None:
    suppress(world, add_active(world, ADA), ReportKind.HARD)
    sign_up(client)
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    client.get(link)
    assert is_suppressed(world)
    assert "You are subscribed" in client.post(link).text
    assert not is_suppressed(world)


def test_who_complained_gets_no_confirmation_and_an_old_link_lifts_nothing(world: World, client: httpx.Client) -> None:
    sign_up(client)
    link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
    client.post(link)
    suppress(world, subscriber_id(ADA), ReportKind.COMPLAINT)
    world.clock.advance(timedelta(hours=1))
    sign_up(client)
    sign_up(client, "somebody@example.org")
    assert len(world.confirmations(wait_for=2)) == 2
    client.post(link)
    assert is_suppressed(world)
