"""How near does the whole job come to what a mail server can take? This measures it, by turns, on loopback.

One side composes digests of the sample edition, commits each claim and outcome durably to SQLite, and sends over
reused connections to Postfix's smtp-sink; another does so in several processes that share the edition, and a third
sends mails composed beforehand. The ceiling is Postfix's smtp-source, which repeats one mail of the same size over as
many connections and remembers nothing. Beside them stands what comes first to mind: smtplib, a connection, an
EmailMessage and a commit for each mail. All run in turn, several times; the table shows medians and the ratio. With
`--sign` mails are signed with DKIM and a key of RSA-2048, by dkimpy on the naive side; then the ceiling is the
signatures a second that `openssl speed` tells of one core.

`python benchmarks/delivery.py [--mails 2000] [--connections 16] [--rounds 5] [--processes CORES] [--sign] [--memory
READERS]`; needs smtp-sink and smtp-source, of Debian's package postfix. `--memory` prints the most memory that a run
for so many signed up readers takes, over the first of its mails.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import multiprocessing
import os
import resource
import shutil
import smtplib
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest import demo
from digest.composing import open_composer
from digest.composing.signing import Sign, Signer
from digest.config import subscriber_id
from digest.config.subscribers import read_subscriber
from digest.delivery import Relay, send_emails
from digest.delivery.smtp import Smtp
from digest.dispatching import Dispatch
from digest.domain import DeliveryState, Edition, Interest, Letterhead, Profile, Subscriber
from digest.mailing import deliver_digests
from digest.parts import Choice, Parts, RunReport
from digest.pipeline import collect_edition, plan_digests
from digest.preview import preview_email
from digest.sources import open_http
from digest.sources.files import Files
from digest.storage import open_store

DAY = date(2026, 6, 30)
MORNING = datetime(2026, 6, 30, 7, 30, tzinfo=UTC)
NAIVE_MAILS = 200
MAILS_WATCHED = 2_000
FORK = multiprocessing.get_context("fork")
"""So that a process has from the start what others take a second to import and compile."""
WORDS = (
    "language model",
    "diffusion",
    "agent",
    "reasoning",
    "segmentation",
    "attention",
    "benchmark",
    "graph",
    "video",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One turn of one side."""

    mails: int
    seconds: float
    cpu_seconds: float
    """Of the sending side alone."""

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


def main() -> None:
    """Print the table."""
    gc.freeze()  # as the program does
    asked = _read_arguments()
    logging.disable(logging.WARNING)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    tools = {name: shutil.which(name, path=path) for name in ("smtp-sink", "smtp-source")}
    if None in tools.values():
        sys.exit("smtp-sink and smtp-source are missing: apt-get install postfix")
    with running_sink(str(tools["smtp-sink"])) as port:
        if asked.memory:
            print_memory(asked.memory, port, asked.connections)
            return
        octets, mails, connections, processes = measure_a_mail(port), asked.mails, asked.connections, asked.processes
        several = f"the same by {processes} processes"
        source = partial(repeat_one_mail, str(tools["smtp-source"]), octets)
        sides: dict[str, Callable[[], Measured]] = {
            "smtp-source, the ceiling": lambda: source(mails, port, connections),
            "digest: compose, commit, send": lambda: send_digests(mails, port, connections),
            several: lambda: send_digests(mails, port, connections, processes=processes),
            "digest: commit, send": lambda: send_composed(mails, port, connections),
            "naive: smtplib, all anew for each": lambda: send_naively(NAIVE_MAILS, port, octets),
        }
        if asked.sign:
            pem, signer = make_key()
            sides = {
                "openssl speed rsa2048, the ceiling": measure_signatures,
                "digest: compose, sign, commit, send": lambda: send_digests(mails, port, connections, signer),
                several: lambda: send_digests(mails, port, connections, signer, processes=processes),
                "naive: the same with dkimpy": lambda: send_naively(NAIVE_MAILS, port, octets, sign=_by_dkimpy(pem)),
            }
        turns: dict[str, list[Measured]] = {name: [] for name in sides}
        for _ in range(asked.rounds):
            for name, measure in sides.items():
                turns[name].append(measure())
    print_table(turns, octets, connections)


def print_table(turns: dict[str, list[Measured]], octets: int, connections: int) -> None:
    """Medians of all turns; ratios are medians of the ratios within a turn, which met the same machine."""
    ceiling = next(iter(turns.values()))
    print(f"mails of {octets / 1000:.0f} KB, {connections} connections, {len(ceiling)} turns, {os.cpu_count()} cores")
    print(f"{'':36}{'mails/s':>9}{'CPU µs/mail':>13}{'of the ceiling':>16}")
    for name, measured in turns.items():
        rate = statistics.median(one.rate for one in measured)
        cpu = statistics.median(one.cpu_seconds / one.mails for one in measured)
        ratio = statistics.median(one.rate / top.rate for one, top in zip(measured, ceiling, strict=True))
        print(f"{name:36}{rate:9.0f}{cpu * 1e6:13.0f}{ratio:16.0%}")


