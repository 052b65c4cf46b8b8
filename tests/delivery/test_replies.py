from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import Phase, hinted_seconds, read_failure
from digest.errors import BrokenOff, Deferred, DeliveryError, InDoubt, PolicyRefused, Rejected, RelayDown
from digest.servers_words import WORDS_KEPT, tidy_words


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.LOGIN])
@pytest.mark.parametrize("code", [None, 421, 454, 535, 554])
def test_whatever_goes_wrong_before_a_mail_is_the_relays_trouble(phase: Phase, code: int | None) -> None:
    assert type(read_failure(phase, code, "5.7.8 no")) is RelayDown


@pytest.mark.parametrize("phase", list(Phase))
def test_a_421_is_the_relays_trouble_wherever_it_comes(phase: Phase) -> None:
    error = read_failure(phase, 421, "4.3.2 shutting down")
    assert isinstance(error, RelayDown)
    assert isinstance(error, BrokenOff) == (phase in (Phase.RCPT, Phase.DATA, Phase.BODY))


@pytest.mark.parametrize(
    ("phase", "meaning"),
    [(Phase.MAIL, RelayDown), (Phase.RCPT, Deferred), (Phase.DATA, Deferred), (Phase.BODY, InDoubt)],
)
def test_silence_is_doubtful_only_once_the_body_has_begun(phase: Phase, meaning: type[DeliveryError]) -> None:
    error = read_failure(phase, None, "250 2.0.0 this text came with an exception")
    assert type(error) is meaning
    assert (error.code, error.enhanced_code) == (None, "")


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.BODY])
@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (450, "4.7.1 greylisted", Deferred),
        (550, "5.1.1 unknown", Rejected),
        (550, "unknown", Rejected),
        (554, "5.7.1 refused", PolicyRefused),
        (550, "5.70.1 odd", Rejected),
        (552, "5.2.2 mailbox full", Rejected),
        (554, "5.3.4 too big", PolicyRefused),
        (552, "5.3.4 too big", PolicyRefused),
        (452, "4.3.4 too big just now", Deferred),
    ],
)
def test_a_reply_about_one_reader_is_told_from_one_about_us(
    phase: Phase, code: int, text: str, meaning: type[DeliveryError]
) -> None:
    assert type(read_failure(phase, code, text)) is meaning


@pytest.mark.parametrize(
    ("phase", "meaning"), [(Phase.RCPT, Rejected), (Phase.DATA, PolicyRefused), (Phase.BODY, PolicyRefused)]
)
def test_a_bare_552_is_a_full_mailbox_before_there_is_a_mail_and_a_mail_too_big_once_there_is(
    phase: Phase, meaning: type[DeliveryError]
) -> None:
    assert type(read_failure(phase, 552, "exceeded storage allocation")) is meaning


@pytest.mark.parametrize(
    ("text", "enhanced_code"),
    [("5.1.1 no", "5.1.1"), ("5.1.1", "5.1.1"), (" 5.7.515 no", "5.7.515"), ("5.1.1.1 no", ""), ("no 5.1.1", "")],
)
def test_the_enhanced_code_stands_first_or_not_at_all(text: str, enhanced_code: str) -> None:
    assert read_failure(Phase.RCPT, 550, text).enhanced_code == enhanced_code


@given(phase=st.sampled_from(Phase), code=st.none() | st.integers(400, 599), text=st.text())
def test_every_reply_has_one_meaning_and_its_words_fit_a_line(phase: Phase, code: int | None, text: str) -> None:
    error = read_failure(phase, code, text)
    assert len(error.reply) <= WORDS_KEPT
    assert error.reply.isprintable()


def test_long_words_are_cut_and_control_characters_become_spaces() -> None:
    assert tidy_words("a\x1b[31m\r\nb") == "a [31m b"
    assert len(tidy_words("word " * 100_000)) <= WORDS_KEPT


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        ("450 4.2.0 greylisted, try again in 300 seconds", 300),
        ("450 Try again in 10 minutes", 600),
        ("451 please retry after 2 hours", 7200),
        ("451 try again in 90s", 90),
        ("451 try again in 15 min.", 900),
        ("451 try again later", None),
        ("451 4.7.1 busy", None),
        ("451 try again in 5 moons", None),
    ],
)
def test_a_servers_hint_when_to_come_back_is_understood(reply: str, seconds: int | None) -> None:
    assert hinted_seconds(reply) == seconds
