"""A phrase as letters to look for, and the rule for when a run of words is that phrase; reads no paper.

Words are compared run together, so that pre-training, pretraining and pre training are one key. A space in the paper
counts only where the reader's own phrase had a space or hyphen: otherwise "is a" would be "isa".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from digest.matching.folding import fold_beginning
from digest.matching.words import FEWEST_CAPITALS, Joint, Words, is_character, read_words

MOST_WORDS = 12
MOST_CHARACTERS = 30
"""Of a phrase in a script without spaces, whose every character is a word."""
FEWEST_LETTERS_BEFORE_WILDCARD = 3
LETTERS_THAT_ARE_WORDS = ("C", "R")

_ACRONYM = re.compile(r"[A-Z]{2,6}s?")
_LONGEST_ACRONYM = 6
_read_keyword = lru_cache(maxsize=64)(read_words)  # a keyword is read twice in a row: for its phrase, for its letters
_OPERATORS = frozenset(("AND", "OR", "NOT", "NEAR"))
_NAME_WITH_STAR = re.compile(r"(?<![^\W_])[A-Z]\*(?![^\W_])")


class UnreadableError(Exception):
    """What a reader wrote can't be read: the problem, the repair, and where it stands (an offset). Stays inside."""

    def __init__(self, problem: str, repair: str, offset: int = 0) -> None:
        self.problem = problem
        self.repair = repair
        self.offset = offset
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Phrase:
    """What must stand in a title or abstract."""

    key: str
    """The phrase's words run together, each folded, or exact if the reader quoted them."""
    words: tuple[str, ...] = ()
    """Its words, each folded, whichever way the reader wrote them: by these it is known how rare it is."""
    splits: frozenset[int] = frozenset()
    """Where in the key a paper may have a space."""
    acronyms: tuple[tuple[int, int, int], ...] = ()
    """(start, end, capitals) of each part of the key that is an acronym, with the fewest capitals it needs."""
    is_exact: bool = False
    is_open: bool = False
    """Whether its last word may go on: `quantiz*`."""
    is_alone: bool = False
    """Whether it must not be part of a hyphenated compound: R is not the R of R-CNN."""

    def __hash__(self) -> int:
        """By the key alone: hundreds of thousands are looked up, and those of one key are few."""
        return hash(self.key)


def read_phrase(text: str, *, is_exact: bool = False) -> Phrase:
    """The phrase in a text without any of the language's signs but a trailing wildcard.

    Raises UnreadableError if no word is in it, if it could never match, or if it would match nearly everything.
    """
    words = _read_keyword(text.rstrip("*"))
    if not words:
        raise UnreadableError("there is no word in it", "write at least one word")
    is_open = text.endswith("*") and not is_character(words.exact[-1])  # there whatever follows is a word anyway
    _check(text, words, is_open=is_open)
    letters = words.exact if is_exact else words.folded[:-1] + (words.exact if is_open else words.folded)[-1:]
    ends = list(accumulate(map(len, letters)))
    is_letter = len(words) == 1 and len(letters[0]) == 1
    return Phrase(
        key="".join(letters),
        words=words.folded[:-1] + (letters[-1:] if is_open else words.folded[-1:]),
        splits=frozenset(ends[n - 1] for n in range(1, len(words)) if _is_split(words, n)),
        acronyms=((0, 1, 1),) if is_letter else _acronyms(text, words, letters),
        is_exact=is_exact,
        is_open=is_open,
        is_alone=is_letter,
    )


def letters_of(text: str) -> str:
    """The letters of a text's words as they are written."""
    return "".join(_read_keyword(text).exact)


def stands(phrase: Phrase, words: Words, letters: tuple[str, ...], first: int, last: int) -> bool:
    """Whether the words from first to last, whose letters are the phrase's already, may be read as it."""
    if first != last and not _has_split(phrase, words, letters, first, last):
        return False
    if phrase.is_alone and _is_in_compound(words, first):
        return False
    return not phrase.acronyms or all(
        _capitals(words, letters, range(first, last + 1), part=(start, end)) >= fewest
        for start, end, fewest in phrase.acronyms
    )


