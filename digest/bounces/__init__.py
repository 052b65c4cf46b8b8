"""Reports of mails that came back: where they arrive, and how they are read. Decides nothing about any reader."""

from digest.bounces.incoming import Incoming
from digest.bounces.reports import Report, read_report

__all__ = ["Incoming", "Report", "read_report"]
