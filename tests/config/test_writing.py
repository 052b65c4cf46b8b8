"""Files for readers: named after the address, never over another's, and written anew in one step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.config import write_new, write_whole


def test_addresses_that_would_share_a_name_get_a_file_each(tmp_path: Path) -> None:
    for email in ("a.b@example.org", "a-b@example.org", "A+B@example.org"):
        write_new(tmp_path, email, email)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {
        "a-b-example-org.toml": "a.b@example.org",
        "a-b-example-org-2.toml": "a-b@example.org",
        "a-b-example-org-3.toml": "A+B@example.org",
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=300))
def test_any_address_names_a_file_of_the_folder(tmp_path: Path, email: str) -> None:
    path = write_new(tmp_path, email, "")
    assert path.parent == tmp_path
    path.unlink()


def test_of_writers_at_the_same_moment_none_overwrites_another_and_every_file_is_whole(tmp_path: Path) -> None:
    gate, one = Barrier(4), tmp_path / "one.toml"
    one.touch()

    def write(number: int) -> Path:
        gate.wait()
        path = write_new(tmp_path, f"a{'.-+_'[number]}b@example.org", f"{number}" * 100_000)
        write_whole(one, f"{number}" * 100_000)
        return path

    for _ in range(10):
        with ThreadPoolExecutor(4) as threads:
            paths = list(threads.map(write, range(4)))
        assert [path.read_text() for path in paths] == [f"{number}" * 100_000 for number in range(4)]
        assert len(set(one.read_text())) == 1
        assert len(list(tmp_path.iterdir())) == 5, "nothing half-written is left"
        for path in paths:
            path.unlink()


def test_a_file_written_anew_keeps_who_may_read_it_and_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "ada.toml"
    path.write_text("")
    path.chmod(0o640)
    write_whole(path, "a\r\nb\n")
    assert (path.stat().st_mode & 0o777, path.read_bytes(), list(tmp_path.iterdir())) == (0o640, b"a\r\nb\n", [path])
