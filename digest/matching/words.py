"""Cuts plain text into words and says of each how it may be written otherwise; never looks for anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate, pairwise

from digest.matching.folding import fold_plural, fold_spelling
from digest.matching.plain import read_plain

_HAN_AND_KANA = "\u3005\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK = _HAN_AND_KANA + "\uac00-\ud7a3"
_CHARACTER = re.compile(f"[{_CJK}]")
_SPACELESS = re.compile(f"[{_HAN_AND_KANA}]")
_LETTER = rf"[^\W_{_CJK}]"
_WORD = re.compile(
    rf"""((?=[^\W_])(?:                                                   # no other sign is tried seven times
           [A-Za-z]{{2,}}+(?=[\s,])                                       # most words, found soonest
         | [{_CJK}]                                                       # one character is one word
         | (?<![^\W_])(?:[A-Za-z]|\d{{1,4}}):(?:[A-Za-z]|\d{{1,4}})(?![^\W_])   # N:M, 2:4
         | (?<![^\W_])[A-Za-z](?:\+\+|\#)                                 # C++, C#
         | (?<![^\W_])[A-Z]\*(?![^\W_])                                  # A* search
         | (?<![^\W_.])[A-Za-z](?:\.[A-Za-z])+(?![^\W_])\.?               # U.S., i.i.d.
         | {_LETTER}+(?:(?<=\d)[.,]\d{_LETTER}*)*                         # words and numbers: 3.1, 1,000, v1.5b
         ))((?:(?=['’.])(?:['’]s(?![^\W_])|(?<=\b[Vv]s)\.|(?<=\b[A-Z])\.(?=\ [a-z])))?)  # Newton's, vs., E. coli""",
    re.VERBOSE,
)
_HYPHENS = frozenset(("-", "‐", "‒", "–", "−", "_", "--"))  # two are TeX's dash between equals: vision--language
_GAP = re.compile(r"[.,;:!?،؛؟۔।()\[\]—…。、〈-】〔-〟·•|<>=]|\n\s*\n|\s[-‐‒–−]+\s|[-–]{2}")

FUNCTION_WORDS = frozenset(
    ["a", "about", "across", "after", "all", "also", "among", "an", "and", "any", "are", "as", "at", "be", "been",
    "before", "being", "best", "better", "between", "both", "but", "by", "can", "could", "do", "does", "each", "et",
    "etc", "few", "first", "for", "from", "further", "had", "has", "have", "having", "here", "high", "how",
    "however", "in", "into", "is", "it", "its", "key", "many", "may", "might", "more", "most", "much", "new", "not",
    "novel", "of", "on", "one", "only", "or", "other", "our", "out", "over", "per", "propose", "proposed", "recent",
    "result", "same", "several", "show", "shown", "significant", "since", "so", "some", "such", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "three", "through", "thus", "to",
    "two", "under", "up", "upon", "use", "used", "using", "via", "was", "we", "well", "were", "what", "when",
    "where", "whether", "which", "while", "who", "whose", "will", "with", "within", "without", "would", "yet",
    "approach", "method", "paper", "problem", "task", "work"]
)  # fmt: skip
LEADING_WORDS = frozenset(
    ["accelerating", "achieving", "advancing", "benchmarking", "beyond", "bridging", "building", "employing",
    "enabling", "enhancing", "evaluating", "exploring", "improving", "including", "introducing", "leveraging",
    "requiring", "rethinking", "revisiting", "toward", "towards", "understanding", "unlocking", "utilizing"]
)  # fmt: skip
"""What leads to a theme and is no part of it."""
FEWEST_CAPITALS = 2
"""What makes an acronym."""
_SHORTEST_TELLING = 3
_SHORTEST_PLURAL = 4
_SHORTEST_ACRONYM = 3  # with points it is one in small letters too: i.i.d. is IID, but e.g. no EG
_SHORT = 4  # a word of capitals up to this length is no plural: GPS, NAS