def _has_split(phrase: Phrase, words: Words, letters: tuple[str, ...], first: int, last: int) -> bool:
    """Whether each space between the words is where the phrase may have one."""
    offset = 0
    for position in range(first, last):
        offset += len(letters[position])
        if words.joints[position + 1] is Joint.SPACE and offset not in phrase.splits:
            return False
    return True


def _is_split(words: Words, position: int) -> bool:
    """Whether a paper may have a space before a word: where something stands there, or the script changes (CT图像).

    Scripts without spaces have words side by side, which makes no split.
    """
    before, after = words.exact[position - 1 : position + 1]
    return words.starts[position] > words.ends[position - 1] or is_character(before) is not is_character(after)


def spellings_of(phrase: Phrase) -> tuple[Phrase, ...]:
    """A phrase and, if it has a wildcard, its American spelling where that differs: so words are folded."""
    if not phrase.is_open:
        return (phrase,)
    *before, last = phrase.words
    american = fold_beginning(last)
    if american == last:
        return (phrase,)
    key = phrase.key.removesuffix(last) + american
    return phrase, replace(phrase, key=key, words=(*before, american))


def _check(text: str, words: Words, *, is_open: bool) -> None:
    if len(words) > MOST_WORDS and (
        len(words) > MOST_CHARACTERS or sum(not is_character(word) for word in words.exact) > MOST_WORDS
    ):
        most = f"{MOST_WORDS} words, or {MOST_CHARACTERS} characters of Chinese, Japanese or Korean"
        raise UnreadableError(f"a phrase has at most {most}", "write a few short keywords")
    if "*" in _NAME_WITH_STAR.sub("", text.rstrip("*")) or text.endswith("**"):
        raise UnreadableError("a wildcard stands at the end of the last word only", "write it like quantiz*")
    if is_open and len(words.exact[-1]) < FEWEST_LETTERS_BEFORE_WILDCARD:
        raise UnreadableError("a wildcard needs at least three letters before it", "write a longer beginning")
    if Joint.GAP in words.joints[1:]:
        raise UnreadableError("a phrase never crosses punctuation, so this can't match", "make it two keywords")
    if len(words) == 1 and len(words.exact[0]) == 1 and text.strip() not in LETTERS_THAT_ARE_WORDS:
        raise UnreadableError(
            "a single letter or digit would match nearly everything",
            "only C and R may stand alone; write a longer word",
        )


def _acronyms(text: str, words: Words, letters: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    """The words of two to six capitals. Of a shouted phrase any may be one, so two capitals anywhere will do."""
    if max(words.capitals) < FEWEST_CAPITALS:
        return ()
    written = [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)]
    are_acronyms = [_is_acronym(written, words, position) for position in range(len(words))]
    ends = list(accumulate(map(len, letters)))
    if text.isupper() and len(words) > 1:
        is_long = any(len(word) > _LONGEST_ACRONYM for word in words.exact)
        return ((0, ends[-1], FEWEST_CAPITALS),) if any(are_acronyms) and not is_long else ()
    return tuple(
        (end - len(word), end, FEWEST_CAPITALS)
        for word, end, is_acronym in zip(letters, ends, are_acronyms, strict=True)
        if is_acronym
    )


def _is_acronym(written: list[str], words: Words, position: int) -> bool:
    """Whether a word needs its capitals: not AND in a title, nor COVID-19, which no other word is like."""
    if len(written) > 1 and written[position] in _OPERATORS:
        return False
    following = position + 1
    is_numbered = following < len(words) and words.joints[following] is Joint.TIGHT and written[following].isdigit()
    return _ACRONYM.fullmatch(written[position]) is not None and not is_numbered


def _is_in_compound(words: Words, position: int) -> bool:
    following = position + 1
    return words.joints[position] is Joint.TIGHT or (following < len(words) and words.joints[following] is Joint.TIGHT)


def _capitals(words: Words, letters: tuple[str, ...], run: range, *, part: tuple[int, int]) -> int:
    """The capitals of those words of a run that cover a part of its letters."""
    total = offset = 0
    for position in run:
        if offset < part[1] and offset + len(letters[position]) > part[0]:
            total += words.capitals[position]
        offset += len(letters[position])
    return total
