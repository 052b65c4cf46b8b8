"""Makes the email that asks whether a sign-up was meant (double opt-in). Repeats nothing a visitor typed."""

from __future__ import annotations

from datetime import date, datetime

from digest.composing.cleaning import one_line
from digest.composing.headers import confirmation_headers, envelope_address, sender_address
from digest.composing.message import quoted_printable, seven_bit, write_message
from digest.composing.templates import Composer, shared_values
from digest.domain import Email
from digest.links import LIFETIMES, Purpose, make_link


def compose_confirmation(
    email_address: str,
    subscriber_id: str,
    composer: Composer,
    *,
    issued: date,
    sent_at: datetime,
    language: str = "en",
) -> Email:
    """The email with the link that confirms a subscription, in the visitor's language.

    Raises ComposeError if the address can't be mailed to.
    """
    letterhead, spoken = composer.letterhead, composer.language_of(language)
    subject = spoken.say("Please confirm your subscription to {site}", site=one_line(letterhead.site_name, 60))
    confirm = make_link(letterhead.base_url, Purpose.CONFIRM, subscriber_id, issued=issued, secrets=letterhead.secrets)
    lifetime = LIFETIMES[Purpose.CONFIRM]
    values = {
        **shared_values(letterhead, spoken),
        "subject": subject,
        "preheader": spoken.say("One click, and new research papers come to you."),
        "confirm": confirm,
        "lifetime": (
            spoken.count("The link is valid for {count} day.", "The link is valid for {count} days.", lifetime.days)
            if lifetime
            else ""
        ),
    }
    headers = confirmation_headers(letterhead, email_address, subscriber_id, subject=subject, sent_at=sent_at)
    text, html = composer.confirmation_text.render(**values), composer.confirmation_html.render(**values)
    content = write_message(headers, text=quoted_printable(text), html=seven_bit(html))
    return Email(
        recipient=envelope_address(email_address),
        sender=sender_address(letterhead),
        message_id=headers["Message-ID"],
        subject=subject,
        content=composer.sign(content, sent_at) if composer.sign else content,
        subscriber_id=subscriber_id,
    )
