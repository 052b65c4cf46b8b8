"""One request at a time to a service, and not too soon after the last one, whoever asks."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from digest.errors import SourceBlocked, SourceError
from digest.sources._http import Retries, open_http
from digest.sources._http.pace import Pace, service_of
from tests.sources.plain_server import Clock

PLACE = "https://one.example/a"


def _pace(clock: Clock, folder: Path | None = None, wait_seconds: float = 0.0) -> Pace:
    return Pace(wait_seconds, folder=folder, clock=clock, sleep=clock.sleep)


def _ask(pace: Pace, host: str, patience_seconds: float = 600.0) -> None:
    with pace.turn(host, patience_seconds=patience_seconds, place=PLACE):
        pass


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("rss.arxiv.org", "arxiv.org"),
        ("arxiv.org", "arxiv.org"),
        ("export.arxiv.org.", "arxiv.org"),
        ("eutils.ncbi.nlm.nih.gov", "ncbi.nlm.nih.gov"),
        ("notarxiv.org", "notarxiv.org"),
        ("arxiv.org.evil.example", "arxiv.org.evil.example"),
        ("api.example.org", "api.example.org"),
    ],
)
def test_a_service_is_a_known_name_with_all_below_it_and_else_the_host(host: str, service: str) -> None:
    assert service_of(host) == service


def test_all_of_arxiv_is_asked_once_in_three_seconds_and_nobody_else_waits_for_that() -> None:
    clock = Clock()
    pace = _pace(clock)
    for host in ("rss.arxiv.org", "huggingface.co", "export.arxiv.org", "arxiv.org"):
        _ask(pace, host)
    assert clock.slept == [3.0, 3.0]


def test_the_time_that_passed_anyway_is_not_waited_again() -> None:
    clock = Clock()
    pace = _pace(clock)
    _ask(pace, "rss.arxiv.org")
    clock.now += 2.0
    _ask(pace, "rss.arxiv.org")
    clock.now += 20.0
    _ask(pace, "rss.arxiv.org")
    assert clock.slept == [1.0]


def test_other_services_have_their_own_waits() -> None:
    clock = Clock()
    pace = _pace(clock)
    for host in ("eutils.ncbi.nlm.nih.gov", "huggingface.co", "one.example"):
        _ask(pace, host)
        _ask(pace, host)
    assert clock.slept == pytest.approx([0.34, 1.0, 1.0])


def test_the_operator_can_ask_for_longer_waits_but_not_for_shorter_ones() -> None:
    for asked, waited in ((2.0, [3.0, 2.0]), (5.0, [5.0, 5.0]), (0.0, [3.0, 1.0])):
        clock = Clock()
        pace = _pace(clock, wait_seconds=asked)
        for host in ("arxiv.org", "arxiv.org", "one.example", "one.example"):
            _ask(pace, host)
        assert clock.slept == waited


def test_this_machine_is_never_kept_waiting() -> None:
    clock = Clock()
    pace = _pace(clock)
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1"):
        with pace.turn(host, patience_seconds=0.0, place=PLACE):
            _ask(pace, host, patience_seconds=0.0)
    assert clock.slept == []


def test_two_processes_that_share_a_folder_keep_one_pace(tmp_path: Path) -> None:
    clock = Clock()
    _ask(_pace(clock, tmp_path), "rss.arxiv.org")
    clock.now += 1.0
    _ask(_pace(clock, tmp_path), "export.arxiv.org")
    assert clock.slept == [2.0]


@pytest.mark.parametrize("jump", [-5.0, -900.0, -1e9, 1e9])
def test_no_jump_of_the_clock_makes_anybody_wait_for_long(tmp_path: Path, jump: float) -> None:
    clock = Clock()
    _ask(_pace(clock, tmp_path), "arxiv.org")
    clock.now += jump
    _ask(_pace(clock, tmp_path), "arxiv.org")
    assert sum(clock.slept) in (3.0, 0.0)


@pytest.mark.parametrize(
    "note", [b"", b"{", b"[]", b'{"asked_at": 1000, "rest": 1e9}', b'{"asked_at": NaN, "rest": 1}']
)
def test_a_note_that_makes_no_sense_holds_up_nobody_for_long(tmp_path: Path, note: bytes) -> None:
    tmp_path.joinpath("arxiv.org.json").write_bytes(note)
    clock = Clock()
    _ask(_pace(clock, tmp_path), "arxiv.org")
    assert sum(clock.slept) <= 600.0


def test_a_service_that_asks_for_a_rest_is_left_alone_by_every_process(tmp_path: Path) -> None:
    clock = Clock()
    pace = _pace(clock, tmp_path)
    with pace.turn("one.example", patience_seconds=600.0, place=PLACE):
        pace.hold_back("one.example", 30.0)
    _ask(_pace(clock, tmp_path), "one.example")
    _ask(_pace(clock, tmp_path), "one.example")
    assert clock.slept == [30.0, 1.0]


def test_a_rest_longer_than_our_patience_is_told_and_not_waited() -> None:
    clock = Clock()
    pace = _pace(clock)
    with pace.turn("one.example", patience_seconds=600.0, place=PLACE):
        pace.hold_back("one.example", 86_400.0)
    with pytest.raises(SourceBlocked, match=r"one\.example/a: one\.example asked to be left alone for 600"):
        _ask(pace, "one.example", patience_seconds=20.0)
    assert clock.slept == []


def test_one_request_at_a_time_goes_to_a_service() -> None:
    pace = _pace(Clock())
    with pace.turn("rss.arxiv.org", patience_seconds=0.0, place=PLACE):
        failures: list[Exception] = []

        def ask_too() -> None:
            try:
                _ask(pace, "export.arxiv.org", patience_seconds=0.01)
            except SourceError as error:
                failures.append(error)

        thread = threading.Thread(target=ask_too)
        thread.start()
        thread.join()
    assert "no turn at arxiv.org" in str(failures[0])
    assert PLACE in str(failures[0])


OTHER_PROCESS = """
import sys, time
from pathlib import Path
from digest.sources._http.pace import Pace
pace = Pace(0.0, folder=Path(sys.argv[1]), clock=time.monotonic, sleep=time.sleep)
with pace.turn("rss.arxiv.org", patience_seconds=9.0, place=""):
    print("asking", flush=True)
    sys.stdin.read()
