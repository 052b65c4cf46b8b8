"""Signs finished emails with DKIM, RSA or Ed25519 (RFC 6376, RFC 8463). Changes no octet of what it signs."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from digest.errors import ConfigError, Mistake

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
except ModuleNotFoundError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

SMALLEST_RSA_BITS = 2048
"""Smaller keys are too weak; many receivers refuse a signature below 1,024 bits (RFC 8301 §3.2)."""

SIGNED_HEADERS = (
    "From", "Reply-To", "Subject", "Date", "Message-ID", "To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Help", "List-Post", "Feedback-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
)  # fmt: skip
"""What a signature covers where a message has it, one-click unsubscribe included (RFC 8058 §4)."""
_ONCE_ONLY = ("From", "Subject", "Date", "To")
"""Named once more than they occur, so that nobody can add a second one (RFC 6376 §5.4.2)."""

_SPACE, _RETURN = b" \r"
_LABELS = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

Sign = Callable[[bytes, datetime], bytes]
"""Puts a signature of that moment before a whole message."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A domain's key, read once; calling it signs a message."""

    domain: str
    selector: str
    key: Ed25519PrivateKey | RSAPrivateKey

    def __call__(self, content: bytes, at: datetime) -> bytes:
        """The message with its DKIM-Signature before it; equal arguments give equal bytes."""
        head, _, body = content.partition(b"\r\n\r\n")
        headers = _read_headers(head)
        present = [name for name in SIGNED_HEADERS if name.lower().encode() in headers]
        named = [*present, *_ONCE_ONLY]
        tags = (
            f"v=1; a={self._algorithm}; c=relaxed/relaxed; d={self.domain}; s={self.selector};\r\n"
            f"\tt={int(at.timestamp())}; h={':'.join(named[:8])}:\r\n\t{':'.join(named[8:])};\r\n"
            f"\tbh={_hash_of_body(body)};\r\n\tb="
        )
        signed = [_relaxed(name.lower().encode(), headers[name.lower().encode()]) for name in present]
        to_sign = b"\r\n".join([*signed, _relaxed(b"dkim-signature", tags.encode())])
        signature = b64encode(self._sign(to_sign)).decode()
        lines = "\r\n\t".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        return f"DKIM-Signature: {tags}{lines}\r\n".encode() + content

    @property
    def _algorithm(self) -> str:
        return "ed25519-sha256" if isinstance(self.key, Ed25519PrivateKey) else "rsa-sha256"

    def _sign(self, to_sign: bytes) -> bytes:
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(hashlib.sha256(to_sign).digest())  # RFC 8463 §3: the hash is what is signed
        return self.key.sign(to_sign, PKCS1v15(), SHA256())


def open_signer(domain: str, selector: str, key_file: Path, *, file: str = "") -> Signer:
    """Read the key with which a domain's mails are signed; `file` is the configuration's name, for messages.

    Raises ConfigError for a name that isn't one, a key that can't be read or is too weak, or a missing library.
    """
    if not HAS_CRYPTOGRAPHY:
        repair = "pip install 'paper-digest[dkim]', or remove the table"
        raise ConfigError([Mistake(file, "dkim", "signing needs the package cryptography", repair)])
    wrong = [
        Mistake(file, f"dkim.{key}", f"{value!r} is no {what}", f"write it like {example}")
        for key, value, what, example in (
            ("domain", domain, "domain", "example.org"),
            ("selector", selector, "selector", "digest2026"),
        )
        if not _LABELS.fullmatch(value)
    ]
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except OSError as error:
        wrong.append(Mistake(file, "dkim.key_file", f"{key_file} can't be read: {error.strerror}", "check the path"))
    except (ValueError, TypeError):
        repair = f"make one: openssl genrsa -out {key_file} {SMALLEST_RSA_BITS}"
        wrong.append(Mistake(file, "dkim.key_file", f"{key_file} holds no private key without a password", repair))
    else:
        if isinstance(key, Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST_RSA_BITS):
            if not wrong:
                return Signer(domain, selector, key)
        else:
            problem = f"{key_file} is neither RSA of {SMALLEST_RSA_BITS} bits or more nor Ed25519"
            wrong.append(Mistake(file, "dkim.key_file", problem, "make a new key"))
    raise ConfigError(wrong)


def _read_headers(head: bytes) -> dict[bytes, bytes]:
    """The headers by their names in small letters, folds included."""
    lines = re.split(rb"\r\n(?![ \t])", head)
    return {name.lower(): value for name, _, value in (line.partition(b":") for line in lines)}


def _relaxed(name: bytes, value: bytes) -> bytes:
    """A header in relaxed form (RFC 6376 §3.4.2)."""
    return name + b":" + _single_spaced(value.replace(b"\r\n", b"")).strip()


def _hash_of_body(body: bytes) -> str:
    """The hash of a body in relaxed form (RFC 6376 §3.4.4)."""
    relaxed = _without_idle_spaces(body).rstrip(b"\r\n")
    return b64encode(hashlib.sha256(relaxed + b"\r\n" if relaxed else b"").digest()).decode()


def _without_idle_spaces(body: bytes) -> bytes:
    """One space where there are several, and none at a line's end; by arrays, as searching takes four times as long."""
    octets = np.frombuffer(b"\n" + body.replace(b"\t", b" "), np.uint8)  # so that there is a first one, and no space
    is_repeated = (octets[1:] == _SPACE) & (octets[:-1] == _SPACE)
    octets = octets[~np.append(False, is_repeated)]
    is_last = (octets[:-1] == _SPACE) & (octets[1:] == _RETURN)
    return bytes(octets[~np.append(is_last, False)])[1:]


def _single_spaced(text: bytes) -> bytes:
    # a regular expression would take longer than the signature
    text = text.replace(b"\t", b" ") if b"\t" in text else text
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text
