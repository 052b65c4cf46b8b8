"""Files for readers: named after the address, never over another's, and written anew in one step."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.config import free_path, write_whole


def test_addresses_that_would_share_a_name_get_a_file_each(tmp_path: Path) -> None:
    for email in ("a.b@example.org", "a-b@example.org", "A+B@example.org"):
        write_whole(free_path(tmp_path, email), email)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {
        "a-b-example-org.toml": "a.b@example.org",
        "a-b-example-org-2.toml": "a-b@example.org",
        "a-b-example-org-3.toml": "A+B@example.org",
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=300))
def test_any_address_names_a_file_of_the_folder(tmp_path: Path, email: str) -> None:
    path = free_path(tmp_path, email)
    assert path.parent == tmp_path
    write_whole(path, "")
    path.unlink()


def test_a_file_written_anew_keeps_who_may_read_it_and_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "ada.toml"
    path.write_text("")
    path.chmod(0o640)
    write_whole(path, "a\r\nb\n")
    assert (path.stat().st_mode & 0o777, path.read_bytes(), list(tmp_path.iterdir())) == (0o640, b"a\r\nb\n", [path])
