"""TOML files and secrets become frozen values, checked as a whole: every mistake is reported at once."""

from digest.config.editing import edit_values
from digest.config.mistakes import read_mistakes, suggest
from digest.config.settings import Config, load_config
from digest.config.signing import secret_path, signing_secrets
from digest.config.subscribers import Checker, load_subscribers, read_subscriber, subscriber_id
from digest.config.tables import Site
from digest.config.toml import read_toml
from digest.config.transports import TransportTable

__all__ = [
    "Checker",
    "Config",
    "Site",
    "TransportTable",
    "edit_values",
    "load_config",
    "load_subscribers",
    "read_mistakes",
    "read_subscriber",
    "read_toml",
    "secret_path",
    "signing_secrets",
    "subscriber_id",
    "suggest",
]