def print_memory(readers: int, port: int, connections: int) -> None:
    """The most memory that a run takes while so many readers wait, over the first mails of it."""
    done = list[int]()
    with tempfile.TemporaryDirectory() as folder, _open_parts(Path(folder), 0, port, connections) as parts:
        _sign_up(Path(folder), readers)
        collect_edition(Edition(DAY, DAY), parts)
        plan_digests(parts.each_reader(), DAY, parts)
        planned = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        enough = replace(
            parts,
            stopping=lambda: len(done) >= MAILS_WATCHED,
            on_progress=lambda _stage, count, _total: done.append(count),
        )
        deliver_digests(DAY, enough, Choice(), RunReport(DAY))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{readers} readers: at most {planned:.0f} MB after the plan, {peak:.0f} MB after {len(done)} mails")


@contextmanager
def running_sink(program: str) -> Iterator[int]:
    """Postfix's sink on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([program, *user, f"127.0.0.1:{port}", "1000"]) as sink:  # noqa: S603 - as found in PATH
        try:
            _wait_for(port)
            yield port
        finally:
            sink.terminate()


def repeat_one_mail(program: str, octets: int, mails: int, port: int, connections: int) -> Measured:
    """What Postfix's own source reaches."""
    addresses = ["-f", "digest@example.org", "-t", "reader@example.org"]
    command = [program, "-d", "-s", str(connections), "-l", str(octets), "-m", str(mails), *addresses]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)  # noqa: S603 - as found in PATH
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Measured(mails, seconds, cpu)


def measure_signatures() -> Measured:
    """How often a second one core signs, as OpenSSL tells of itself."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
    command = ["openssl", "speed", "-mr", "-seconds", "2", "rsa2048"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - no input
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    rate = float(told.rpartition("+F2:")[2].split(":")[2])
    return Measured(round(rate * seconds), seconds, after - before)


def make_key() -> tuple[bytes, Signer]:
    """A key of RSA-2048, for dkimpy and for us."""
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, Signer("example.org", "benchmark", key)


def measure_a_mail(port: int) -> int:
    """The median size of the digests; it also compiles what is compiled at first use."""
    with tempfile.TemporaryDirectory() as folder, _open_parts(Path(folder), 30, port, 1) as parts:
        collect_edition(Edition(DAY, DAY), parts)
        sizes = [len(preview_email(reader, DAY, parts).content) for reader in parts.readers()]
    return int(statistics.median(sizes))


def send_digests(mails: int, port: int, connections: int, sign: Sign | None = None, *, processes: int = 1) -> Measured:
    """The whole job for so many readers, after the day was collected and planned; by processes that are there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _open_parts(folder, mails, port, connections, sign) as parts:
            collect_edition(Edition(DAY, DAY), parts)
            plan_digests(parts.readers(), DAY, parts)
        ready, done = FORK.Barrier(processes), FORK.SimpleQueue()
        each = connections // processes
        shares = [
            FORK.Process(target=_send_a_share, args=(folder, mails, port, each, sign, number > 0, ready, done))
            for number in range(processes)
        ]
        for share in shares:
            share.start()
        began, ended, cpu, mismatches = zip(*(done.get() for _ in shares), strict=True)
        for share in shares:
            share.join()
        with _open_parts(folder, 0, port, 1) as parts:
            states, _ = parts.store.history.totals(DAY)
    if states[DeliveryState.SENT] != mails or any(mismatches):
        sys.exit(f"not everybody got a mail: {states} {mismatches}")
    return Measured(mails, max(ended) - min(began), sum(cpu))


def _send_a_share(
    folder: Path, mails: int, port: int, connections: int, sign: Sign | None, is_helping: bool,  # noqa: FBT001 - positional across processes
    ready: Barrier, done: SimpleQueue[tuple[float, float, float, str]],
) -> None:  # fmt: skip
    report, choice = RunReport(DAY), Choice(is_helping=is_helping)
    with _open_parts(folder, mails, port, connections, sign) as parts:
        ready.wait()
        before, began = time.process_time(), time.monotonic()
        deliver_digests(DAY, parts, choice, report)
        done.put((began, time.monotonic(), time.process_time() - before, report.mismatch))


