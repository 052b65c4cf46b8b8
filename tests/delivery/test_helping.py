"""Several processes that mail one edition: each reader is served once, and few digests are made in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from digest.parts import WHOEVER_WAITS, Parts, RunReport
from digest.pipeline import run_edition
from digest.planning import READERS_A_LOOK
from digest.storage import open_store
from tests.delivery.hostile import FaultServer
from tests.delivery.world import DAY, Make, World, names

HELPING = replace(WHOEVER_WAITS, is_helping=True)
PATIENT = {"reply_timeout_seconds": 30.0, "final_reply_timeout_seconds": 30.0, "connect_timeout_seconds": 30.0}


@contextmanager
def another_process(world: World) -> Iterator[Parts]:
    """The same installation, opened once more."""
    file = world.papers.with_name("digest.db")
    read_signup = world.store.subscribers.read_signup
    with open_store(f"sqlite:///{file}", now=world.parts.now, read_signup=read_signup, secrets=("key",)) as store:
        yield replace(world.parts, store=store)


def test_several_processes_share_an_edition_and_make_few_digests_in_vain(
    make: Make, relay: Callable[..., FaultServer]
) -> None:
    world = make(*names(300))
    world.relay_to(relay(), connections=2, **PATIENT)
    world.plan_only()

    def mail(number: int) -> RunReport:
        with another_process(world) as parts:
            return run_edition(DAY, parts, replace(WHOEVER_WAITS, is_helping=number > 0))

    with ThreadPoolExecutor(2) as processes:
        reports = list(processes.map(mail, range(2)))

    world.reports.append(reports[0])
    world.check()
    assert world.states() == {"sent": 300}
    assert [report.mismatch for report in reports] == ["", ""]
    assert sum(report.composed for report in reports) <= 300 + 2 * READERS_A_LOOK


def test_a_relay_that_refuses_all_blames_nobody_however_many_processes_share_its_refusals(
    make: Make, relay: Callable[..., FaultServer]
) -> None:
    world = make(*names(6))
    world.relay_to(
        relay({"RCPT": ["550 5.1.1 no such user", "…"]}), connections=1, rate=2.9, **PATIENT
    )  # claims two at once
    world.plan_only()

    def mail(helpers: int) -> RunReport:
        """Send, and after the first mail let a helper take its share, which is helped alike."""
        left = [helpers - 1] if helpers else []

        def share(stage: str, *_: object) -> None:
            if stage == "delivering" and left:
                with ThreadPoolExecutor(1) as process:
                    process.submit(mail, left.pop()).result()

        with another_process(world) as parts:
            return run_edition(DAY, replace(parts, on_progress=share), HELPING)

    assert "6 of 6 mails were refused for good" in mail(2).paused
    assert world.states() == {"rejected": 6}
    assert world.store.suppressions.count() == 0


def test_a_helper_gives_up_nobody_whom_it_does_not_know(make: Make, relay: Callable[..., FaultServer]) -> None:
    world = make("ada", "bob")
    world.relay_to(relay())
    world.plan_only()
    ada, _ = world.readers

    with another_process(world) as parts:
        run_edition(DAY, replace(parts, read_files=lambda: (ada,)), HELPING)

    assert {name: row.state for name, row in world.rows().items()} == {"ada": "sent", "bob": "pending"}


def test_a_helper_promises_nobody_anything(make: Make, relay: Callable[..., FaultServer]) -> None:
    world = make("ada")
    server = relay()
    world.relay_to(server)

    assert run_edition(DAY, world.parts, HELPING).composed == 0
    assert not world.rows()
    assert server.connections == 0
