"""Whole runs against a hostile server: after each, nobody holds two copies, nobody is missing, the counts add up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.composing import Composer
from digest.delivery import Stopped
from tests.delivery.hostile import ACCEPT_AND_CUT, CUT, CUT_IN_BODY, SILENCE, FaultServer, Relay, running
from tests.delivery.world import NEXT_DAY, Make, names, open_world, reader

PIPELINING = ("SIZE 10000000", "8BITMIME", "PIPELINING")
GARBAGE = "xyzzy \x00\xff"
ENDLESS = "250 " + "z" * 100_000


@pytest.mark.parametrize(
    ("phase", "answer", "states"),
    [
        ("MAIL", "421 4.7.0 too many mails", {"sent": 4}),
        ("MAIL", "451 4.3.0 out of space", {"sent": 4}),
        ("MAIL", CUT, {"sent": 4}),
        ("MAIL", GARBAGE, {"sent": 4}),
        ("RCPT", "450 4.2.0 greylisted", {"sent": 3, "deferred": 1}),
        ("RCPT", "452 4.5.3 too many", {"sent": 3, "deferred": 1}),
        ("RCPT", "450 4.7.25 rate", {"sent": 3, "deferred": 1}),
        ("RCPT", "550 5.1.1 no such user", {"sent": 3, "rejected": 1}),
        ("RCPT", "552 exceeded storage allocation", {"sent": 3, "rejected": 1}),
        ("RCPT", "421 4.3.2 bye", {"sent": 4}),
        ("RCPT", CUT, {"sent": 3, "deferred": 1}),
        ("RCPT", SILENCE, {"sent": 3, "deferred": 1}),
        ("RCPT", ENDLESS, {"sent": 3, "deferred": 1}),
        ("DATA", CUT, {"sent": 3, "deferred": 1}),
        ("DATA", "451 4.3.0 not now", {"sent": 3, "deferred": 1}),
        ("DATA", "354 go<cut>", {"sent": 3, "unknown": 1}),
        ("DATA", CUT_IN_BODY, {"sent": 3, "unknown": 1}),
        ("BODY", CUT, {"sent": 3, "unknown": 1}),
        ("BODY", ACCEPT_AND_CUT, {"sent": 3, "unknown": 1}),
        ("BODY", SILENCE, {"sent": 3, "unknown": 1}),
        ("BODY", GARBAGE, {"sent": 3, "unknown": 1}),
        ("BODY", ENDLESS, {"sent": 3, "unknown": 1}),
        ("BODY", "25<cut>", {"sent": 3, "unknown": 1}),
        ("BODY", "250-queued\r\n550 5.0.0 or not", {"sent": 3, "unknown": 1}),
        ("BODY", "354 go on", {"sent": 3, "unknown": 1}),
        ("BODY", "421 4.3.2 shutting down", {"sent": 4}),
        ("BODY", "451 4.3.0 not now", {"sent": 3, "deferred": 1}),
        ("BODY", "452 4.3.1 not now", {"sent": 3, "deferred": 1}),
        ("BODY", "550 5.6.0 broken", {"sent": 3, "rejected": 1}),
        ("BODY", "554-5.6.0 no\r\n554-5.6.0 really\r\n554 5.6.0 no", {"sent": 3, "rejected": 1}),
        ("BODY", "250 ok<cut>", {"sent": 4}),
        ("QUIT", CUT, {"sent": 4}),
        ("BANNER", "421 4.3.2 later", {"sent": 4}),
        ("BANNER", SILENCE, {"sent": 4}),
        ("BANNER", CUT, {"sent": 4}),
        ("BANNER", "<wait 0.1>220 slow", {"sent": 4}),
    ],
)
def test_one_fault_costs_one_reader_at_most_and_the_history_says_which(
    phase: str, answer: str, states: dict[str, int], make: Make, relay: Relay
) -> None:
    world = make(*names(4))
    world.relay_to(relay({phase: [answer]}))

    report = world.run()

    assert world.states() == states
    assert report.end is not None
    assert report.end.stopped is Stopped.DONE
    assert report.paused == ""


@pytest.mark.parametrize(
    ("phase", "answer", "states"),
    [
        ("MAIL", CUT, {"sent": 4}),
        ("RCPT", "450 4.2.0 greylisted", {"sent": 3, "deferred": 1}),
        ("RCPT", "550 5.1.1 no such user", {"sent": 3, "rejected": 1}),
        ("RCPT", "550 5.1.1 no such user<cut>", {"sent": 3, "rejected": 1}),
        ("RCPT", CUT, {"sent": 3, "deferred": 1}),
        ("RCPT", "250 ok\r\n250 ok too", {"sent": 3, "deferred": 1}),
        ("DATA", GARBAGE, {"sent": 3, "deferred": 1}),
        ("DATA", "354 go<cut>", {"sent": 3, "unknown": 1}),
        ("BODY", SILENCE, {"sent": 3, "unknown": 1}),
    ],
)
def test_it_is_the_same_where_commands_go_out_together(
    phase: str, answer: str, states: dict[str, int], make: Make, relay: Relay
) -> None:
    world = make(*names(4))
    world.relay_to(relay({phase: [answer]}, extensions=PIPELINING))
    world.run()
    assert world.states() == states


FAULTS = st.sampled_from(
    [
        CUT, SILENCE, GARBAGE, ENDLESS, ACCEPT_AND_CUT, "25<cut>", "250 ok<cut>", "250 ok", "354 go",
        "421 4.7.0 no", "450 4.2.0 later", "451 4.7.1 try again in 2 minutes", "550 5.1.1 nobody", "550 5.7.1 no",
        "552 5.2.2 full", "554-5.0.0 no\r\n554 5.0.0 no", "999 what", "220 hello", "334 more", "<wait 0.05>250 ok",
    ]
)  # fmt: skip


PHASES = ["BANNER", "MAIL", "RCPT", "DATA", "BODY", "RSET", "QUIT"]


SCRIPTS = st.dictionaries(st.sampled_from(PHASES), st.lists(FAULTS, min_size=1, max_size=5), max_size=4)


@settings(
    max_examples=15,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=SCRIPTS, extensions=st.sampled_from([PIPELINING, PIPELINING[:2]]), connections=st.integers(1, 3))
def test_whatever_a_server_does_no_run_loses_or_doubles_a_mail(
    script: dict[str, list[str]],
    extensions: Sequence[str],
    connections: int,
    tmp_path_factory: pytest.TempPathFactory,
    composer: Composer,
) -> None:
    server = FaultServer(script, extensions)
    folder = tmp_path_factory.mktemp("world")
    with running(server), open_world(folder, composer, names=names(5)) as world:
        limits = {"reply_timeout_seconds": 0.1, "final_reply_timeout_seconds": 0.1, "connect_timeout_seconds": 0.1}
        world.relay_to(server, connections=connections, **limits)
        for _ in range(2):
            world.run()
            world.store.pause.end()
            world.pass_time(hours=5)


def test_a_relay_that_isnt_there_charges_nobody_and_the_next_run_serves_all(
    make: Make, relay: Relay, unused_port: int
) -> None:
    world = make(*names(6))
    server = relay()
    port, server.port = server.port, unused_port
    world.relay_to(server, connections=3)

    first = world.run()
    server.port = port
    world.relay_to(server, connections=3)
    second = world.run()

    assert first.end is not None
    assert (first.end.stopped, first.paused) == (Stopped.RELAY_DOWN, "")
    assert world.states() == {"sent": 6}
    assert {row.attempts for row in world.rows().values()} == {1}
    assert second.end is not None
    assert second.end.stopped is Stopped.DONE


@pytest.mark.parametrize("banner", ["554 5.7.1 no service", "421 4.3.2 busy", CUT, SILENCE, GARBAGE])
def test_a_relay_that_lets_nobody_in_is_left_alone_after_five_tries(banner: str, make: Make, relay: Relay) -> None:
    world = make(*names(4))
    world.relay_to(server := relay({"BANNER": [banner, "…"]}))

    report = world.run()

    assert world.states() == {"pending": 4}
    assert server.connections == 5
    assert report.end is not None
    assert report.end.stopped is Stopped.RELAY_DOWN


def test_without_encryption_where_it_is_wanted_nothing_leaves(make: Make, relay: Relay) -> None:
    world = make(*names(2))
    world.relay_to(server := relay(extensions=("AUTH PLAIN",)), security="starttls", username="digest", password="x")

    report = world.run()

    assert world.states() == {"pending": 2}
    assert {command.split()[0] for command in server.commands} == {"EHLO"}
    assert report.end is not None
    assert "STARTTLS" in report.end.words


def test_a_mail_beyond_the_relay_s_size_is_not_begun_and_pauses_sending(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(server := relay(extensions=("SIZE 5000",)))
    assert "up to 5000 octets" in world.run().paused
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_an_international_address_goes_out_or_fails_with_the_reason(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.readers.append(reader("bob", "bücher.example"))
    world.readers.append(replace(reader("jürgen"), email="jürgen@readers.example"))
    world.relay_to(server := relay(extensions=()))

    world.run()

    assert world.states() == {"sent": 2, "failed": 1}
    assert "SMTPUTF8" in world.rows()["jürgen"].reply
    assert "bob@xn--bcher-kva.example" in server.recipients()


def test_one_digest_that_cant_be_made_costs_one_reader(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.readers.append(replace(reader("broken"), email="not an address"))
    world.relay_to(relay())
    report = world.run_unchecked()
    assert world.states() == {"sent": 3, "failed": 1}
    assert (report.paused, report.mismatch) == ("", "")


def test_digests_that_cant_be_made_pause_the_run_when_they_are_many(make: Make, relay: Relay) -> None:
    world = make()
    world.readers.extend(replace(reader(name), email=f"{name} nowhere") for name in names(20))
    world.relay_to(relay())
    report = world.run_unchecked()
    assert "5 digests of 5 can't be made" in report.paused
    assert world.states() == {"failed": 5, "pending": 15}


def test_a_day_without_papers_makes_no_mail(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay())
    report = world.run_unchecked(NEXT_DAY + timedelta(days=20))
    assert report.totals is not None
    assert (server.connections, report.totals.empty, report.totals.planned) == (0, 1, 0)
    assert report.mismatch == ""


def test_a_thousandfold_failure_fills_no_log(make: Make, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    world = make(*names(60))
    world.relay_to(relay({"RCPT": ["550 5.1.1 nobody here", "…"]}))
    world.run()
    lines = [record.getMessage() for record in caplog.records if "nobody here" in record.getMessage()]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 11
    assert "reader0@readers.example: rejected: 550 5.1.1 nobody here" in lines
    assert any("50 more" in record.getMessage() for record in caplog.records)
    assert world.states() == {"rejected": 60}
