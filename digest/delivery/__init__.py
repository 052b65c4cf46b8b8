"""Delivering: hands emails to a transport over several connections at once; never decides who gets a mail."""

from __future__ import annotations

from digest.delivery.health import Stopped
from digest.delivery.port import Relay, Transport
from digest.delivery.sending import SendingEnd, send_emails

__all__ = ["Relay", "SendingEnd", "Stopped", "Transport", "send_emails"]
