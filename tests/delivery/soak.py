"""Kills the sender at random moments, over and over, and counts what became of each mail; a program and a test's part.

`python -m tests.delivery.soak [--readers 2000] [--kills 200] [--seed 1]`: a run over so many readers is killed (-9) at
a random moment, then run again, until it has been killed so often; editions follow each other as long as kills are
left. The server counts Message-IDs. It ends with 1 if a mail was lost or doubled in silence, or too many were in doubt.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path

from digest.planning import CLAIMS_A_GROUP
from tests.delivery.hostile import FaultServer, running

CONNECTIONS = 4
FIRST_DAY = date(2026, 1, 5)


@dataclass
class Soak:
    """What the kills have left."""

    readers: int
    kills: int = 0
    editions: int = 0
    doubtful: list[int] = field(default_factory=list)
    """How many mails each kill has left in doubt."""
    doubled: int = 0
    lost: int = 0
    """Neither with the server nor in doubt nor waiting: nobody would ever notice."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost or doubled, and no kill left more in doubt than it may."""
        return not self.lost and not self.doubled and max(self.doubtful, default=0) <= CONNECTIONS + CLAIMS_A_GROUP

    def told(self) -> str:
        """The figures in a line."""
        doubt = f"{sum(self.doubtful)} in doubt, at most {max(self.doubtful, default=0)} after a kill"
        return (
            f"{self.kills} kills in {self.editions} editions of {self.readers} readers: "
            f"{self.lost} lost, {self.doubled} doubled, {doubt} ({CONNECTIONS} connections + {CLAIMS_A_GROUP} a group)"
        )


def soak(folder: Path, *, readers: int, kills: int, chance: random.Random) -> Soak:
    """Run editions and kill their senders until there were so many kills; then let the last edition come to its end."""
    found = Soak(readers)
    with running(FaultServer({}, extensions=("SIZE 10000000", "8BITMIME", "PIPELINING"))) as server:
        _prepare(folder, server.port, readers)
        while found.kills < kills:
            day = FIRST_DAY + timedelta(days=found.editions)
            found.editions += 1
            _announce(folder, day)
            _run_killing(folder, day, server, found, kills, chance)
            _count(folder, day, server, found)
            server.accepted.clear()
            server.bodies_seen.clear()
            server.commands.clear()
    return found


def _run_killing(folder: Path, day: date, server: FaultServer, found: Soak, kills: int, chance: random.Random) -> None:
    """Run the edition until it is through, killing it at random moments as long as kills are left."""
    while True:
        process = _start(folder, day)
        if found.kills >= kills:
            process.wait(timeout=600)
            return
        taken, wanted = len(server.bodies_seen), chance.randrange(found.readers // 10 + 1)
        while process.poll() is None and len(server.bodies_seen) < taken + wanted:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.01)
        is_over = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        if is_over:
            return
        found.kills += 1
        found.doubtful.append(_states(folder, day)["sending"])


def _count(folder: Path, day: date, server: FaultServer, found: Soak) -> None:
    headers = BytesHeaderParser()
    copies = Counter(str(headers.parsebytes(mail.content)["Message-ID"]) for mail in server.accepted)
    found.doubled += sum(count > 1 for count in copies.values())
    with closing(sqlite3.connect(folder / "data" / "digest.db")) as connection:
        rows = connection.execute("SELECT message_id, state FROM deliveries WHERE edition = ?", (str(day),)).fetchall()
    found.lost += found.readers - len(rows)
    found.lost += sum(state == "sent" and not copies[message_id] for message_id, state in rows)
    found.lost += sum(state not in ("sent", "unknown") for _, state in rows)


def _states(folder: Path, day: date) -> Counter[str]:
    with closing(sqlite3.connect(folder / "data" / "digest.db")) as connection:
        try:
            rows = connection.execute("SELECT state FROM deliveries WHERE edition = ?", (str(day),))
            return Counter(state for (state,) in rows)
        except sqlite3.OperationalError:  # killed before there was a table
            return Counter()


def _start(folder: Path, day: date) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("digest"))
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([program, "-q", "run", "--date", str(day)], cwd=folder, stdout=log, stderr=log)


def _prepare(folder: Path, port: int, readers: int) -> None:
    (folder / "papers").mkdir()
    (folder / "subscribers").mkdir()
    smtp = f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nmax_connections = {CONNECTIONS}\n'
    (folder / "config.toml").write_text(f'[sources.files]\npaths = ["papers/*"]\n{smtp}', encoding="utf-8")
    for number in range(readers):
        text = f'email = "reader{number}@example.org"\nkeywords = ["hedge"]\ntrending = 0\n'
        (folder / "subscribers" / f"r{number}.toml").write_text(text, encoding="utf-8")


def _announce(folder: Path, day: date) -> None:
    paper = {
        "id": f"{day:%y%m.%d}001", "title": f"A hedge of {day}", "authors": ["Ada Example"], "categories": ["cs.LG"],
        "summary": "We look at hedges.", "comment": None, "pdf": "", "abs": "",
    }  # fmt: skip
    (folder / "papers" / f"{day}.jsonl").write_text(json.dumps(paper), encoding="utf-8")


def main() -> int:
    """Soak as asked, and print the figures."""
    parser = argparse.ArgumentParser(description="Kill the sender over and over, and count.")
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), readers=asked.readers, kills=asked.kills, chance=random.Random(asked.seed))  # noqa: S311 - repeatable
    sys.stdout.write(found.told() + "\n")
    return 0 if found.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
