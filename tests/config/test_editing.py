"""A change in a subscriber file keeps all else as its owner wrote it, and means the same as in the profile."""

from __future__ import annotations

from copy import deepcopy
from datetime import time
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from digest.changes import Change, Edit, List
from digest.config import edit_values, read_subscriber
from digest.domain import Profile
from digest.matching import check_profile

FILE = """\
# Ada reads before work.
email = "ada@example.org"   # her own

[[interests]]
name = "Pruning"            # the first section
keywords = [
    "pruning",       # broad
    # sharper ones
    "structured pruning^2",
]
exclude = []
weight = 1.5

[[interests]]
name = "Cells"
query = "protein NOT survey"
"""


def profile_of(values: Any) -> Profile:
    return read_subscriber(values, file="ada.toml", timezone="UTC", send_at=time(7), check=check_profile).profile


def test_a_file_keeps_its_comments_its_order_and_its_layout() -> None:
    document = tomlkit.parse(FILE)

    edit_values(
        document,
        Change(
            (
                Edit(0, "Pruning", List.KEYWORDS, "", "mamba^1.5", 2),
                Edit(0, "Pruning", List.KEYWORDS, "pruning", "pruning^1.2", 0),
                Edit(0, "Pruning", List.EXCLUDE, "", 'the "x"', 0),
                Edit(1, "Cells", List.KEYWORDS, "", "enzyme", 0),
                Edit(2, "From your library", List.KEYWORDS, "", "diffusion", 0),
                Edit(2, "From your library", List.KEYWORDS, "", "flow matching", 1),
            )
        ),
    )

    assert tomlkit.dumps(document) == (
        FILE.replace('"pruning",       #', '"pruning^1.2",       #')
        .replace('    "structured pruning^2",\n', '    "structured pruning^2",\n    "mamba^1.5",\n')
        .replace("exclude = []", 'exclude = ["the \\"x\\""]')
        + 'keywords = ["enzyme"]\n'
        + '[[interests]]\nname = "From your library"\nkeywords = ["diffusion", "flow matching"]\n'
    )


def test_the_short_form_of_a_file_stays_short() -> None:
    document = tomlkit.parse('name = "Maya"\nemail = "maya@example.org"\n')
    learnt = Change((Edit(0, "", List.KEYWORDS, "", "mamba", 0), Edit(0, "", List.EXCLUDE, "", "survey", 0)))

    edit_values(document, learnt)
    assert tomlkit.dumps(document) == (
        'name = "Maya"\nemail = "maya@example.org"\nkeywords = ["mamba"]\nexclude = ["survey"]\n'
    )
    edit_values(document, learnt.invert())
    assert tomlkit.dumps(document) == 'name = "Maya"\nemail = "maya@example.org"\n'


VALUES: list[dict[str, Any]] = [
    {},
    {"keywords": ["pruning"]},
    {"keywords": ["pruning"], "interests": [{"name": "Cells", "keywords": ["protein"]}]},
    {"interests": [{"name": "", "query": "mamba"}, {"name": "Cells", "keywords": ["protein"], "exclude": ["x-ray"]}]},
    {"name": "Ada", "authors": ["Song Han"], "interests": []},
]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    words = st.sampled_from(["pruning", "protein", "x-ray", "mamba", "mamba^2"])

    def any_edit() -> Edit:
        before = draw(words | st.just(""))
        after = draw(words if not before else words.filter(lambda word: word != before))
        where = draw(st.sampled_from(List)) if before else List.KEYWORDS
        name = draw(st.sampled_from(["", "Cells", "New"]))
        return Edit(draw(st.integers(0, 3)), name, where, before, after, draw(st.integers(0, 3)))

    return Change(tuple(any_edit() for _ in range(draw(st.integers(0, 5)))))


@given(st.sampled_from(VALUES), changes())
def test_the_values_mean_the_profile_that_the_change_makes_and_undoing_brings_the_former_one_back(
    values: dict[str, Any], change: Change
) -> None:
    held = {"email": "ada@example.org", **deepcopy(values)}
    document = tomlkit.parse(tomlkit.dumps(held))
    before = profile_of(held)
    fitting = change.effective(before)

    for each in (held, document):
        edit_values(each, change)
        assert profile_of(each.unwrap() if isinstance(each, tomlkit.TOMLDocument) else each) == change.apply(before)
        edit_values(each, fitting.invert())
        assert profile_of(each.unwrap() if isinstance(each, tomlkit.TOMLDocument) else each) == before
