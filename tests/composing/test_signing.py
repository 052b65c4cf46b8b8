"""DKIM signatures, verified by a library that isn't ours."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from digest.composing import Composer, compose_confirmation, open_signer
from digest.composing.signing import Signer
from digest.domain import Digest, Email, Match
from digest.errors import ConfigError

MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)

Key = RSAPrivateKey | Ed25519PrivateKey


def pem_of(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def record_of(key: Key) -> bytes:
    """What stands in the DNS for the key (RFC 6376 §3.6.1, RFC 8463 §4)."""
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, Ed25519PrivateKey):
        encoding = (Encoding.Raw, PublicFormat.Raw)
    public = b64encode(key.public_key().public_bytes(*encoding))
    kind = b"ed25519" if isinstance(key, Ed25519PrivateKey) else b"rsa"
    return b"v=DKIM1; k=" + kind + b"; p=" + public


@pytest.fixture(scope="session", params=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest) -> Key:
    return generate_private_key(65537, 2048) if request.param == "rsa" else Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def signer(key: Key, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    path = tmp_path_factory.mktemp("keys") / "dkim.pem"
    path.write_bytes(pem_of(key))
    return open_signer("papers.example", "digest", path)


@pytest.fixture(scope="session")
def is_verified(key: Key) -> Callable[[bytes], bool]:
    def verify(content: bytes) -> bool:
        def look_up(name: bytes, **_options: object) -> bytes:
            assert name == b"digest._domainkey.papers.example."
            return record_of(key)

        return bool(dkim.verify(content, dnsfunc=look_up))

    return verify


@pytest.fixture
def signed(
    compose: Callable[..., Email], composer: Composer, digest_of: Callable[..., Digest], match: Match, signer: Signer
) -> bytes:
    return compose(digest_of(match), composer=replace(composer, sign=signer)).content


Verify = Callable[[bytes], bool]


def test_another_library_verifies_the_signature_of_a_digest_and_of_a_confirmation(
    signed: bytes, is_verified: Verify, composer: Composer, signer: Signer
) -> None:
    signing = replace(composer, sign=signer)
    asked = compose_confirmation("a@b.example", "s", signing, issued=date(2026, 6, 30), sent_at=MOMENT)
    assert is_verified(signed)
    assert is_verified(asked.content)


def test_both_headers_of_one_click_unsubscribe_are_covered_and_from_can_not_be_added(signed: bytes) -> None:
    head = re.sub(rb"\r\n[ \t]+", b"", signed.partition(b"\r\n\r\n")[0])
    (tag,) = re.findall(rb"[ ;]h=([^;]+);", head)
    named = tag.decode().split(":")
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Message-ID", "Date"} <= set(named)
    assert named.count("From") == named.count("Subject") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\nSubject: ", b"\r\nSubject: RE: "),
        (b"/unsubscribe/", b"/unsubscribed/"),
        (b"Gentle Pruning", b"Gentle pruning"),
        (b"\r\nFrom: ", b"\r\nFrom: Eve <eve@evil.example>\r\nFrom: "),
    ],
)
def test_a_changed_message_is_not_verified(signed: bytes, is_verified: Verify, old: bytes, new: bytes) -> None:
    assert old in signed
    assert not is_verified(signed.replace(old, new, 1))


def test_a_message_signed_twice_has_the_same_bytes_and_its_lines_stay_short(
    signed: bytes,
    compose: Callable[..., Email],
    composer: Composer,
    digest_of: Callable[..., Digest],
    match: Match,
    signer: Signer,
) -> None:
    assert compose(digest_of(match), composer=replace(composer, sign=signer)).content == signed
    head = signed.partition(b"\r\nFrom:")[0]
    assert max(map(len, head.split(b"\r\n"))) < 200


bodies = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"=20", b".", b"\r\n\r\n"]), max_size=30).map(b"".join)


@given(body=bodies)
def test_any_body_is_canonicalised_as_the_standard_says(body: bytes, signer: Signer, is_verified: Verify) -> None:
    message = b"From: a@papers.example\r\nSubject:  two   blanks \r\n and a fold\r\nTo: b@c.example\r\n\r\n" + body
    assert is_verified(signer(message, MOMENT))


def test_a_weak_or_broken_key_and_names_that_are_none_are_told(tmp_path: Path) -> None:
    weak, broken = tmp_path / "weak.pem", tmp_path / "broken.pem"
    weak.write_bytes(pem_of(generate_private_key(65537, 1024)))  # noqa: S505 - that is the point
    broken.write_text("no key", encoding="utf-8")
    for domain, selector, path, words in (
        ("papers.example", "digest", weak, "neither RSA of 2048 bits or more nor Ed25519"),
        ("papers.example", "digest", broken, "holds no private key"),
        ("papers.example", "digest", tmp_path / "none.pem", "can't be read"),
        ("papers example", "digest", broken, "is no domain"),
        ("papers.example", "di;gest", broken, "is no selector"),
    ):
        with pytest.raises(ConfigError, match=words):
            open_signer(domain, selector, path, file="config.toml")
