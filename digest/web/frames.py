"""Prepares a mail's HTML for the frame in which a page shows it. Makes nothing safe: the page's headers do that."""

from __future__ import annotations

import re

# never beyond the next tag, so that the time grows with the text and no faster
_HEAD = re.compile(r"<head(?:\s[^<>]*)?>", re.IGNORECASE)
_BASE = '<base target="_blank">'


def with_links_in_tabs(html: str) -> str:
    """The document with links that open a tab, as they can't do anything in a sandboxed frame."""
    head = _HEAD.search(html)
    place = head.end() if head else 0
    return html[:place] + _BASE + html[place:]
