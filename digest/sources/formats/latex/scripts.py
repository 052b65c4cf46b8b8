"""Raises and lowers short texts with Unicode's own superscripts and subscripts; never guesses where it has none."""

from __future__ import annotations

_RAISED = dict(
    zip(
        "0123456789+-−–=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ′∘°⊤†‡*'",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ′°°ᵀ†‡*'",
        strict=True,
    )
)
_LOWERED = dict(
    zip("0123456789+-−–=()aehijklmnoprstuvxβγρφχ.,", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ.,", strict=True)
)
MOST_LETTERS = 2
"""A word in small letters can't be read: `x_max` is better than what Unicode would make of it."""


def raised(text: str) -> str | None:
    """The text in superscripts (`-3` is `⁻³`), or None if Unicode lacks one of them or it has too many letters."""
    return _translated(text, _RAISED)


def lowered(text: str) -> str | None:
    """The text in subscripts (`ij` is `ᵢⱼ`), or None if Unicode lacks one of them or it has too many letters."""
    return _translated(text, _LOWERED)


def _translated(text: str, table: dict[str, str]) -> str | None:
    is_word = sum(map(str.isalpha, text)) > MOST_LETTERS
    if not text or is_word or not all(map(table.__contains__, text)):
        return None
    return "".join(map(table.__getitem__, text))
