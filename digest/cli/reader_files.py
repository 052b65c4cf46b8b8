"""Reads the readers' files for the commands: all of them or none, or the sound ones with a word on the others."""

from __future__ import annotations

from dataclasses import dataclass

from digest.cli.output import say_error
from digest.config import Config, load_subscribers
from digest.domain import Subscriber
from digest.errors import ConfigError, Mistake
from digest.matching import check_profile


@dataclass(slots=True)
class ReaderFiles:
    """The readers' files, read anew at each call, and what was wrong with those that were left out the last time."""

    config: Config
    mistakes: tuple[Mistake, ...] = ()

    def read(self) -> tuple[Subscriber, ...]:
        """The readers of all files that can be read: one reader's mistake costs the others nothing."""
        readers, self.mistakes = load_subscribers(
            self.config.subscribers,
            timezone=self.config.schedule.timezone,
            send_at=self.config.schedule.send_at,
            check=check_profile,
        )
        return readers


def read_files(config: Config) -> tuple[Subscriber, ...]:
    """Every subscriber file. Raises ConfigError with the mistakes of all of them."""
    files = ReaderFiles(config)
    readers = files.read()
    if files.mistakes:
        raise ConfigError(files.mistakes)
    return readers


def read_sound_files(config: Config) -> tuple[Subscriber, ...]:
    """The readers of all files that can be read; what is wrong with the others is said."""
    files = ReaderFiles(config)
    readers = files.read()
    say_left_out(files.mistakes)
    return readers


def say_left_out(mistakes: tuple[Mistake, ...]) -> None:
    """Say which files are left out, and why."""
    for mistake in mistakes:
        say_error(f"left out: {mistake}")
