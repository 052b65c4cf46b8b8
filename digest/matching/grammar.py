"""The grammar of keywords and queries: text becomes lark's tree, or an error with place and repair; builds nothing.

Whoever comes from Lucene may write `&&`, `||`, `-term` and `title:(a OR b)^2`, from PubMed `pruning[ti]`, from arXiv
`ti:pruning ANDNOT au:del_maestro`.
"""

from __future__ import annotations

import re
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from digest.matching.phrases import UnreadableError

LONGEST_QUERY = 4000
"""In characters."""

FIELDS = {
    "title": "title", "abstract": "abstract", "author": "author", "category": "category", "source": "source",
    "ti": "title", "abs": "abstract", "au": "author", "cat": "category",
}  # fmt: skip
"""Names before a term, arXiv's short ones among them (https://info.arxiv.org/help/api/user-manual.html)."""
SUFFIXES = {
    "ti": "title", "title": "title", "ab": "abstract", "abstract": "abstract", "au": "author", "author": "author",
    "tiab": "", "title/abstract": "", "tw": "",
}  # fmt: skip
"""PubMed's names behind a term (https://pubmed.ncbi.nlm.nih.gov/help/#search-tags)."""
DEEPEST_NESTING = 20
_WEIGHT = r"\^\d{1,6}(?:\.\d{1,6})?(?![^\s()])"
_SUFFIX = rf"\[(?:{'|'.join(SUFFIXES)})\]".replace("/", "\\/")
_ENDS = r"""(?![^\s()"“”„])"""
_LIKED = r"""like:\s*(?:[^\s()^"“”„]|\([^\s()^"“”„]*\))+"""
_GRAMMAR = rf"""
?disjunction: conjunction (_OR conjunction)*
?conjunction: unary (_AND unary | negation)*
?unary: negation | primary
negation: _NOT primary
?primary: term | liked | near | defined | group
group: FIELD? "(" disjunction ")" SUFFIX? WEIGHT?
near: term NEAR term
defined: term "(" disjunction ")" WORD* WEIGHT?
term: FIELD? (QUOTED | WORD+) SUFFIX? WEIGHT?
liked: LIKED WEIGHT?

_OR.3: /OR{_ENDS}|\|\|/
_AND.3: /AND{_ENDS}|&&/
_NOT.3: /(?:AND)?NOT{_ENDS}|(?<![^\s(])-(?=[^\W_]|["“”„(])/
NEAR.3: /NEAR\/\d+{_ENDS}/
LIKED.3: /{_LIKED}/i
FIELD.2: /(?:{"|".join(FIELDS)}):\s*/i
QUOTED.2: /["“”„][^"“”„]*["“”„]/
SUFFIX.2: /{_SUFFIX}/i
WEIGHT.2: /{_WEIGHT}/
WORD.1: /(?:(?!{_WEIGHT}|{_SUFFIX}|&&|\|\|)[^\s()"“”„])+/i

%ignore /\s+/
"""
_WORD = re.compile(r"\S+")
_PLAIN_WORDS = re.compile(r"(?:(?!(?:AND|OR|NOT|ANDNOT)\b|(?i:near)|ADJ\d)[^\W_]++(?:-[^\W_]++)*+(?: |\Z))++")
"""What most keywords are. Their tree is plain, and made without the parser twenty times faster."""
_FOREIGN = (
    (r"(?<![^\s(])NEAR(?:/(?!\d)|(?![^\s()]))", "NEAR lacks its distance", "write it like mamba NEAR/5 vision"),
    (r"(?<![^\s(])(?:(?!NEAR)(?i:near)/?|NEAR)\d+(?![^\s()])", "{} isn't read as NEAR", "write it like NEAR/5"),
    (r"(?<=\S )(?:ADJ\d+|(?:W|PRE|WITHIN)/\d+)(?= +\S)", "{} isn't read as NEAR", "write it like NEAR/5"),
    (r"(?<=[^\W_])\?(?=[^\W_])", "{} is no wildcard", "a wildcard ends a word: mamba*"),
    (r"(?<=\S)~[\d.]*(?![^\s()^])", "{} means nothing here", "use NEAR/5 between two terms, or a wildcard: mamba*"),
    (r"[{\[][^{}\[\]]*\sTO\s[^{}\[\]]*[}\]]", "there are no ranges", "write the terms themselves"),
    (r"(?<![^\s(])\+(?=[^\W\d_]|[\"(])", "{} means nothing here", "join wanted terms by AND"),
    (r"(?<![^\s(])!(?=[^\W_]|[\"(])", "{} means nothing here", "write NOT"),
    (r"\\[+:/*?]", "{} means nothing here", "leave the backslash out, or quote the term"),
    (
        r"(?<![^\W_])(?!AND|OR|NOT)[^\W\d_]{1,3}\((?:(?!s\))[^\W\d_]|\d{1,2})\)",
        "{} can't be looked for, as brackets join terms",
        "write the words beside it, such as gauge theory",
    ),
    (r"(?:^|\()\s*[-+!](?=\s)", "a sign stands alone", "write -term, without a space, or leave it out"),
    (
        rf"(?i)(?:(?<=[^\s$])|(?<=[^\s$]\s))(?!{_SUFFIX})\[[a-z1][a-z0-9 /:~-]*\](?![^\s()^])",
        "{} is no field",
        "use [ti], [ab], [tiab] or [au]",
    ),
)
"""What other languages have and this one hasn't, which would be taken for a word."""
_FOREIGN_SIGNS = tuple((re.compile(sign), problem, repair) for sign, problem, repair in _FOREIGN)
_UNKNOWN_FIELD = re.compile(r"(?<![^\s()])-?([A-Za-z]{2,}):(?!\d)")
_FIELD_NAMES = " ".join(f"{name}:" for name in (*dict.fromkeys(FIELDS.values()), "like"))
_ARTICLE = re.compile(_LIKED, re.IGNORECASE)
_QUOTED = re.compile(r'["“”„][^"“”„]*["“”„]')
_JOIN = "put AND or OR between the two, or quote the whole phrase"


