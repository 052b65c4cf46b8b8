"""Cuts plain text into words and folds each: case, light plurals, British spelling; never looks at more than a word.

Only inflections fold. A real stemmer merges object with objective and adapter with adaptive, and so isn't used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate

from digest.matching.plain import read_plain

_CJK = "\u3005\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W_{_CJK}]"
_WORD = re.compile(
    rf"""( [{_CJK}]                                                       # one character is one word
         | (?<![^\W_])(?:[A-Za-z]|\d{{1,4}}):(?:[A-Za-z]|\d{{1,4}})(?![^\W_])   # N:M, 2:4
         | (?<![^\W_])[A-Za-z](?:\+\+|\#)                                 # C++, C#
         | {_LETTER}+(?:(?<=\d)[.,]\d{_LETTER}*)*                         # words and numbers: 3.1, 1,000, v1.5b
         )((?:['’]s(?![^\W_]))?)                                          # Newton's""",
    re.VERBOSE,
)
_HYPHENS = frozenset("-‐‒–−_")
_GAP = re.compile(r"[.,;:!?()\[\]—…。、〈-】〔-〟·•|<>=]|\n\s*\n|\s[-‐‒–−]+\s|[-–]{2}")

_IRREGULAR = {
    "matrices": "matrix", "vertices": "vertex", "indices": "index", "appendices": "appendix", "criteria": "criterion",
    "phenomena": "phenomenon", "corpora": "corpus", "spectra": "spectrum", "gpus": "gpu", "cpus": "cpu", "tpus": "tpu",
    "npus": "npu",
}  # fmt: skip
_NO_PLURAL = ("ss", "us", "is", "bias", "alias", "atlas", "canvas", "lens", "news")
_OUR = re.compile(
    r"(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|tum|vap|endeav|arm|glam|rig|sav|val|vig|clam|ferv)our"
)
_ISE = re.compile(r"is(e|ed|er|ing|ation|ational|able)$")
_YSE = re.compile(r"ys(e|ed|er|ing)$")
_MUTE_E = re.compile(r"(?<=[sxzo])e$|(?<=[cs]h)e$")
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
_SHORTEST_TELLING = 3
_SHORT = 4  # a word of capitals up to this length is no plural: GPS, NAS
_SHORTEST_PLURAL = 4


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
    return Words(
        exact=exact,
        folded=folded,
        capitals=capitals,
        joints=(Joint.GAP, *map(_joint, pieces[3:-1:3])),
        starts=tuple([plain.starts[start] for start in offsets[:-1:3]]),
        ends=tuple([plain.ends[end - 1] for end in offsets[1::3]]),
    )


@lru_cache(maxsize=1 << 17)
def read_word(written: str) -> tuple[str, str, int]:
    """One word's exact form, folded form and number of capitals."""
    exact = written.casefold()
    capitals = sum(map(str.isupper, written))
    return exact, fold_spelling(fold_plural(exact) if _may_be_plural(written, capitals) else exact), capitals


def is_telling(words: Words, position: int) -> bool:
    """Whether a word says what a text is about, as a noun does and `the` doesn't; numbers and signs don't either."""
    word = words.exact[position]
    return len(word) >= _SHORTEST_TELLING and word.isalpha() and word not in FUNCTION_WORDS


def fold_plural(word: str) -> str:
    """A word without its plural: models, studies, losses, hypotheses; what is no plural stays."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("yses", "eses")):
        return word[:-2] + "is"
    if word.endswith("ies") and len(word) > _SHORTEST_PLURAL:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


def fold_spelling(word: str) -> str:
    """A word in one spelling: -ise and -yse as -ize, -our as -or, and no mute e that a plural may have brought."""
    if len(word) < _SHORTEST_PLURAL:
        return word
    word = _OUR.sub(r"\1or", word)
    word = _YSE.sub(r"yz\1", _ISE.sub(r"iz\1", word))
    return word[:-2] + "y" if word.endswith("ie") and len(word) > _SHORTEST_PLURAL else _MUTE_E.sub("", word)


def _may_be_plural(written: str, capitals: int) -> bool:
    """Whether a final s may be a plural's: LLMs and GPs, but never GPS or its."""
    if capitals > 1 and written.endswith("s"):
        return True
    return len(written) >= _SHORTEST_PLURAL and not (written.isupper() and len(written) <= _SHORT)


@lru_cache(maxsize=4096)
def _joint(between: str) -> Joint:
    if not between or between in _HYPHENS:
        return Joint.TIGHT
    return Joint.GAP if _GAP.search(between) else Joint.SPACE
