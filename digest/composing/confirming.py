"""Makes the email that asks whether a sign-up was meant (double opt-in). Repeats nothing a visitor typed."""

from __future__ import annotations

from datetime import date, datetime

from digest.composing.cleaning import one_line
from digest.composing.headers import confirmation_headers, envelope_address, sender_address
from digest.composing.message import quoted_printable, write_message
from digest.composing.templates import Composer, shared_values
from digest.composing.wording import counted
from digest.domain import Email
from digest.links import LIFETIMES, Purpose, make_link


def compose_confirmation(
    email_address: str, subscriber_id: str, composer: Composer, *, issued: date, sent_at: datetime
) -> Email:
    """The email with the link that confirms a subscription.

    Raises ComposeError if the address can't be mailed to.
    """
    letterhead = composer.letterhead
    subject = f"Please confirm your subscription to {one_line(letterhead.site_name, 60)}"
    confirm = make_link(letterhead.base_url, Purpose.CONFIRM, subscriber_id, issued=issued, secrets=letterhead.secrets)
    lifetime = LIFETIMES[Purpose.CONFIRM]
    values = {
        **shared_values(letterhead),
        "subject": subject,
        "preheader": "One click, and new research papers come to you.",
        "confirm": confirm,
        "lifetime": f"The link is valid for {counted(lifetime.days, 'day')}." if lifetime else "",
    }
    headers = confirmation_headers(letterhead, email_address, subscriber_id, subject=subject, sent_at=sent_at)
    text, html = composer.confirmation_text.render(**values), composer.confirmation_html.render(**values)
    return Email(
        recipient=envelope_address(email_address),
        sender=sender_address(letterhead),
        message_id=headers["Message-ID"],
        subject=subject,
        content=write_message(headers, text=quoted_printable(text), html=quoted_printable(html)),
        subscriber_id=subscriber_id,
    )
