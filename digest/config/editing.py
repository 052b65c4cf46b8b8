"""Makes a change in the values of a subscriber file or a signup, in place, so that a file keeps its layout."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from digest.changes import Change, Edit, edit_list

_WANTED = ("keywords", "exclude", "authors", "categories", "query")
"""What an interest asks for. At the top level these make one without a name."""

Values = MutableMapping[str, Any]


def edit_values(values: Values, change: Change) -> None:
    """Make a change as `Change.apply` makes it in the profile that the values mean; all else stays as it is."""
    for edit in change.edits:
        _edit(values, edit)


def _edit(values: Values, edit: Edit) -> None:
    tables = _tables(values)
    if edit.interest == len(tables):
        if not edit.before:
            _begin_interest(values, edit)
        return
    if edit.interest > len(tables) or _name_of(tables[edit.interest], values) != edit.name:
        return
    table = tables[edit.interest]
    table.setdefault(edit.list.value, [])
    edit_list(table[edit.list.value], edit)
    if not table[edit.list.value]:
        del table[edit.list.value]
    if table is not values and not any(table.get(key) for key in _WANTED) and table.get("weight", 1) == 1:
        del values["interests"][edit.interest - (tables[0] is values)]


def _tables(values: Values) -> list[Values]:
    """Each interest's own values, in the order in which the profile has them; the short form's are the file's."""
    short = [values] if any(values.get(key) for key in _WANTED) else []
    return [*short, *values.get("interests", ())]


def _name_of(table: Values, values: Values) -> str:
    return "" if table is values else str(table.get("name", ""))


def _begin_interest(values: Values, edit: Edit) -> None:
    if not edit.name and edit.interest == 0:
        values[edit.list.value] = [edit.after]
        return
    table = {"name": edit.name, edit.list.value: [edit.after]}
    if values.get("interests"):
        values["interests"].append(table)
    else:
        values["interests"] = [table]  # a whole list, so that TOML gets a table and no inline one
