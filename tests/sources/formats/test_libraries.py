"""Libraries: the same works come out of each format, and what is no use is told with its place."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.formats.libraries import MOST_ENTRIES, parse_library
from digest.sources.formats.libraries.bibtex import without_braces
from digest.sources.formats.page import Page

DAY = date(2026, 6, 30)
FOLDER = Path(__file__).parents[2] / "libraries"
LIBRARIES = ["references.bib", "references.ris", "csl.json", "zotero.rdf", "zotero.csv"]
REFUSED = {
    "references.bib": ["line 22, nobody", "line 24"],
    "references.ris": ["line 17"],
    "csl.json": ["item 3", "item 5"],
    "zotero.rdf": ["line 42"],
    "zotero.csv": ["line 6"],
}


def library(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def parse(content: bytes | str) -> Page:
    return parse_library(content.encode() if isinstance(content, str) else content, day=DAY)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_same_works_come_out_of_every_format(name: str) -> None:
    papers = parse(library(name)).papers

    assert [(paper.id, paper.title) for paper in papers] == [
        ("arxiv:2606.00001", "Gentle Pruning of Mamba Models"),
        ("doi:10.1000/nap.1", "A μ-Calculus of Naps"),
        ("arxiv:2605.00002", "Pillows: a survey"),
    ]
    assert papers[0].abstract == "We prune Mamba models gently, at a rate of 10⁻³."
    assert {
        frozenset(part for name in paper.authors for part in name.replace(",", "").split()) for paper in papers
    } == {
        frozenset(("Inès", "Feld", "Béla", "Minta")),
        frozenset(("Ada", "Kip")),
    }


@pytest.mark.parametrize("name", LIBRARIES)
def test_an_entry_that_is_no_use_is_named_with_its_place_and_costs_no_other(name: str) -> None:
    found = parse(library(name))

    assert [refusal.place for refusal in found.refused] == REFUSED[name]
    assert found.records == 3 + len(found.refused)
    assert all(refusal.reason.strip(" :") for refusal in found.refused)


def test_a_library_may_be_compressed() -> None:
    assert parse(gzip.compress(library("references.ris"))).papers == parse(library("references.ris")).papers


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{M}amba: {L}inear-{T}ime", "Mamba: Linear-Time"),
        ("{{Whole Title}}", "Whole Title"),
        (r"\emph{a} \textbf {b} x^{2} y_{i}", r"\emph{a} \textbf {b} x^{2} y_{i}"),
        (r"Erd{\H{o}}s and G{\"o}del", r"Erd{\H{o}}s and G{\"o}del"),
        (r"a~b \~{n}", r"a b \~{n}"),
        ("{{{{{{{deep}}}}}}}", "{{deep}}"),
    ],
)
def test_braces_that_only_keep_capitals_go(written: str, read: str) -> None:
    assert without_braces(written) == read


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "no library of a known format"),
        ("Just a text.", "BibTeX, RIS, CSL-JSON, Zotero RDF and Zotero CSV are read"),
        ("[1, 2", "not valid JSON"),
        ("<html></html>", "no RDF"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "entities"),
        (b"@article{a, title={\xff}}", "not UTF-8"),
        ("@misc{a,}\n" * (MOST_ENTRIES + 1), "more than 5000 entries"),
        ("TY  - JOUR\nER  -\n" * (MOST_ENTRIES + 1), "more than 5000 entries"),
        ("[" + "1," * MOST_ENTRIES + "1]", "more than 5000 entries"),
        (b"x" * 11_000_000, "larger than"),
    ],
)
def test_what_is_no_library_or_too_large_is_refused_as_a_whole(content: bytes | str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        parse(content)


@pytest.mark.parametrize(
    "content",
    [
        "TY  - JOUR\nTI  - " + "a\n" * 90_000 + "ER  -\n",
        f"TY  - JOUR\nTI  - T\nAB  - {'x' * 200_000}\nER  -\n",
        f'"Item Type","Title"\n"book","{"x" * (csv.field_size_limit() + 1)}"\n',
    ],
)
def test_an_entry_without_measure_is_refused_alone(content: str) -> None:
    good = '"book","Sound"\n' if content.startswith('"') else "TY  - JOUR\nTI  - Sound\nER  -\n"

    found = parse(content + good)

    assert len(found.refused) >= 1
    assert [paper.title for paper in found.papers] == ["Sound"]


PIECES = st.sampled_from(
    ["TY  - JOUR\n", "ER  - \n", "TI  - A title\n", "UR  - http://x; http://y\n", "AU  - \n", "N1  - n\n", "  - \n",
     "@article{", "@string{a = b}", "}", ",", "title = {", '"', "title", " = ", "{", "\n", "\\", "$", "é", "@",
     '"Item Type","Title"\n', '"book","A"\n', "[", "]", '{"title": "T"}', "null", "<", ">", "rdf:RDF", "\x0b", "\u2028"]
)  # fmt: skip


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["given", "family", "x"]), inner),
)


def read(content: bytes) -> None:
    try:
        found = parse(content)
    except SourceError:
        return
    assert len(found.papers) + len(found.refused) <= found.records
    assert all(paper.title.strip() and paper.id for paper in found.papers)


@given(st.lists(PIECES, max_size=60).map("".join))
@example('"Item Type","Title"\n"\n')
@example('"Item Type","Title"')
@example("TY  - \nUR  - a\nmore\n")
def test_whatever_a_file_holds_it_is_read_or_refused(content: str) -> None:
    read(content.encode())


@pytest.mark.parametrize("name", LIBRARIES)
@given(st.data())
def test_a_damaged_library_is_read_or_refused(name: str, data: st.DataObject) -> None:
    sound = library(name)
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, min(len(sound), start + 300)))
    read(sound[:start] + data.draw(st.binary(max_size=30)) + sound[end:])


@given(st.data())
def test_an_item_may_have_any_value_anywhere(data: st.DataObject) -> None:
    items = json.loads(library("csl.json"))[:2]
    item = data.draw(st.sampled_from(items))
    item[data.draw(st.sampled_from(sorted(item)))] = data.draw(VALUES)
    read(json.dumps(items).encode("utf-8", "surrogatepass"))
