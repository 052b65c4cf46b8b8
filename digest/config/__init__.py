"""TOML files and secrets become frozen values, checked as a whole: every mistake is reported at once."""

from digest.config.editing import edit_values
from digest.config.lists import MOST_OCTETS, Entry, parse_list
from digest.config.mistakes import read_mistakes, suggest
from digest.config.settings import Config, load_config
from digest.config.signing import secret_path, signing_secrets
from digest.config.subscribers import (
    Checker,
    as_in_a_new_file,
    load_subscribers,
    read_subscriber,
    subscriber_id,
)
from digest.config.tables import Site
from digest.config.toml import read_toml
from digest.config.transports import TransportTable
from digest.config.writing import write_new, write_whole

__all__ = [
    "MOST_OCTETS",
    "Checker",
    "Config",
    "Entry",
    "Site",
    "TransportTable",
    "as_in_a_new_file",
    "edit_values",
    "load_config",
    "load_subscribers",
    "parse_list",
    "read_mistakes",
    "read_subscriber",
    "read_toml",
    "secret_path",
    "signing_secrets",
    "subscriber_id",
    "suggest",
    "write_new",
    "write_whole",
]
