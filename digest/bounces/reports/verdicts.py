"""Says what a refusal means for its reader, from the enhanced code and the server's words; pure, one table.

Sources: RFC 3463 and its registry (enhanced codes); the words are those that common servers write without a code.
"""

from __future__ import annotations

import re

from digest.domain import ReportKind

_KINDS = (  # the first prefix that fits decides; other codes, such as 5.0.0 and 5.3.0, leave it to the words
    ("5.1.1", ReportKind.HARD),  # 5.1.10 (a domain that takes no mail, RFC 7505) among them
    ("5.1.2", ReportKind.HARD),
    ("5.1.3", ReportKind.HARD),
    ("5.1.6", ReportKind.HARD),
    ("5.1.7", ReportKind.POLICY),  # the sender's address
    ("5.1.8", ReportKind.POLICY),
    ("5.2.2", ReportKind.SOFT),  # a full mailbox, which may be emptied
    ("5.2.3", ReportKind.POLICY),  # too big
    ("5.3.4", ReportKind.POLICY),
    ("5.6.", ReportKind.POLICY),  # what the mail holds
    ("5.7.", ReportKind.POLICY),
    ("4.7.", ReportKind.POLICY),
)
_SOFT_WORDS = (
    r"quota|(?:mail)?box (?:is )?full|full mail ?box|mail ?box exceeds|box space not enough"
    r"|insufficient (?:system|disk) (?:storage|space)"
    r"|timed? ?out|temporar|try (?:again )?later|connection (?:refused|lost)|retry time|not responding"
)
_HARD_WORDS = (
    r"(?:unknown|no such|invalid|non-?existent|bad|unrouteable) (?:local )?(?:e-?mail )?"
    r"(?:user|recipient|mail ?box|address|account|domain|host|destination)"
    r"|(?:user|recipient|addressee|mail ?box|address|account|host|domain)(?: name)? (?:is |was )?"
    r"(?:unknown|not found|invalid|doesn.?t exist|does ?n.t exist|does not exist|no longer)"
    r"|(?:address|account) that you tried to reach does not exist|no mailbox here by that name|not listed in"
    r"|no longer (?:valid|available|in use)|user doesn.?t have|n.existe pas"
)
_POLICY_WORDS = (
    r"spam|\bblock|black ?list|\bspf\b|\bdkim\b|\bdmarc\b|policy|reputation|access denied|authenticat"
    r"|not authori[sz]ed|not allowed|banned|reverse dns|client ip"
    r"|too (?:big|large)|size limit|maximum (?:message|inbound)|virus|relay(?:ing)? (?:access )?denied"
)
_PATTERNS = (  # the first that fits decides
    (ReportKind.SOFT, re.compile(_SOFT_WORDS, re.IGNORECASE)),
    (ReportKind.HARD, re.compile(_HARD_WORDS, re.IGNORECASE)),
    (ReportKind.POLICY, re.compile(_POLICY_WORDS, re.IGNORECASE)),
)
# at the beginning, or behind what servers write before it: versions of programs look alike
_ENHANCED = re.compile(
    r"(?:^|(?<=\d\d\d[ -])|(?<=#)|(?<=; )|(?<=\()|(?<=status: ))[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)",
    re.MULTILINE | re.IGNORECASE,
)
_REPLY = re.compile(r"(?<![\d.])(?P<code>[45]\d\d)[ -]+(?!\d)")


def enhanced_code_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) in a text that says something; else one that doesn't, or nothing."""
    found: list[str] = _ENHANCED.findall(text[:4000])
    telling = [code for code in found if not code.endswith(".0.0")]
    return next(iter(telling or found), "")


def kind_of(enhanced_code: str, words: str) -> ReportKind:
    """What a refusal is: by its code, and by the server's words where the code tells nothing of the reason."""
    found = enhanced_code_in(words)
    says_nothing = not enhanced_code or enhanced_code.endswith(".0.0")
    code = found if says_nothing and found else enhanced_code
    for prefix, kind in _KINDS:
        if code.startswith(prefix):
            return kind
    reply = _REPLY.search(words[:4000])
    is_temporary = code.startswith("4") or (not code and reply is not None and reply["code"].startswith("4"))
    told = next((kind for kind, pattern in _PATTERNS if pattern.search(words[:4000])), ReportKind.REFUSED)
    # nobody is given up for good on the word of a code that says "for now"
    return ReportKind.SOFT if is_temporary and told in (ReportKind.HARD, ReportKind.REFUSED) else told
