"""The loops that rank give the same results compiled and as plain Python."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

RANK = """
import json, random, sys
if {is_plain}:
    sys.modules["numba"] = None  # as if it weren't installed
from datetime import date
from digest.domain import Interest, Paper, Profile
from digest.matching import match_papers
from digest.matching import kernel
from digest.matching.columns import IS_COMPILED
chance = random.Random(5)
words = ["mamba", "vision", "pruning", "robots", "graphs", "survey"]
def some(): return " ".join(chance.choices(words, k=chance.randint(1, 8)))
papers = [Paper(id=str(n), title=some(), abstract=some(), announced=date(2026, 6, 30), upvotes=n % 7,
                categories=chance.choice([(), ("cs.LG",), ("cs.CL",)])) for n in range(60)]
profiles = [Profile(tuple(Interest(name=str(k), keywords=tuple(chance.sample(words, 2)), weight=chance.random() + 0.1,
                                   exclude=chance.choice([(), ("survey",)]), categories=chance.choice([(), ("cs",)]))
                          for k in range(3)), min_score=chance.choice([0.0, 2.0])) for _ in range(40)]
match_papers(papers, [Profile()])
found = match_papers(papers, profiles)
rows = [[(m.paper.id, m.interest, m.score) for m in matches] for matches in found]
print(json.dumps([IS_COMPILED, rows, len(kernel.rank_profiles.signatures) if IS_COMPILED else 0]))
"""


def rank(*, is_plain: bool) -> tuple[bool, list[list[object]], int]:
    """Whether the loops were compiled, everybody's matches, and in how many forms the loops were compiled."""
    script = RANK.format(is_plain=is_plain)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    is_compiled, rows, forms = json.loads(done.stdout)
    return is_compiled, rows, forms


@pytest.mark.skipif(find_spec("numba") is None, reason="numba isn't installed: there is the plain form only")
def test_compiled_and_plain_loops_rank_alike() -> None:
    (is_compiled, fast, forms), (is_still_compiled, plain, _) = rank(is_plain=False), rank(is_plain=True)
    assert (is_compiled, is_still_compiled) == (True, False)
    assert forms == 1, "compiled again for a crowd of another size"
    assert sum(map(len, fast)) > 100
    assert fast == plain
