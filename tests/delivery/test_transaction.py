"""What goes over the wire for one email, whatever its bytes are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.transaction import plan_transaction
from digest.domain import Email

NASTY = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a"]), max_size=8).map(b"".join)


@given(NASTY)
def test_whatever_a_mail_holds_it_ends_at_its_end_and_arrives_as_it_is(content: bytes) -> None:
    data = plan_transaction(Email("a@b.example", "c@d.example", "<1>", "x", content), {}).data

    lines = data.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert lines.index(b".") == len(lines) - 2
    written = re.split(rb"\r\n|\r|\n", content)
    assert [line.removeprefix(b".") for line in lines[:-2]] == written[: -1 if content and not written[-1] else None]
