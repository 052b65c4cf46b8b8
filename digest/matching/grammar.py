"""The grammar of queries: text becomes lark's tree, or an error that names place and repair; builds nothing."""

from __future__ import annotations

import re

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from digest.matching.phrases import UnreadableError

LONGEST_QUERY = 4000
"""In characters."""

_GRAMMAR = r"""
?disjunction: conjunction (_OR conjunction)*
?conjunction: unary (_AND unary | negation)*
?unary: negation | primary
negation: _NOT primary
?primary: term | "(" disjunction ")"
term: FIELD? (QUOTED | WORD+) WEIGHT?

_OR.3: /OR(?![^\s()"“”„])/
_AND.3: /AND(?![^\s()"“”„])/
_NOT.3: /NOT(?![^\s()"“”„])/
FIELD.2: /(?:title|abstract|author|category|source|ti|abs|au|cat):\s*/i
QUOTED.2: /["“”„][^"“”„]*["“”„]/
WEIGHT.2: /\^\d{1,6}(?:\.\d{1,6})?(?![^\s()])/
WORD.1: /(?:(?!\^\d{1,6}(?:\.\d{1,6})?(?![^\s()]))[^\s()"“”„])+/

%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", lexer="basic", start="disjunction", maybe_placeholders=False)

_NOT_YET = re.compile(r"(?<![^\s(])(?:NEAR/\d+|like:)")
_UNKNOWN_FIELD = re.compile(r"(?<![^\s()])([A-Za-z]{2,}):")
_FIELD_NAMES = "title: abstract: author: category: source:"
_KNOWN_FIELDS = frozenset(("title", "abstract", "author", "category", "source", "ti", "abs", "au", "cat"))
_QUOTED = re.compile(r'["“”„][^"“”„]*["“”„]')
_JOIN = "put AND or OR between the two, or quote the whole phrase"


def parse_tree(text: str) -> Tree[Token] | Token:
    """The tree of a query. Raises UnreadableError with the offset where reading fails."""
    if not text.strip():
        raise UnreadableError("it is empty", "write at least one word")
    _refuse_unknown(text)
    try:
        return _PARSER.parse(text)
    except UnexpectedInput as error:
        raise _explain(error, text) from error


def _refuse_unknown(text: str) -> None:
    """Refuse what looks like part of the language and isn't, before it is taken for a word."""
    bare = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)
    if later := _NOT_YET.search(bare):
        raise UnreadableError(f"{later[0]} is not available yet", "write words, phrases and AND", later.start())
    for found in _UNKNOWN_FIELD.finditer(bare):
        if found[1].casefold() not in _KNOWN_FIELDS:
            raise UnreadableError(
                f"{found[0]} is no field; there are {_FIELD_NAMES}", "use one of them, or leave it out", found.start()
            )


def _explain(error: UnexpectedInput, text: str) -> UnreadableError:
    if isinstance(error, UnexpectedCharacters):
        return _explain_character(text, error.pos_in_stream)  # type: ignore[arg-type]  # lark types it as its default, None
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return _explain_token(error.token, text)
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


def _explain_token(token: Token, text: str) -> UnreadableError:
    offset = token.start_pos or 0
    if token.type == "LPAR" and text[:offset].rstrip().endswith(":"):
        return UnreadableError("a field can't stand before a bracket", "write it before each term", offset)
    if token.type in ("_AND", "_OR"):
        return UnreadableError(f"{token} has nothing before it", f"write a term on both sides of {token}", offset)
    if token.type == "_NOT":
        return UnreadableError("NOT can't stand here", "write one NOT, before a term or a bracket", offset)
    if token.type == "RPAR":
        return UnreadableError("this ) closes nothing, or something is missing before it", "check the brackets", offset)
    if token.type == "WEIGHT":
        return UnreadableError("a weight stands behind a word or phrase only", "write it like pruning^2", offset)
    return UnreadableError(f"{token} follows a term without AND or OR", _JOIN, offset)
