"""Papers that turn out to be one: the one that no digest can have shown joins the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Edition
from digest.identity import title_id
from digest.storage import Store

DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]


@pytest.mark.parametrize("come", ["at once", "one after the other"])
def test_two_papers_that_a_third_record_shows_to_be_one_are_joined(
    come: str, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    batches = [
        batch(paper(1, title="Its title", upvotes=3, is_listed=True), source="huggingface"),
        batch(paper(id="doi:10.1016/one", title="Its name in the journal", comment="9 pages"), source="crossref"),
        batch(paper(1, title="Its title", aliases=("doi:10.1016/one",)), source="semanticscholar"),
    ]
    if come == "at once":
        collect(*batches)
    else:
        for one in batches:
            collect(one)

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.id, held.comment, held.upvotes) == ("arxiv:2606.00001", "9 pages", 3)
    assert {"doi:10.1016/one", title_id("Its name in the journal")} < set(held.aliases)
    seen = store.ledger.memory("crossref", Edition(DAY, DAY)).seen
    assert seen["arxiv:2606.00001"] == seen["doi:10.1016/one"] == DAY


def test_a_paper_that_takes_the_id_of_one_it_is_joined_with_keeps_it(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(id="doi:10.1016/one", title="Its name in the journal")))
    collect(batch(paper(1, title="Its title")))
    collect(batch(paper(1, title="Its title", aliases=("doi:10.1016/one",))))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert held.id == "arxiv:2606.00001"


def test_a_new_paper_that_turns_out_to_be_one_already_mailed_is_taken_back(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, title="Its title")))
    store.ledger.close_edition(DAY)
    collect(batch(paper(id="doi:10.1016/one", title="Its name in the journal", announced=NEXT_DAY)), day=NEXT_DAY)

    collect(batch(paper(1, title="Its title", aliases=("doi:10.1016/one",)), day=NEXT_DAY), day=NEXT_DAY)

    assert store.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY) == ()
    assert [held.title for held in store.papers.of_edition(DAY, as_of=NEXT_DAY)] == ["Its title"]


def test_two_papers_that_were_both_mailed_stay_two(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, title="Its title"), paper(id="doi:10.1016/one", title="Its name in the journal")))
    store.ledger.close_edition(DAY)

    collect(batch(paper(1, title="Its title", aliases=("doi:10.1016/one",))), day=NEXT_DAY)

    assert len(store.papers.of_edition(DAY, as_of=NEXT_DAY)) == 2