"""


def test_one_request_at_a_time_goes_to_a_service_from_all_processes_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline().strip() == b"asking"
        with pytest.raises(SourceError, match=r"no turn at arxiv\.org"):
            _ask(_pace(Clock(), tmp_path), "export.arxiv.org", patience_seconds=0.05)
        _ask(_pace(Clock(), tmp_path), "huggingface.co", patience_seconds=0.05)
        other.kill()
    _ask(_pace(Clock(), tmp_path), "export.arxiv.org")


def test_a_folder_that_cannot_be_used_costs_no_request_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    tmp_path.joinpath("file").touch()
    pace = _pace(clock, tmp_path / "file")
    for _ in range(3):
        _ask(pace, "one.example")
    assert clock.slept == [1.0, 1.0]
    assert len(caplog.messages) == 1
    assert "can't take turns" in caplog.text


def test_a_request_waits_for_its_turn_and_a_server_that_asked_for_a_rest_gets_it_from_every_source(
    upstream: Any, tmp_path: Path
) -> None:
    clock = Clock()
    url = f"http://127.1:{upstream.server_port}"  # this machine under a name that isn't known as such
    upstream.says("/busy", status=429, headers={"Retry-After": "20"})
    upstream.says("/page", "words")
    retries = Retries(attempts=1)
    with open_http("me@example.org", folder=tmp_path, retries=retries, clock=clock, sleep=clock.sleep) as http:
        with pytest.raises(SourceBlocked):
            http.get(f"{url}/busy")
        http.for_source().get(f"{url}/page")
        http.get(f"{url}/page")
    assert clock.slept == [20.0, 1.0]
