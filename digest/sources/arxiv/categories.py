"""arXiv's names for its categories: their one spelling, their aliases and their OAI sets. Knows no list of them.

Source: https://arxiv.org/category_taxonomy.
"""

from __future__ import annotations

import re

_ARCHIVE = r"[A-Za-z]+(-[A-Za-z]+)*"
_CATEGORY = rf"{_ARCHIVE}(\.{_ARCHIVE})?"
_CATEGORIES = re.compile(rf"{_CATEGORY}(\+{_CATEGORY})*")  # a feed may join several
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})
_ALIASES = {  # a paper's primary category is the name on the right, whichever of the two is asked for
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "q-fin.EC": "econ.GN",
    "stat.TH": "math.ST",
}


def check_category(category: str) -> str:
    """The category in arXiv's spelling. Raises ValueError if it looks like none, or several joined by `+`."""
    if not _CATEGORIES.fullmatch(category):
        raise ValueError(f"{category!r:.60} is no arXiv category — write one such as cs.LG, math or hep-th")
    return "+".join(map(_spell, category.split("+")))


def set_of(category: str) -> str:
    """The OAI set of a category or archive: `cs.LG` is `cs:cs:LG`, `astro-ph.CO` is `physics:astro-ph:CO`."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return ":".join(filter(None, (group, archive, subject)))


def is_of(primary: str, category: str) -> bool:
    """Whether a paper of that primary category is new in a category, and not cross-listed."""
    names = category.split("+")
    asked = set(names) | {_ALIASES[name] for name in names if name in _ALIASES}
    return primary in asked or primary.partition(".")[0] in asked


def _spell(category: str) -> str:
    """Archives are written small, subjects of two letters large: `cs.LG`, `cond-mat.soft`."""
    archive, dot, subject = category.partition(".")
    return archive.lower() + dot + (subject.upper() if len(subject) == 2 else subject.lower())  # noqa: PLR2004
