"""Which two names may be one person."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.matching.names import Likeness, likeness, read_name


def how(asked: str, found: str) -> Likeness:
    return max((likeness(a, b) for a in read_name(asked) for b in read_name(found)), default=Likeness.NONE)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Song Han", "Song Han"),
        ("Song Han", "Han, Song"),
        ("E, Weinan", "Weinan E"),
        ("song han", "SONG HAN (MIT)"),
        ("Song Han", "Song J. Han"),
        ("Michele Wigger", "Michèle Wigger"),
        ("Soren Kaae", "Søren Kaae"),
        ("Xiaoming Li", "Xiao-Ming Li"),
        ("Laurens van der Maaten", "van der Maaten, Laurens"),
        ("Laurens van der Maaten", "Laurens J. van der Maaten"),
        ("Gabriel García Márquez", "Garcia Marquez, Gabriel"),
        ("Martin King", "Martin King Jr."),
        ("Yann LeCun", "Yann Le Cun"),
        ("Yann LeCun", "Le Cun, Yann"),
        ("John Smith", "John Smith 3rd"),
        ("Xiao Ming Li", "Xiao-Ming Li"),
        ("Karl Mueller", "Karl Müller"),
        ("Karl Muller", "Karl Mu\u0308ller"),
        ("Soeren Kaae", "Søren Kaae"),
        ("韩松", "韩松"),
        ("山田太郎", "山田 太郎"),
        ("山田 太郎", "太郎 山田"),
        ("김민수", "민수, 김"),
    ],
)
def test_a_full_given_name_is_certain(asked: str, found: str) -> None:
    assert how(asked, found) is Likeness.CERTAIN
    assert how(found, asked) is Likeness.CERTAIN


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Song Han", "S. Han"),
        ("Song Han", "Han, S."),
        ("Song Han", "Han S"),
        ("Song Han", "Han"),
        ("S. Han", "S. Han"),
        ("Jean-Baptiste Alayrac", "J.-B. Alayrac"),
        ("Jean-Baptiste Alayrac", "Alayrac JB"),
        ("Jean-Baptiste Alayrac", "Alayrac J. B."),
        ("John Brown Smith", "JB Smith"),
        ("Song Han", "Song Kyu Han"),
        ("han s", "Song Han"),
        ("han s. j.", "Song J. Han"),
        ("van Gogh", "Vincent van Gogh"),
        ("del_maestro", "Adrian Del Maestro"),
        ("Del_Maestro_A", "Adrian Del Maestro"),
    ],
)
def test_initials_a_bare_family_name_or_one_more_given_name_are_a_maybe(asked: str, found: str) -> None:
    assert how(asked, found) is Likeness.INITIALS
    assert how(found, asked) is Likeness.INITIALS


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Song Han", "Song Hanna"),
        ("Song Han", "Songhan Li"),
        ("Song Han", "Sung Han"),
        ("Song Han", "Song Chan"),
        ("Song Han", "Han Song Lee"),
        ("Song K. Han", "Song J. Han"),
        ("Song Han", "Song-Hee Han"),
        ("Jia Li", "Jia-Wei Li"),
        ("Song Han", ""),
        ("han so", "Song Han"),
        ("van Gogh", "Vincent Gogh"),
        ("山田 太郎", "山田 花子"),
    ],
)
def test_other_people_are_other_people(asked: str, found: str) -> None:
    assert how(asked, found) is Likeness.NONE
    assert how(found, asked) is Likeness.NONE


@pytest.mark.parametrize("text", ["a" * 20_000, "A. " * 7_000, "(" * 20_000, "Han S" * 4_000, "de " * 7_000])
def test_a_hostile_name_is_read_in_no_time(text: str) -> None:
    started = time.process_time()
    read_name(text)
    assert time.process_time() - started < 1


@given(st.text())
def test_any_text_can_be_read_as_a_name(text: str) -> None:
    assert all(name.family for name in read_name(text))