def parse_tree(text: str) -> Tree[Token] | Token:
    """The tree of a keyword or query. Raises UnreadableError with the offset where reading fails."""
    if not text.strip():
        raise UnreadableError("it is empty", "write at least one word")
    if _PLAIN_WORDS.fullmatch(text):
        words = (Token("WORD", word[0], start_pos=word.start(), end_pos=word.end()) for word in _WORD.finditer(text))
        return Tree("term", list(words))
    _refuse_unknown(text)
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise _explain(error, text) from error


@cache
def _parser() -> Lark:
    """Made when first needed: that takes as long as reading a thousand keywords, and most need none."""
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", start="disjunction", maybe_placeholders=False)


def _refuse_unknown(text: str) -> None:
    """Refuse what looks like part of the language and isn't, before it is taken for a word."""
    bare = _QUOTED.sub(lambda quoted: '"' * len(quoted[0]), text)
    bare = _ARTICLE.sub(lambda liked: " " * len(liked[0]), bare)
    _refuse_deep(bare)
    for sign, problem, repair in _FOREIGN_SIGNS:
        if found := sign.search(bare):
            raise UnreadableError(problem.format(found[0].strip().lstrip("(")), repair, found.start())
    for found in _UNKNOWN_FIELD.finditer(bare):
        if found[1].casefold() not in (*FIELDS, "like"):
            raise UnreadableError(
                f"{found[1]}: is no field; there are {_FIELD_NAMES}", "use one of them, or leave it out", found.start(1)
            )


def _refuse_deep(text: str) -> None:
    depth = 0
    for bracket in re.finditer(r"[()]", text):
        depth += 1 if bracket[0] == "(" else -1
        if depth > DEEPEST_NESTING:
            problem = f"brackets are nested more than {DEEPEST_NESTING} deep"
            raise UnreadableError(problem, "make several interests of it", bracket.start())


def _explain(error: UnexpectedInput, text: str) -> UnreadableError:
    if isinstance(error, UnexpectedCharacters):
        return _explain_character(text, error.pos_in_stream)  # type: ignore[arg-type]  # lark types it as its default, None
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return _explain_token(error.token)
    if isinstance(error, UnexpectedToken) and "RPAR" in error.expected:
        return UnreadableError("a bracket is never closed", "add the missing )", len(text))
    return UnreadableError("it ends too early", "write what is missing, or remove the last word", len(text))


def _explain_character(text: str, offset: int) -> UnreadableError:
    sign = text[offset]
    if sign in '"“”„':
        return UnreadableError("a quotation mark is never closed", "add the missing quotation mark", offset)
    if sign == "^":
        return UnreadableError("a weight has nothing before it", "write it behind a term, like pruning^2", offset)
    return UnreadableError(f"{sign} can't stand here", "remove it", offset)


def _explain_token(token: Token) -> UnreadableError:
    offset = token.start_pos or 0
    if token.type in ("_AND", "_OR"):
        return UnreadableError(f"{token} has nothing before it", f"write a term on both sides of {token}", offset)
    if token.type == "_NOT":
        return UnreadableError("NOT can't stand here", "write one NOT, before a term or a bracket", offset)
    if token.type == "NEAR":
        return UnreadableError("NEAR joins two terms only", "write it like mamba NEAR/5 vision", offset)
    if token.type == "RPAR":
        return UnreadableError("this ) closes nothing, or something is missing before it", "check the brackets", offset)
    if token.type in ("WEIGHT", "SUFFIX"):
        problem = f"{token} stands once, and behind a word, phrase or bracket only"
        return UnreadableError(problem, f"write it like pruning{'^2' if token.type == 'WEIGHT' else '[ti]'}", offset)
    return UnreadableError(f"{token} follows a term without AND or OR", _JOIN, offset)
