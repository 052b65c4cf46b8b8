"""Signed return paths: which delivery they name, and that nobody else can make one."""

from __future__ import annotations

from datetime import date

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import LinkError
from digest.return_paths import find_return_paths, make_return_path, read_return_path

DAY = date(2026, 6, 30)
ADA = "0123456789abcdef0123"
SECRETS = ("new-secret", "old-secret")


def made(*, secrets: tuple[str, ...] = SECRETS, subscriber_id: str = ADA, day: date = DAY) -> str:
    return make_return_path("bounces@digest.example", day, subscriber_id, secrets=secrets)


def test_a_return_path_names_its_delivery() -> None:
    assert read_return_path(made(), secrets=SECRETS) == (DAY, ADA)
    assert made().endswith("@digest.example")


def test_the_longest_address_that_is_allowed_makes_a_sound_return_path() -> None:
    path = make_return_path(f"{'b' * 14}@digest.example", DAY, ADA, secrets=SECRETS)

    assert len(path.rpartition("@")[0]) == 64
    assert validate_email(path, check_deliverability=False).normalized == path


@pytest.mark.parametrize("fold", [str.upper, str.title, str.swapcase])
def test_a_server_may_fold_the_case(fold: object) -> None:
    assert callable(fold)
    assert read_return_path(fold(made()), secrets=SECRETS) == (DAY, ADA)


def test_a_forwarder_may_wrap_it() -> None:
    local = made().rpartition("@")[0]

    assert read_return_path(f"<SRS0=Zm9v=AB=digest.example={local}@forwarder.example>", secrets=SECRETS) == (DAY, ADA)


def test_a_return_path_signed_with_an_older_secret_is_still_read() -> None:
    assert read_return_path(made(secrets=("old-secret",)), secrets=SECRETS) == (DAY, ADA)


@pytest.mark.parametrize("secrets", [("a guess",), ()])
def test_what_another_key_signed_is_refused(secrets: tuple[str, ...]) -> None:
    with pytest.raises(LinkError, match="isn't signed by us"):
        read_return_path(made(), secrets=secrets)


@given(st.data())
def test_no_change_of_delivery_or_signature_survives(data: st.DataObject) -> None:
    local = made().rpartition("@")[0]
    place = data.draw(st.integers(len("bounces"), len(local) - 1))
    letter = data.draw(
        st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz.+").filter(lambda one: one != local[place])
    )

    with pytest.raises(LinkError):
        read_return_path(local[:place] + letter + local[place + 1 :], secrets=SECRETS)


def test_another_reader_s_or_day_s_signature_can_not_be_put_in() -> None:
    signature = made().partition(".")[2]
    for other in (made(subscriber_id="f" * 20), made(day=date(2026, 7, 1))):
        with pytest.raises(LinkError):
            read_return_path(f"{other.partition('.')[0]}.{signature}", secrets=SECRETS)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(LinkError):
        read_return_path(text, secrets=SECRETS)


def test_a_date_that_is_none_is_refused_although_it_looks_like_one() -> None:
    with pytest.raises(LinkError):
        read_return_path(made().replace("20260630", "20269999"), secrets=SECRETS)


def test_what_looks_like_a_return_path_is_found_in_a_text_once() -> None:
    found = find_return_paths(f"To: {made()}\nReturn-Path: <{made().upper()}>\nFrom: bounces+other@digest.example")

    assert [read_return_path(path, secrets=SECRETS) for path in found] == [(DAY, ADA)]
