"""What a transport's table says of how mail goes there; the options of the way itself are the adapter's to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from digest.config.mistakes import read_mistakes
from digest.config.values import Rate
from digest.errors import ConfigError, Mistake


@dataclass(frozen=True, slots=True)
class TransportTable:
    """A table that says how mail leaves: its name is the adapter's, its options are the adapter's fields."""

    name: str
    options: Mapping[str, Any] = field(repr=False)
    mails_a_second: float | None = None
    key: str = ""
    """The table's own name, where it isn't the adapter's."""


class _RelayPolicy(BaseModel):
    """What a relay's table says of how mail goes there; the rest of the table is the transport's own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rate: Rate = None


class _SendingPolicy(_RelayPolicy):
    """What the first relay's table says beside that."""

    on_unknown: Literal["hold", "resend"] = "hold"
    fallback: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Transports:
    """How mail leaves: the first way, and where it goes while that is down."""

    first: TransportTable
    fallback: TransportTable | None
    resends: bool
    """Whether mail in doubt is sent again; else it is held and shown."""


def read_transports(name: str, options: Mapping[str, Any], *, file: str) -> Transports:
    """Read the table of this name. Raises ConfigError with what is wrong in it."""
    policy = _read_policy(_SendingPolicy, options, file=file, key=name)
    return Transports(
        _transport_table(name, options, policy),
        _read_fallback(policy.fallback, file=file, transport=name) if policy.fallback else None,
        policy.on_unknown == "resend",
    )


_Policy = TypeVar("_Policy", bound=_RelayPolicy)


def _read_policy(model: type[_Policy], options: Mapping[str, Any], *, file: str, key: str) -> _Policy:
    try:
        return model.model_validate(options)
    except ValidationError as error:
        raise ConfigError(read_mistakes(error, file=file, key=key, model=model)) from error


def _read_fallback(options: Mapping[str, Any], *, file: str, transport: str) -> TransportTable:
    key = f"{transport}.fallback"
    if transport != "smtp":
        raise ConfigError([Mistake(file, key, "only SMTP has a fallback", "remove the table")])
    if misplaced := [option for option in ("on_unknown", "fallback") if option in options]:
        raise ConfigError(
            [Mistake(file, f"{key}.{option}", "holds for all relays", "put it into [smtp]") for option in misplaced]
        )
    return _transport_table(transport, options, _read_policy(_RelayPolicy, options, file=file, key=key), key=key)


def _transport_table(name: str, options: Mapping[str, Any], policy: _RelayPolicy, *, key: str = "") -> TransportTable:
    own = {option: value for option, value in options.items() if option not in _SendingPolicy.model_fields}
    return TransportTable(name, own, policy.rate, key=key or name)
