"""Fetched pages are kept: a day can be replayed, and a server is asked only for what is new."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digest.domain import BatchState, Edition, Memory
from digest.errors import SourceError
from digest.sources._http import HttpClient, Retries, open_http
from digest.sources._http.archive import Archive, Fetched
from digest.sources.files import Files
from tests.sources.plain_server import plain_server, reply

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\n\r\n"
Open = Callable[..., AbstractContextManager[HttpClient]]


@pytest.fixture
def open_keeping(tmp_path: Path) -> Open:
    return partial(open_http, "me@example.org", folder=tmp_path, retries=Retries(attempts=1), now=lambda: NOON)


def _kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("pages/*/*") if path.is_file())


def test_a_fetched_page_is_kept_with_address_time_status_and_headers(tmp_path: Path, open_keeping: Open) -> None:
    with plain_server(reply(b"caf\xe9", Content_Type="text/plain; charset=latin-1")) as server, open_keeping() as http:
        assert http.get(f"{server.url}/page", params={"day": 1}).body == "café".encode()
    body, head = _kept(tmp_path)
    assert (body.suffix, head.suffix, body.parent.name) == (".gz", ".json", "2026-03-11")
    assert gzip.decompress(body.read_bytes()) == b"caf\xe9"
    told = json.loads(head.read_bytes())
    assert (told["asked"], told["url"]) == (f"{server.url}/page?day=1",) * 2
    assert (told["time"], told["status"]) == ("2026-03-11T12:00:00Z", 200)
    assert told["headers"]["content-type"] == "text/plain; charset=latin-1"


def test_a_day_is_replayed_from_its_folder(
    tmp_path: Path, open_keeping: Open, page: Callable[[str], bytes], http: HttpClient
) -> None:
    with plain_server(reply(page("hf_list.json"))) as server, open_keeping() as keeping:
        keeping.get(server.url)
    source = Files(paths=[str(tmp_path / "pages" / "2026-03-11" / "*.gz")])
    [batch] = source.fetch(Edition(NOON.date(), NOON.date()), Memory(), http)
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)


def test_the_next_request_asks_for_news_only_and_an_unchanged_page_is_given_again(open_keeping: Open) -> None:
    validators: dict[str, Any] = {"ETag": 'W/"7"', "Last_Modified": "Wed, 11 Mar 2026 10:00:00 GMT"}
    first = reply(b"<t>\xe9</t>", Content_Type="text/xml; charset=latin-1", **validators)
    with plain_server(first, UNCHANGED) as server:
        with open_keeping() as http:
            fresh = http.get(f"{server.url}/page")
        with open_keeping() as http:
            again = http.get(f"{server.url}/page")
    assert "If-None-Match" not in server.told[0]
    assert 'If-None-Match: W/"7"\r\n' in server.told[1]
    assert "If-Modified-Since: Wed, 11 Mar 2026 10:00:00 GMT\r\n" in server.told[1]
    assert (fresh.is_unchanged, again.is_unchanged) == (False, True)
    assert (again.body, again.url, again.status, again.headers) == (fresh.body, fresh.url, 200, fresh.headers)


def test_one_client_asks_for_news_only_too(open_keeping: Open) -> None:
    with plain_server(reply(ETag='"7"'), UNCHANGED) as server, open_keeping() as http:
        assert [http.get(server.url).is_unchanged for _ in range(2)] == [False, True]


def test_a_page_that_changed_is_kept_beside_the_old_one_and_the_newest_counts(
    tmp_path: Path, open_keeping: Open
) -> None:
    with plain_server(reply(b"old", ETag='"1"'), reply(b"new", ETag='"2"'), UNCHANGED) as server:
        for hours in range(3):
            with open_keeping(now=lambda hours=hours: NOON + timedelta(hours=20 * hours)) as http:
                body = http.get(server.url).body
    assert 'If-None-Match: "2"' in server.told[2]
    assert body == b"new"
    assert [path.parent.name for path in _kept(tmp_path)] == ["2026-03-11"] * 2 + ["2026-03-12"] * 2


def test_another_query_is_another_page(open_keeping: Open) -> None:
    with plain_server(reply(ETag='"7"')) as server, open_keeping() as http:
        for number in (1, 2):
            http.get(server.url, params={"p": number})
    assert "If-None-Match" not in server.told[1]


def test_without_a_kept_page_an_unchanged_one_is_an_error_and_never_empty(open_keeping: Open) -> None:
    with plain_server(UNCHANGED) as server, open_keeping() as http, pytest.raises(SourceError, match="answered 304"):
        http.get(server.url)


@pytest.mark.parametrize("suffix", [".gz", ".json"])
@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b\x08", b"[]", b"{}"])
def test_a_damaged_page_is_told_and_fetched_anew(
    tmp_path: Path, open_keeping: Open, caplog: pytest.LogCaptureFixture, suffix: str, damage: bytes
) -> None:
    with plain_server(reply(ETag='"7"')) as server, open_keeping() as http:
        http.get(server.url)
        next(path for path in _kept(tmp_path) if path.suffix == suffix).write_bytes(damage)
        assert http.get(server.url).body == b"words"
    assert "If-None-Match" not in server.told[1]
    assert "fetched anew" in caplog.text


def test_a_page_that_is_lost_is_fetched_anew(tmp_path: Path, open_keeping: Open) -> None:
    with plain_server(reply(ETag='"7"')) as server, open_keeping() as http:
        http.get(server.url)
        shutil.rmtree(tmp_path / "pages")
        assert http.get(server.url).body == b"words"
    assert "If-None-Match" not in server.told[1]


def test_a_folder_that_cannot_be_written_costs_no_fetch_and_is_told_once(
    tmp_path: Path, open_keeping: Open, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.joinpath("pages").touch()
    with plain_server(reply()) as server, open_keeping() as http:
        assert [http.get(server.url).body for _ in range(2)] == [b"words"] * 2
    assert len(caplog.messages) == 1
    assert "aren't kept" in caplog.text


def test_a_validator_that_cannot_be_sent_is_left_out(open_keeping: Open) -> None:
    with plain_server(reply(ETag='"\xe9"')) as server, open_keeping() as http:
        for _ in range(2):
            assert http.get(server.url).body == b"words"
    assert "If-None-Match" not in server.told[1]


def test_a_page_behind_a_redirect_is_asked_for_news_where_it_came_from(open_keeping: Open) -> None:
    moved = reply(b"", status=302, Location="/there")
    with plain_server(moved, reply(ETag='"7"'), moved, UNCHANGED) as server, open_keeping() as http:
        assert [http.get(f"{server.url}/here").is_unchanged for _ in range(2)] == [False, True]
    assert ["If-None-Match" in told for told in server.told] == [False, False, False, True]


def test_old_pages_are_removed_and_nothing_else(tmp_path: Path, open_keeping: Open) -> None:
    archive = Archive(tmp_path / "pages", most_bytes=100)
    for day in (1, 2, 3):
        time = datetime(2026, 3, day, 23, tzinfo=UTC)
        archive.keep(Fetched("asked", "url", time, 200, {}, b"words"))
    tmp_path.joinpath("pages", "notes").mkdir()
    tmp_path.joinpath("pages", "2026-99-99").mkdir()
    with open_keeping(retention=timedelta(days=9)):
        pass
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [
        "2026-03-02",
        "2026-03-03",
        "2026-99-99",
        "notes",
    ]


def test_a_kept_page_comes_back_as_it_was(tmp_path: Path) -> None:
    page = Fetched("asked", "url", NOON, 200, {"etag": '"é"'}, b"\x1f\x8b nothing packed")
    Archive(tmp_path, most_bytes=100).keep(page)
    assert Archive(tmp_path, most_bytes=100).latest("asked") == page
    assert Archive(tmp_path, most_bytes=100).latest("something else") is None
    Archive(tmp_path, most_bytes=100).remove_before(date(2026, 3, 12))
    assert Archive(tmp_path, most_bytes=100).latest("asked") is None
