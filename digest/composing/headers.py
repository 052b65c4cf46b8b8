"""Makes an email's headers, safe from whatever a name or title holds. Knows neither body nor wire form."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from datetime import date, datetime
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

import idna

from digest.composing.cleaning import one_line
from digest.domain import Digest, Letterhead
from digest.errors import ComposeError
from digest.return_paths import make_return_path

_LOCAL_PART = re.compile(r"""[^\s\x00-\x20\x7f-\x9f<>()\[\],;:\\"@]{1,64}""")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[a-z0-9.:]{3,45}\]")

# in base64 56 characters, with the frame 68, behind the longest of the names that hold one under 78
_ENCODED_WORD_OCTETS = 42


def message_id(edition: date, subscriber_id: str, letterhead: Letterhead) -> str:
    """The Message-ID of one edition's digest for one subscriber; the same whenever it is made again."""
    return _keyed_id("digest", f"{edition.isoformat()} {subscriber_id}", letterhead)


def digest_headers(
    digest: Digest, letterhead: Letterhead, *, subject: str, sent_at: datetime, unsubscribe: str, preferences: str
) -> dict[str, str]:
    """A digest's headers: a list's (RFC 2369, 2919), one-click unsubscribe (RFC 8058), no auto-replies (RFC 3834)."""
    reply_to = _parsed(letterhead.reply_to)[1]
    mail_instead = f", <mailto:{envelope_address(reply_to)}?subject=unsubscribe>" if reply_to else ""
    subscriber = digest.subscriber
    identity = message_id(digest.edition, subscriber.id, letterhead)
    return {
        **_shared_headers(letterhead, identity, subject=subject, sent_at=sent_at),
        "To": _recipient(subscriber.email, subscriber.name),
        "List-Id": _named(letterhead.site_name, f"digest.{_domain_of(letterhead)}"),
        "List-Unsubscribe": f"<{unsubscribe}>{mail_instead}",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": f"<{preferences}>",
        "List-Post": "NO",
        "Precedence": "bulk",
        "Feedback-ID": _feedback_id(digest, letterhead),
    }


def confirmation_headers(
    letterhead: Letterhead, address: str, subscriber_id: str, *, subject: str, sent_at: datetime
) -> dict[str, str]:
    """A confirmation's headers: to one address, without the name a visitor typed, and no list's."""
    # two requests on one day are two mails: with one id the second would be taken for a copy of the first
    identity = _keyed_id("confirm", f"{sent_at.isoformat()} {subscriber_id}", letterhead)
    return {**_shared_headers(letterhead, identity, subject=subject, sent_at=sent_at), "To": _recipient(address)}


@lru_cache(maxsize=1024)
def envelope_address(address: str) -> str:
    """An address as the envelope has it, its domain in ASCII (IDNA 2008). Raises ComposeError if it is none.

    Quoted local parts (RFC 5321 §4.1.2) are refused: nobody uses them, and they hide blanks and line ends.
    """
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ComposeError(f"{address!r} has a domain that can't be written in ASCII: {error}") from error
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise ComposeError(f"{address!r} is not an email address")
    return f"{local}@{ascii_domain}"


def sender_address(letterhead: Letterhead) -> str:
    """The bare address of the sender. Raises ComposeError if there is none."""
    return envelope_address(_parsed(letterhead.sender)[1])


@lru_cache(maxsize=16)
def _parsed(mailbox: str) -> tuple[str, str]:
    """Name and address of one of the installation's mailboxes."""
    return parseaddr(mailbox)


def return_path(digest: Digest, letterhead: Letterhead) -> str:
    """The envelope sender of a digest: signed where reports are taken in (VERP), else the sender's address."""
    if not letterhead.bounce_address:
        return sender_address(letterhead)
    address = envelope_address(letterhead.bounce_address)
    return make_return_path(address, digest.edition, digest.subscriber.id, secrets=letterhead.secrets)


def _recipient(address: str, name: str = "") -> str:
    # a header can't hold a non-ASCII local part without SMTPUTF8: then the envelope alone names the reader
    return _mailbox(address, name) if envelope_address(address).isascii() else "undisclosed-recipients:;"


def _mailbox(address: str, name: str) -> str:
    return _named(name, envelope_address(address))


@lru_cache(maxsize=64)  # the letterhead's are in all of a day's mails
def _named(name: str, address: str) -> str:
    """`Name <address>`, where the address need not be a mailbox (List-Id, RFC 2919)."""
    shown = one_line(name, 100)
    return formataddr((shown, address)) if _is_plain(shown) else f"{_encoded(shown)} <{address}>"


def _encoded(text: str) -> str:
    """One line of text as a header may hold it: as it is, or in encoded words, one a line (RFC 2047 §2).

    Written out because `email.header.Header` takes a millisecond for a subject, a third of the whole email.
    """
    if _is_plain(text):
        return text
    octets, words = text.encode(), []
    while octets:
        end = min(len(octets), _ENCODED_WORD_OCTETS)
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a character of several octets
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(octets[:end]).decode()}?=")
        octets = octets[end:]
    return "\r\n ".join(words)


def _is_plain(text: str) -> bool:
    # what looks like an encoded word would be decoded by the reader's program
    return text.isascii() and "=?" not in text


def _shared_headers(letterhead: Letterhead, identity: str, *, subject: str, sent_at: datetime) -> dict[str, str]:
    name, address = _parsed(letterhead.sender)
    reply_name, reply_address = _parsed(letterhead.reply_to)
    return {
        "From": _mailbox(address, name or letterhead.site_name),
        **({"Reply-To": _mailbox(reply_address, reply_name)} if reply_address else {}),
        "Subject": _encoded(subject),
        "Date": _date_of(sent_at.replace(microsecond=0)),
        "Message-ID": identity,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }


@lru_cache(maxsize=4)  # hundreds of mails share a second
def _date_of(second: datetime) -> str:
    return format_datetime(second)


def _feedback_id(digest: Digest, letterhead: Letterhead) -> str:
    """By what a mailbox provider counts complaints: edition, rhythm, kind of mail and sender; it names no reader.

    https://support.google.com/a/answer/6254652: the last field is the sender's, the same in all mails.
    """
    sender = _sender_key(_domain_of(letterhead))
    return f"{digest.edition:%Y%m%d}:{digest.subscriber.frequency}:digest:{sender}"


@lru_cache(maxsize=16)
def _sender_key(domain: str) -> str:
    return hashlib.sha256(domain.encode()).hexdigest()[:12]


def _keyed_id(kind: str, what: str, letterhead: Letterhead) -> str:
    mac = hmac.digest(letterhead.secrets[0].encode(), f"{kind} {what}".encode(), "sha256")
    return f"<{kind}.{mac[:16].hex()}@{_domain_of(letterhead)}>"


def _domain_of(letterhead: Letterhead) -> str:
    return sender_address(letterhead).rpartition("@")[2]
