"""Kills the sender at random moments, over and over, and counts what became of each mail; a program and a test's part.

`python -m tests.delivery.soak [--readers 2000] [--kills 200] [--helpers 0] [--seed 1]`: a process that runs an edition
for so many readers is killed (-9) at a random moment, and another goes on, until so many were killed; editions follow
each other as long as kills are left. With helpers, which share the edition, any of them is killed. A server counts
Message-IDs. It ends with 1 if a mail was lost or doubled in silence, or if after a kill more were claimed than all
processes have connections, plus one group of claims each.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path

from digest.composing import open_composer
from digest.delivery import Relay
from digest.delivery.smtp import Smtp
from digest.domain import DeliveryState, Edition, Letterhead
from digest.pipeline import collect_edition, plan_digests
from digest.planning import CLAIMS_A_GROUP
from digest.preview import preview_digest
from tests.delivery.hostile import FaultServer, running
from tests.delivery.world import DAY, World, names, open_world

CONNECTIONS = 4
KEPT_EVERY_SECONDS = 0.005


@dataclass
class Soak:
    """What the kills have left."""

    readers: int
    processes: int = 1
    kills: int = 0
    editions: int = 0
    doubtful: list[int] = field(default_factory=list)
    """How many mails each kill has left in doubt, those included that other processes are about to send."""
    doubled: int = 0
    lost: int = 0
    """Marked as sent and never taken, or neither sent nor in doubt in the end: nobody would ever notice."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost or doubled, and no kill left more in doubt than it may."""
        most = self.processes * (CONNECTIONS + CLAIMS_A_GROUP)
        return not self.lost and not self.doubled and max(self.doubtful, default=0) <= most

    def told(self) -> str:
        """The figures in a line."""
        doubt = f"{sum(self.doubtful)} in doubt, at most {max(self.doubtful, default=0)} after a kill"
        return (
            f"{self.kills} kills in {self.editions} editions of {self.readers} readers: {self.lost} lost, "
            f"{self.doubled} doubled, {doubt} (of {CONNECTIONS} connections and a group of {CLAIMS_A_GROUP} "
            f"in each of {self.processes} processes)"
        )


def soak(folder: Path, *, readers: int, kills: int, chance: random.Random, helpers: int = 0) -> Soak:
    """Run editions and kill their senders until there were so many kills; then let the last edition come to its end."""
    found, taken = Soak(readers, 1 + helpers), folder / "taken"
    composer = open_composer(Letterhead("Papers", "Papers <digest@papers.example>", "https://papers.example", ("key",)))
    with counting_server(taken) as port, open_world(folder, composer, names=names(readers)) as world:
        relay = Relay("server", partial(Smtp, port=port), CONNECTIONS)
        world.parts = replace(world.parts, relays=(relay,))
        while found.kills < kills:
            day = DAY + timedelta(days=found.editions)
            found.editions += 1
            _prepare(world, day)
            _run_killing(world, day, taken, found, kills, chance)
            _count(world, day, taken, found)
            world.pass_time(days=1)
    return found


def _prepare(world: World, day: date) -> None:
    world.announce(day)
    collect_edition(Edition(day, day - timedelta(days=7)), world.parts)
    plan_digests(world.parts.readers(), day, world.parts)
    preview_digest(world.readers[0], day, world.parts)  # loads what is compiled, once for all processes


def _run_killing(world: World, day: date, taken: Path, found: Soak, kills: int, chance: random.Random) -> None:
    """Run the edition until it is through, killing processes at random moments as long as kills are left."""
    helping = {_start(world, day, is_helping=number > 0): number > 0 for number in range(found.processes)}
    while helping:
        process = chance.choice(list(helping))
        if found.kills < kills:
            _wait_for(taken, _size(taken) + chance.randrange(found.readers // 25 + 1), process)
            time.sleep(chance.random() * 0.02)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        is_helping = helping.pop(process)
        if not os.WIFEXITED(status):
            found.kills += 1
            found.doubtful.append(world.states(day)["sending"])
            helping[_start(world, day, is_helping=is_helping)] = is_helping


def _start(world: World, day: date, *, is_helping: bool) -> int:
    """A process of its own that runs the edition as `digest send` does; returns its id."""
    world.store.deliveries.engine.dispose()  # no connection is shared with the child
    process = os.fork()
    if process == 0:
        try:
            world.run_unchecked(day, collects=False, plans=False, is_helping=is_helping)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told by its exit status, and the row counts
            os._exit(1)
    return process


def _wait_for(taken: Path, count: int, process: int) -> None:
    while _size(taken) < count and not os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.001)


def _count(world: World, day: date, taken: Path, found: Soak) -> None:
    copies = Counter(taken.read_text(encoding="ascii").split())
    rows = world.rows(day).values()
    found.doubled += sum(copies[row.message_id] > 1 for row in rows)
    found.lost += found.readers - len(rows)
    for row in rows:
        is_told = row.state is DeliveryState.UNKNOWN or (
            row.state is DeliveryState.SENT and copies[row.message_id] == 1
        )
        found.lost += not is_told


def _size(taken: Path) -> int:
    with taken.open("rb") as file:
        return sum(1 for _ in file)


@contextmanager
def counting_server(taken: Path) -> Iterator[int]:
    """A server in a process of its own, which writes the Message-ID of each mail it takes; yields its port."""
    taken.touch()
    command = [sys.executable, "-m", "tests.delivery.soak", "--serve", str(taken)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def _serve(taken: Path) -> None:
    headers = BytesHeaderParser()
    server = FaultServer({}, extensions=("SIZE 10000000", "8BITMIME", "PIPELINING"))
    with running(server), taken.open("a", encoding="ascii", buffering=1) as file:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        while True:
            while server.accepted:
                mail = server.accepted.pop(0)
                file.write(f"{headers.parsebytes(mail.content)['Message-ID']}\n")
            server.bodies_seen.clear()
            server.commands.clear()
            time.sleep(KEPT_EVERY_SECONDS)


def main() -> int:
    """Soak as asked, and print the figures."""
    parser = argparse.ArgumentParser(description="Kill the sender over and over, and count.")
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--helpers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        _serve(asked.serve)
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(asked.seed)  # noqa: S311 - to be repeated
        found = soak(Path(folder), readers=asked.readers, kills=asked.kills, chance=chance, helpers=asked.helpers)
    sys.stdout.write(found.told() + "\n")
    return 0 if found.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
