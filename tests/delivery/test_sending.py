"""The sending loop with real SMTP connections to a scripted server."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from digest.delivery import Relay as To
from digest.delivery import SendingEnd, Stopped, Transport, send_emails
from digest.delivery.smtp import Smtp
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import RelayDown, StoreError

CUT, SILENCE, ACCEPT_AND_CUT = "<cut>", "<silence>", "<accept and cut>"
NO_WAITS = (0.0,)
Relay = Callable[..., Any]
EmailTo = Callable[..., Email]


class Rows:
    """The rows a run would write, and how many emails were drawn for it."""

    def __init__(self, emails: list[Email]) -> None:
        self.outcomes: list[Outcome] = []
        self.drawn = 0
        self.most_in_flight = 0
        self._emails = emails

    def emails(self) -> Iterator[Email]:
        for email in self._emails:
            self.drawn += 1
            self.most_in_flight = max(self.most_in_flight, self.drawn - len(self.outcomes))
            yield email

    def states(self) -> dict[str, DeliveryState]:
        return {outcome.email.recipient: outcome.state for outcome in self.outcomes}

    def counts(self) -> Counter[DeliveryState]:
        return Counter(outcome.state for outcome in self.outcomes)


def deliver(server: Any, rows: Rows, *, connections: int = 1, **options: Any) -> SendingEnd:
    timeouts = {"reply_timeout_seconds": 0.3, "final_reply_timeout_seconds": 0.3, "connect_timeout_seconds": 0.3}
    connect = partial(Smtp, port=server.port, **{**timeouts, **options})
    relays = [To("relay", connect, connections, waits_seconds=NO_WAITS)]
    end = send_emails(rows.emails(), relays, rows.outcomes.append)
    recorded = [outcome.email.recipient for outcome in rows.outcomes]
    assert len(recorded) == len(set(recorded)) == rows.drawn, "each drawn email is recorded exactly once"
    assert dict(rows.counts()) == end.counts
    return end


@pytest.fixture
def readers(email_to: EmailTo) -> Callable[[int], Rows]:
    return lambda count: Rows([email_to(f"reader{number}@example.org") for number in range(count)])


def test_everybody_gets_the_mail_and_the_end_says_so(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay(), readers(200)
    end = deliver(server, rows, connections=8, reply_timeout_seconds=30, final_reply_timeout_seconds=30)
    assert (end.stopped, end.words, end.counts) == (Stopped.DONE, "", {DeliveryState.SENT: 200})
    assert len(server.accepted) == 200
    assert server.connections <= 8
    assert rows.most_in_flight <= 8


def test_nobody_to_mail_means_no_connection(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server = relay()
    assert deliver(server, readers(0), connections=8).stopped is Stopped.DONE
    assert server.connections == 0


def test_a_relay_that_isnt_there_charges_nobody_and_stops_after_five_tries(
    relay: Relay, readers: Callable[[int], Rows], unused_port: int
) -> None:
    server, rows = relay(), readers(50)
    server.port = unused_port
    end = deliver(server, rows, connections=8)
    assert end.stopped is Stopped.RELAY_DOWN
    assert "the relay is down" in end.words
    assert rows.drawn <= 8
    assert all(o.state is DeliveryState.PENDING and not o.charges_attempt for o in rows.outcomes)


@pytest.mark.parametrize("banner", ["421 4.3.2 busy", "554 5.7.1 no", CUT, SILENCE])
def test_a_relay_that_refuses_five_times_is_left_alone(
    banner: str, relay: Relay, readers: Callable[[int], Rows]
) -> None:
    server, rows = relay({"BANNER": [banner, "…"]}), readers(20)
    end = deliver(server, rows, connections=4)
    assert end.stopped is Stopped.RELAY_DOWN
    assert server.connections <= 5 * 4
    assert rows.counts().keys() == {DeliveryState.PENDING}


def test_a_relay_that_comes_back_in_time_costs_nobody_the_mail(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"BANNER": ["421 4.3.2 busy"] * 4}), readers(20)
    assert deliver(server, rows, connections=4).counts == {DeliveryState.SENT: 20}


def test_a_421_on_a_used_connection_is_met_with_another_connection(
    relay: Relay, readers: Callable[[int], Rows]
) -> None:
    server, rows = relay({"MAIL": ["250 ok", "250 ok", "421 4.7.0 too many mails"]}), readers(5)
    assert deliver(server, rows).counts == {DeliveryState.SENT: 5}
    assert server.connections == 2


def test_a_wrong_password_pauses_at_once_and_is_tried_once(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server = relay({"AUTH": ["535 5.7.8 wrong password", "…"]}, extensions=("AUTH PLAIN LOGIN CRAM-MD5",))
    rows = readers(20)
    end = deliver(server, rows, connections=8, username="digest", password="wrong")
    assert end.stopped is Stopped.PAUSED
    assert "535 5.7.8 wrong password" in end.words
    assert sum(command.startswith("AUTH") for command in server.commands) == 1
    assert rows.counts() == {DeliveryState.PENDING: 1}


def test_a_login_that_fails_for_now_is_tried_again(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server = relay({"AUTH": ["454 4.7.0 later"]}, extensions=("AUTH PLAIN",))
    end = deliver(server, readers(3), username="digest", password="right")
    assert end.counts == {DeliveryState.SENT: 3}


@pytest.mark.parametrize("reply", ["553 5.1.7 sender refused", "550 5.7.1 sender refused"])
def test_a_refused_sender_pauses_the_run_and_blames_no_reader(
    reply: str, relay: Relay, readers: Callable[[int], Rows]
) -> None:
    server, rows = relay({"MAIL": [reply, "…"]}), readers(10)
    end = deliver(server, rows)
    assert end.stopped is Stopped.PAUSED
    assert reply in end.words
    assert rows.counts() == {DeliveryState.DEFERRED: 1}


def test_a_greylisted_reader_waits_and_costs_nobody_else(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"RCPT reader1@example.org": ["450 4.2.0 try again in 60 seconds"]}), readers(3)
    end = deliver(server, rows)
    assert end.counts == {DeliveryState.SENT: 2, DeliveryState.DEFERRED: 1}
    (deferred,) = [outcome for outcome in rows.outcomes if outcome.state is DeliveryState.DEFERRED]
    assert (deferred.retry_after, deferred.code, deferred.charges_attempt) == (timedelta(minutes=1), 450, True)
    assert server.connections == 1


def test_the_time_that_a_server_names_is_passed_on(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server = relay({"RCPT": ["451 4.7.1 try again in 20 minutes", "451 retry in 90000 hours"]})
    rows = readers(2)
    deliver(server, rows)
    assert [outcome.retry_after for outcome in rows.outcomes] == [timedelta(minutes=20), timedelta(hours=90_000)]


def test_an_unknown_reader_is_rejected_and_the_run_goes_on(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"RCPT reader1@example.org": ["550 5.1.1 no such user"]}), readers(4)
    assert deliver(server, rows).stopped is Stopped.DONE
    assert rows.states()["reader1@example.org"] is DeliveryState.REJECTED
    assert len(server.accepted) == 3


def test_three_policy_refusals_in_a_row_pause_the_run(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"RCPT": ["550 5.7.1 blocked", "…"]}), readers(10)
    end = deliver(server, rows)
    assert end.stopped is Stopped.PAUSED
    assert "SPF, DKIM and DMARC" in end.words
    assert rows.counts() == {DeliveryState.DEFERRED: 3}


def test_policy_refusals_apart_from_each_other_dont_pause(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"RCPT": ["550 5.7.1 blocked", "550 5.7.1 blocked", "250 ok"] * 3}), readers(9)
    end = deliver(server, rows)
    assert end.stopped is Stopped.DONE
    assert end.counts == {DeliveryState.DEFERRED: 6, DeliveryState.SENT: 3}


@pytest.mark.parametrize("reply", ["550 5.7.515 access denied", "550 5.7.26 not authenticated"])
def test_mail_that_isnt_authenticated_pauses_at_once(reply: str, relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"BODY": [reply, "…"]}), readers(10)
    end = deliver(server, rows)
    assert end.stopped is Stopped.PAUSED
    assert "SPF, DKIM and DMARC" in end.words
    assert rows.counts() == {DeliveryState.DEFERRED: 1}


@pytest.mark.parametrize("script", [{"BODY": ["552 5.3.4 too big", "…"]}, {}])
def test_a_mail_too_big_pauses_with_a_message(
    script: dict[str, list[str]], relay: Relay, readers: Callable[[int], Rows]
) -> None:
    server, rows = relay(script, extensions=() if script else ("SIZE 20",)), readers(5)
    end = deliver(server, rows)
    assert end.stopped is Stopped.PAUSED
    assert "too big" in end.words or "up to 20 octets" in end.words
    assert rows.counts() == {DeliveryState.DEFERRED: 1}
    assert rows.outcomes[0].enhanced_code == "5.3.4"


def test_a_full_mailbox_pauses_nobody(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"BODY": ["552 5.2.2 mailbox full"]}), readers(3)
    assert deliver(server, rows).counts == {DeliveryState.REJECTED: 1, DeliveryState.SENT: 2}


@pytest.mark.parametrize("fault", [ACCEPT_AND_CUT, CUT, SILENCE, "xyzzy", "250 " + "z" * 100_000])
def test_a_lost_reply_is_unknown_and_never_sent_again(fault: str, relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"BODY": [fault]}), readers(3)
    end = deliver(server, rows)
    assert end.stopped is Stopped.DONE
    assert rows.states()["reader0@example.org"] is DeliveryState.UNKNOWN
    assert len(server.bodies_seen) == 3


def test_a_relay_that_loses_every_mail_doesnt_get_them_all(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"BODY": [CUT, "…"]}), readers(50)
    end = deliver(server, rows)
    assert end.stopped is Stopped.RELAY_DOWN
    assert rows.counts() == {DeliveryState.UNKNOWN: 5}


def test_a_cut_before_the_go_ahead_proves_that_nothing_left(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay({"DATA": [CUT]}), readers(2)
    deliver(server, rows)
    assert rows.states()["reader0@example.org"] is DeliveryState.DEFERRED
    assert server.recipients() == ["reader1@example.org"]


def test_an_address_the_relay_cant_carry_has_failed_and_isnt_bounced(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=())
    rows = Rows([email_to("jürgen@example.org"), email_to("ada@example.org")])
    end = deliver(server, rows)
    assert end.counts == {DeliveryState.FAILED: 1, DeliveryState.SENT: 1}


def test_one_email_that_always_meets_trouble_is_deferred_and_the_others_go_out(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT bob@example.org": ["421 4.3.0 odd", "…"]})
    end = deliver(
        server, Rows([email_to("bob@example.org"), email_to("ada@example.org"), email_to("cleo@example.org")])
    )
    assert end.stopped is Stopped.DONE
    assert end.counts == {DeliveryState.DEFERRED: 1, DeliveryState.SENT: 2}


def test_when_asked_to_stop_what_is_in_flight_is_finished(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay(), readers(100)
    connect = partial(Smtp, port=server.port)
    end = send_emails(
        rows.emails(),
        [To("relay", connect, 4)],
        rows.outcomes.append,
        stopping=lambda: len(rows.outcomes) >= 10,
    )
    assert end.stopped is Stopped.INTERRUPTED
    assert set(rows.counts()) <= {DeliveryState.SENT, DeliveryState.PENDING}  # drawn, but not begun: handed back
    assert rows.counts()[DeliveryState.SENT] == len(server.recipients()) >= 10
    assert sum(rows.counts().values()) == rows.drawn <= 14


def test_a_wait_for_the_relay_ends_when_asked_to_stop(readers: Callable[[int], Rows], unused_port: int) -> None:
    rows, asked = readers(5), threading.Event()
    threading.Timer(0.2, asked.set).start()
    end = send_emails(
        rows.emails(),
        [To("relay", partial(Smtp, port=unused_port), waits_seconds=(3600.0,))],
        rows.outcomes.append,
        stopping=asked.is_set,
    )
    assert end.stopped is Stopped.INTERRUPTED
    assert rows.counts() == {DeliveryState.PENDING: 1}


def test_trouble_with_the_store_stops_the_drawing_and_is_raised(relay: Relay, readers: Callable[[int], Rows]) -> None:
    server, rows = relay(), readers(100)
    seen: list[Outcome] = []

    def record(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == 5:
            raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        send_emails(rows.emails(), [To("relay", partial(Smtp, port=server.port), 4)], record)
    assert len(seen) == rows.drawn <= 9
    sent = {outcome.email.recipient for outcome in seen if outcome.state is DeliveryState.SENT}
    assert sent == set(server.recipients())
    assert {outcome.state for outcome in seen} <= {DeliveryState.SENT, DeliveryState.PENDING}


def test_trouble_with_the_emails_is_raised_after_the_others_have_finished(relay: Relay, email_to: EmailTo) -> None:
    outcomes: list[Outcome] = []

    def emails() -> Iterator[Email]:
        yield email_to("ada@example.org")
        raise StoreError("database locked")

    with pytest.raises(StoreError, match="database locked"):
        send_emails(emails(), [To("relay", partial(Smtp, port=relay().port), 3)], outcomes.append)
    assert [outcome.state for outcome in outcomes] == [DeliveryState.SENT]


class Broken:
    """A transport with a mistake in it."""

    async def send(self, email: Email) -> str:
        raise ZeroDivisionError(email.recipient)


class Shaky:
    """All connections fail in the same moment, once."""

    def __init__(self, connections: int) -> None:
        self._moment = asyncio.Barrier(connections)
        self._is_over = False

    async def send(self, email: Email) -> str:
        if self._is_over:
            return f"250 {email.recipient}"
        await self._moment.wait()
        self._is_over = True
        raise RelayDown("connection lost")


@asynccontextmanager
async def _open_broken() -> AsyncIterator[Transport]:
    yield Broken()


@asynccontextmanager
async def _fail_to_open() -> AsyncIterator[Transport]:
    raise RelayDown("no way out")
    yield Broken()


def test_connections_that_fail_together_count_as_one_failure(readers: Callable[[int], Rows]) -> None:
    rows, shaky = readers(20), Shaky(connections=8)
    relays = [To("shaky", lambda: nullcontext(shaky), 8, waits_seconds=NO_WAITS)]
    end = send_emails(rows.emails(), relays, rows.outcomes.append)
    assert end.counts == {DeliveryState.SENT: 20}


def test_a_mistake_in_a_transport_leaves_its_email_in_doubt(readers: Callable[[int], Rows]) -> None:
    rows = readers(10)
    with pytest.raises(ZeroDivisionError):
        send_emails(rows.emails(), [To("broken", _open_broken)], rows.outcomes.append)
    assert rows.counts() == {DeliveryState.UNKNOWN: 1}


def test_a_transport_may_fail_as_it_is_opened(readers: Callable[[int], Rows]) -> None:
    rows = readers(10)
    end = send_emails(rows.emails(), [To("door", _fail_to_open, 2, waits_seconds=NO_WAITS)], rows.outcomes.append)
    assert (end.stopped, end.words) == (Stopped.RELAY_DOWN, "door: the relay is down: no way out")


PROGRAM = """
    import sys
    from functools import partial
    from digest.delivery import Relay, send_emails
    from digest.delivery.smtp import Smtp
    from digest.domain import Email

    def emails():
        for name in ("ada", "bob"):
            yield Email(f"{name}@example.org", "digest@example.org", f"<{name}>", "Papers", b"Subject: Papers\\r\\n")

    def record(outcome):
        print(outcome.email.recipient, outcome.state, flush=True)

    connect = partial(Smtp, port=int(sys.argv[1]), final_reply_timeout_seconds=float(sys.argv[2]))
    try:
        print(send_emails(emails(), [Relay("relay", connect)], record).stopped, flush=True)
    except KeyboardInterrupt:
        print("ended by force", flush=True)
"""


@contextmanager
def in_flight(server: Any, *, reply_timeout_seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A program of its own, whose first mail waits for a reply that doesn't come."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(server.port), str(reply_timeout_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            while not server.bodies_seen and program.poll() is None:
                time.sleep(0.01)
            yield program
        finally:
            program.kill()


def test_the_first_ctrl_c_lets_the_mail_in_flight_come_to_its_end(relay: Relay) -> None:
    with in_flight(relay({"BODY": [SILENCE]}), reply_timeout_seconds=1) as program:
        program.send_signal(signal.SIGINT)
        output, _ = program.communicate(timeout=60)
    assert output.splitlines() == ["ada@example.org unknown", "interrupted"]
    assert program.returncode == 0


def test_another_ctrl_c_records_the_mail_in_flight_as_unknown_and_ends(relay: Relay) -> None:
    with in_flight(relay({"BODY": [SILENCE]}), reply_timeout_seconds=600) as program:
        program.send_signal(signal.SIGINT)
        time.sleep(0.5)  # two signals at once would arrive as one
        program.send_signal(signal.SIGINT)
        output, _ = program.communicate(timeout=60)
    assert output.splitlines() == ["ada@example.org unknown", "ended by force"]