class Joint(IntEnum):
    """What stands between a word and the one before it."""

    TIGHT = 0  # nothing, or a hyphen: always read as one word as well
    SPACE = 1
    GAP = 2  # sentence punctuation: no phrase crosses it


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words, one list for each thing known of them; `starts` and `ends` are offsets in the original text."""

    exact: tuple[str, ...]
    """As written, but for case, accents and compatibility forms."""
    folded: tuple[str, ...]
    """With plurals and British spelling folded too."""
    capitals: tuple[int, ...]
    joints: tuple[Joint, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.exact)


def read_words(text: str) -> Words:
    """All words of a text in their order."""
    plain = read_plain(text)
    pieces = _WORD.split(plain.text)  # what lies between, a word, a genitive, what lies between, and so on
    if len(pieces) == 1:
        return Words((), (), (), (), (), ())
    offsets = list(accumulate(map(len, pieces)))
    exact, folded, capitals = zip(*map(read_word, pieces[1::3]), strict=True)
    between = zip(pieces[3:-1:3], pieces[4::3], strict=True)
    space = Joint.SPACE  # looked up once: an enumeration is slow to ask
    joints = [space if gap == " " else _joint(gap, following[0]) for gap, following in between]
    if not plain.text.isascii():
        joints = [_within_script(joint, *pair) for joint, pair in zip(joints, pairwise(exact), strict=True)]
    starts, ends = offsets[:-1:3], offsets[1::3]
    if plain.text is not text:
        starts, ends = [plain.starts[start] for start in starts], [plain.ends[end - 1] for end in ends]
    return Words(
        exact=exact,
        folded=folded,
        capitals=capitals,
        joints=(Joint.GAP, *joints),
        starts=tuple(starts),
        ends=tuple(ends),
    )


@lru_cache(maxsize=1 << 17)
def read_word(written: str) -> tuple[str, str, int]:
    """One word's exact form, folded form and number of capitals."""
    is_shortened = written[1:2] == "." and written[0].isalpha()
    if is_shortened:
        written = written.replace(".", "")
    exact = written.casefold()
    capitals = 0 if written.islower() else sum(map(str.isupper, written))
    folded = fold_spelling(_without_plural(written, exact, capitals))
    is_acronym = is_shortened and len(exact) >= _SHORTEST_ACRONYM
    return exact, folded, len(exact) if is_acronym else capitals


def is_character(word: str) -> bool:
    """Whether a word is one of a script that is compared character by character."""
    return _CHARACTER.fullmatch(word) is not None


@lru_cache(maxsize=1 << 16)
def is_telling(word: str) -> bool:
    """Whether a word says what a text is about, as a noun does and `the` doesn't; numbers and signs don't either."""
    return len(word) >= _SHORTEST_TELLING and word.isalpha() and word not in FUNCTION_WORDS


def tells_of_next(word: str) -> bool:
    """Whether a word says what kind of the next one is meant, as in `video diffusion`; `understanding` doesn't."""
    return is_telling(word) and word not in LEADING_WORDS


def _without_plural(written: str, exact: str, capitals: int) -> str:
    """A word without a plural's s: LLMs, APIs and models have one, GPS and its have none."""
    has_small_s = capitals > 1 and written.endswith("s")
    if has_small_s and written[-2].isupper():
        return exact[:-1]
    is_short = len(written) < _SHORTEST_PLURAL or (written.isupper() and len(written) <= _SHORT)
    return exact if is_short and not has_small_s else fold_plural(exact)


def _within_script(joint: Joint, before: str, after: str) -> Joint:
    """Scripts that write no spaces have them at line breaks only."""
    is_within = joint is Joint.SPACE and _SPACELESS.match(before) and _SPACELESS.match(after)
    return Joint.TIGHT if is_within else joint


@lru_cache(maxsize=1 << 14)
def _joint(between: str, following: str) -> Joint:
    """The joint of what stands between two words; of the second one only the first letter is told."""
    if not between or between in _HYPHENS or (between == "." and following.islower()):  # node.js
        return Joint.TIGHT
    return Joint.GAP if _GAP.search(between) else Joint.SPACE