def send_composed(mails: int, port: int, connections: int) -> Measured:
    """The same with one mail that was composed before, for everybody."""
    with tempfile.TemporaryDirectory() as folder, _open_parts(Path(folder), mails, port, connections) as parts:
        collect_edition(Edition(DAY, DAY), parts)
        plan_digests(parts.readers(), DAY, parts)
        first, *_ = everybody = parts.readers()
        composed = preview_email(first, DAY, parts)
        emails = (replace(composed, recipient=one.email, subscriber_id=one.id) for one in everybody)
        before, began = time.process_time(), time.perf_counter()
        with parts.store.deliveries.open_ownership() as owner:
            dispatch = Dispatch(parts.store.deliveries, owner)
            send_emails(dispatch.claim(emails), parts.relays, dispatch.record)
            dispatch.close()
        measured = Measured(mails, time.perf_counter() - began, time.process_time() - before)
        states, _ = parts.store.history.totals(DAY)
    if states[DeliveryState.SENT] != mails:
        sys.exit(f"not everybody got a mail: {states}")
    return measured


def send_naively(mails: int, port: int, octets: int, sign: Callable[[bytes], bytes] = bytes) -> Measured:
    """What comes first to mind."""
    text = "A line of a mail that is as long as the others are, more or less.\n" * (octets // 66)
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "history.db")) as history:
        history.execute("PRAGMA synchronous = FULL")
        history.execute("CREATE TABLE sent (reader TEXT PRIMARY KEY)")
        before, began = time.process_time(), time.perf_counter()
        for number in range(mails):
            message = EmailMessage()
            message["From"], message["To"] = "digest@example.org", f"reader{number}@example.org"
            message["Subject"] = "Papers"
            message.set_content(text)
            with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
                client.sendmail("digest@example.org", message["To"], sign(message.as_bytes(policy=SMTP)))
            history.execute("INSERT INTO sent VALUES (?)", (message["To"],))
            history.commit()
        return Measured(mails, time.perf_counter() - began, time.process_time() - before)


def _by_dkimpy(pem: bytes) -> Callable[[bytes], bytes]:
    relaxed = (b"relaxed", b"relaxed")
    return lambda content: dkim.sign(content, b"benchmark", b"example.org", pem, canonicalize=relaxed) + content


@contextmanager
def _open_parts(folder: Path, readers: int, port: int, connections: int, sign: Sign | None = None) -> Iterator[Parts]:
    letterhead = Letterhead("Papers", "Papers <digest@example.org>", "https://example.org", ("a key",))
    composer = open_composer(letterhead, sign=sign)
    everybody = tuple(_reader(number) for number in range(readers))
    with open_store(f"sqlite:///{folder}/digest.db", now=lambda: MORNING, read_signup=_read_signup) as store:
        yield Parts(
            store=store,
            composer=composer,
            sources={"files": Files(paths=[f"{demo.__path__[0]}/papers/arxiv-*.jsonl"])},
            open_http=partial(open_http, "operator@example.org"),
            read_files=lambda: everybody,
            relays=(Relay("sink", partial(Smtp, port=port, max_connections=connections), connections),),
            is_local=True,
            lookback=timedelta(days=1),
            expires_after=timedelta(hours=20),
            now=lambda: MORNING,
        )


def _sign_up(folder: Path, readers: int) -> None:
    """Write so many confirmed sign-ups straight into the database, as nobody waits for so many forms."""
    moment = MORNING.strftime("%Y-%m-%d %H:%M:%S.%f")
    columns = "(id, email, origin, status, details, created_at, confirmed_at)"
    people = (
        (reader.id, reader.email, json.dumps({"keywords": reader.profile.interests[0].keywords}))
        for reader in map(_reader, range(readers))
    )
    with closing(sqlite3.connect(folder / "digest.db")) as database, database:
        statement = f"INSERT INTO subscribers {columns} VALUES (?, ?, 'signup', 'active', ?, ?, ?)"  # noqa: S608 - ours
        database.executemany(statement, ((*person, moment, moment) for person in people))


def _read_signup(details: dict[str, Any]) -> Subscriber:
    return read_subscriber(details, file="", timezone="UTC", send_at=MORNING.time(), check=lambda _interest: ())


def _reader(number: int) -> Subscriber:
    email = f"reader{number}@example.org"
    words = tuple(sorted({WORDS[number % 9], WORDS[number % 7], WORDS[number % 5]}))
    profile = Profile(interests=(Interest(keywords=words),), max_papers=7, trending=0)
    return Subscriber(id=subscriber_id(email), email=email, profile=profile)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    sys.exit("smtp-sink doesn't answer")


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How near the whole job comes to what a mail server can take.")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--sign", action="store_true")
    parser.add_argument("--memory", type=int, default=0, metavar="READERS")
    return parser.parse_args()


if __name__ == "__main__":
    main()
