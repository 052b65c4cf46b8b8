from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def pages() -> dict[str, bytes]:
    """All of our pages by name."""
    return {path.name: path.read_bytes() for path in (Path(__file__).parents[2] / "pages").iterdir()}
