"""The configuration file: defaults, the environment over it, every mistake at once, secrets kept."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path

import pytest

from digest.config import Config, load_config, signing_secrets
from digest.errors import ConfigError

AS_DOCUMENTED = """
[site]
name = "Paper digest"
base_url = "http://localhost:8000"
sender = "Paper digest <digest@example.org>"
reply_to = ""
postal_address = "1 Example Street"
secret = "a-long-signing-secret-of-ours"

[subscribers]
path = "readers"

[store]
url = "sqlite:///data/digest.db"

[sources.arxiv]
categories = ["cs.LG", "cs.CL"]
rss_url = "https://mirror.example/rss"

[sources.files]
paths = ["papers/*"]

[schedule]
timezone = "Europe/Zurich"
send_at = "07:45"
max_lateness = "6h"
lookback = "3d"
when_empty = "skip"
expires_after = "90m"
retention = "400d"

[smtp]
host = "127.0.0.1"
port = 8025
security = "none"
username = ""
password = ""
max_connections = 8
rate = ""
on_unknown = "hold"

[dkim]
domain = ""
selector = ""
key_file = ""

[web]
host = "127.0.0.1"
port = 8000
admin_token = ""
"""

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a configuration of some text."""

    def load_text(text: str = "", environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, environ or {})

    return load_text


def mistakes_in(load: Load, text: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The problem and the repair of each mistake, by key."""
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    assert all(mistake.file for mistake in caught.value.mistakes)
    return {mistake.key: f"{mistake.problem} — {mistake.repair}" for mistake in caught.value.mistakes}


def test_the_file_is_read_as_documented(load: Load, tmp_path: Path) -> None:
    config = load(AS_DOCUMENTED)

    assert (config.site.postal_address, config.site.secret) == ("1 Example Street", "a-long-signing-secret-of-ours")
    assert config.subscribers == tmp_path / "readers"
    assert config.store_url == f"sqlite:///{tmp_path}/data/digest.db"
    assert config.sources["arxiv"] == {"categories": ["cs.LG", "cs.CL"], "rss_url": "https://mirror.example/rss"}
    assert (config.schedule.timezone, config.schedule.send_at) == ("Europe/Zurich", time(7, 45))
    assert (config.schedule.lookback, config.schedule.expires_after) == (timedelta(days=3), timedelta(minutes=90))
    assert (config.transport.name, config.transport.options["port"]) == ("smtp", 8025)
    assert (config.file, config.folder) == (str(tmp_path / "config.toml"), tmp_path)


def test_without_a_file_there_are_the_defaults_and_the_local_inbox_as_relay() -> None:
    config = load_config(None, {})

    assert config.sources == {}
    assert config.transport.name == "smtp"
    assert config.transport.options == {}
    assert config.store_url == f"sqlite:///{Path.cwd()}/data/digest.db"
    assert config.schedule.lookback == timedelta(days=7)


def test_other_databases_and_absolute_paths_stay_as_they_are(load: Load) -> None:
    assert load('[store]\nurl = "sqlite:////srv/digest.db"').store_url == "sqlite:////srv/digest.db"
    url = "postgresql+psycopg://digest@db.example/digest"
    assert load(f'[store]\nurl = "{url}"').store_url == url


def test_every_mistake_is_reported_at_once_with_its_key_and_repair(load: Load) -> None:
    found = mistakes_in(
        load,
        """
[site]
base_url = "digest.example.org"
sender = "nobody"
nam = "Paper digest"
[schedule]
timezone = "Europe/Zürich"
send_at = "half past seven"
lookback = "a week"
when_empty = "sometimes"
[web]
port = 70000
""",
    )

    assert set(found) == {
        "site.base_url",
        "site.sender",
        "site.nam",
        "schedule.timezone",
        "schedule.send_at",
        "schedule.lookback",
        "schedule.when_empty",
        "web.port",
    }
    assert "did you mean 'name'?" in found["site.nam"]
    assert "such as 6h" in found["schedule.lookback"]
    assert "such as 07:30" in found["schedule.send_at"]
    assert "Europe/Zurich" in found["schedule.timezone"]
    assert "https://digest.example.org" in found["site.base_url"]


@pytest.mark.parametrize("value", ['["998877"]', "[998877]", "'998877'", "998877"])
def test_former_secrets_that_are_none_are_not_repeated_in_their_mistakes(value: str, load: Load) -> None:
    ((key, words),) = mistakes_in(load, f"[site]\nformer_secrets = {value}").items()
    assert key.startswith("site.former_secrets")
    assert "998877" not in words


def test_former_secrets_come_after_the_one_in_use(load: Load) -> None:
    config = load('[site]\nformer_secrets = ["a-secret-of-last-year", "one-of-the-year-before"]')
    assert signing_secrets(config)[1:] == ("a-secret-of-last-year", "one-of-the-year-before")
    config = load("[site]\nsecret = 'the-one-that-is-in-use'", {"DIGEST_SITE__FORMER_SECRETS": "a-secret-of-last-year"})
    assert signing_secrets(config) == ("the-one-that-is-in-use", "a-secret-of-last-year")


@pytest.mark.parametrize("key", ["site.secret", "web.admin_token"])
def test_a_secret_of_the_wrong_type_is_not_repeated_in_its_mistake(key: str, load: Load) -> None:
    table, _, option = key.partition(".")
    found = mistakes_in(load, f"[{table}]\n{option} = 998877")
    assert list(found) == [key]
    assert "998877" not in found[key]


def test_a_mistake_names_its_file_and_reads_as_one_line(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load("[web]\nport = 'many'")

    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path / 'config.toml'}: web.port: ")
    assert line.endswith("is no whole number, found 'many' — write one")


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("name = 'x'", "name", "stands outside any table"),
        ("[smtp]\n[folder]", "", "more than one transport: [smtp] and [folder]"),
        ("[schedul]\nsend_at = '07:00'", "schedul", "no known table — did you mean [schedule]?"),
        ("[dkim]\ndomain = 'x.example'\nselector = 'd'", "dkim.key_file", "is missing"),
        ("[dkim]\ndomain = 'x.example'\nkey_file = 'd.pem'", "dkim.selector", "is missing"),
        ("[smtp]\nrate = '14 a second'", "smtp.rate", "such as 14/s or 500/h"),
        ("[smtp]\nrate = '0/h'", "smtp.rate", "is no rate"),
        ("[smtp]\non_unknown = 'guess'", "smtp.on_unknown", "hold"),
        ("[smtp.fallback]\nhost = 'x'\nrate = 'slow'", "smtp.fallback.rate", "is no rate"),
        ("[smtp.fallback]\nhost = 'x'\non_unknown = 'hold'", "smtp.fallback.on_unknown", "put it into [smtp]"),
        ("[folder]\npath = 'x'\n[folder.fallback]\npath = 'y'", "folder.fallback", "only SMTP has a fallback"),
        ("[schedule]\nretention = '7d'", "schedule.retention", "write 30d or more"),
        ("[sources]\narxiv = 3", "sources.arxiv", "found 3"),
        ("[schedule]\nsend_at = '07:30+02:00'", "schedule.send_at", "such as 07:30"),
        ("[schedule]\nlookback = '-3d'", "schedule.lookback", "is no duration"),
        ('[site]\nsender = "A\\n <a@example.org>"', "site.sender", ""),
        ('[site]\nname = "A\\nBcc: b@example.org"', "site.name", "on one line"),
        ('[site]\nreply_to = "nobody"', "site.reply_to", "name@example.org"),
        ('[site]\nreply_to = "a@example.org\\nBcc: b@example.org"', "site.reply_to", ""),
        ('[site]\nbase_url = "https://digest.example.org\\n/x"', "site.base_url", ""),
        ('[site]\nbase_url = "https://[digest.example.org"', "site.base_url", ""),
        ("[site]\nbase_url = 'ftp://digest.example.org'", "site.base_url", "is no web address"),
        ("[bounces]\naddress = 'bounces'", "bounces.address", "no plain address"),
        ("[bounces]\naddress = 'bounces-of-the-digest@a.example'", "bounces.address", "at most 14 letters"),
        ("[bounces]\naddress = 'a+b@a.example'", "bounces.address", "no +"),
        ("[bounces.imap]\nhost = 'a.example'\nfolder = 'Rückläufer'", "bounces.imap.folder", "outside ASCII"),
        ("[bounces.imap]\nport = 993", "bounces.imap.host", "is missing"),
        ("[bounces.imap]\nhots = 'a.example'\nhost = 'b.example'", "bounces.imap.hots", "did you mean 'host'?"),
        ("[bounces.imap]\nhost = 'a.example'\nsecurity = 'none'", "bounces.imap", "in clear — write tls"),
    ],
)
def test_what_can_not_work_is_refused_before_anything_runs(load: Load, text: str, key: str, words: str) -> None:
    found = mistakes_in(load, text)

    assert set(found) == {key}
    assert words in found[key]


def test_a_file_that_is_not_there_or_not_toml_or_not_text_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match=r"there is no such file — copy config\.example\.toml"):
        load_config(path, {})
    path.write_bytes(b"[site\n")
    with pytest.raises(ConfigError, match="is no TOML"):
        load_config(path, {})
    path.write_bytes(b"\xff\xfe[")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load_config(path, {})
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path, {})


def test_the_environment_lies_over_the_file(load: Load) -> None:
    config = load(
        AS_DOCUMENTED,
        {
            "DIGEST_SITE__NAME": "From the environment",
            "DIGEST_SCHEDULE__SEND_AT": "06:15",
            "DIGEST_WEB__PORT": "8081",
            "DIGEST_SMTP__HOST": "relay.example",
            "DIGEST_SOURCES__ARXIV__CATEGORIES": '["stat.ML"]',
            "DIGEST_CONFIG": "elsewhere.toml",
            "PATH": "/bin",
        },
    )

    assert (config.site.name, config.web.port) == ("From the environment", 8081)
    assert config.schedule.send_at == time(6, 15)
    assert config.transport.options["host"] == "relay.example"
    assert config.transport.options["port"] == 8025
    assert config.sources["arxiv"]["categories"] == ["stat.ML"]


def test_a_mistake_in_the_environment_is_a_mistake_too(load: Load) -> None:
    found = mistakes_in(load, "", {"DIGEST_WEB__PORT": "many", "DIGEST_SITE__NAM": "x"})

    assert set(found) == {"web.port", "site.nam"}


def test_an_imap_box_has_the_usual_port_of_its_security(load: Load) -> None:
    ports = []
    for security in ("tls", "starttls"):
        imap = load(f"[bounces.imap]\nhost = 'imap.example'\nsecurity = '{security}'").bounces.imap
        ports.append(imap.known_port if imap else None)

    assert ports == [993, 143]


def test_an_imap_password_may_come_from_the_environment_and_shows_nowhere(load: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n", encoding="utf-8")

    config = load("[bounces.imap]\nhost = 'a.example'", {"DIGEST_BOUNCES__IMAP__PASSWORD_FILE": str(secret)})

    assert config.bounces.imap is not None
    assert config.bounces.imap.password == "hunter2"
    assert "hunter2" not in repr(config)
    with pytest.raises(ConfigError) as caught:
        load("[bounces.imap]\nhost = 'a.example'\npassword = 'hunter2'\nsecurity = 'none'")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["DIGEST_SITE__SECRET", "DIGEST_SMTP__PASSWORD", "DIGEST_WEB__ADMIN_TOKEN"])
def test_a_secret_may_stand_in_a_file_of_its_own(load: Load, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2-hunter2-hunter2\n", encoding="utf-8")

    config = load("", {f"{name}_FILE": str(secret)})

    held = (config.site.secret, config.transport.options.get("password"), config.web.admin_token)
    assert held.count("hunter2-hunter2-hunter2") == 1


def test_a_secret_s_file_that_can_not_be_read_is_a_mistake_that_names_the_variable(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"DIGEST_SMTP__PASSWORD_FILE: can't read the file .*gone"):
        load("", {"DIGEST_SMTP__PASSWORD_FILE": str(tmp_path / "gone")})


def test_no_secret_shows_when_a_configuration_is_printed(load: Load) -> None:
    config = load(
        """
[site]
secret = "hunter2-hunter2-hunter2"
[store]
url = "postgresql+psycopg://digest:hunter2@db.example/digest"
[smtp]
password = "hunter2"
[sources.openalex]
api_key = "hunter2"
[web]
admin_token = "hunter2-hunter2-hunter2"
"""
    )

    assert "hunter2" not in repr(config)


def test_no_secret_shows_in_a_mistake_about_its_neighbour(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load('[site]\nsecret = "hunter2"\nnam = 1\n[web]\nadmin_token = "hunter2"\nport = "x"')

    assert "hunter2" not in str(caught.value)


def test_a_signing_secret_is_made_once_and_readable_by_its_owner_alone(load: Load, tmp_path: Path) -> None:
    config = load('[store]\nurl = "sqlite:///state/digest.db"')

    (made,) = signing_secrets(config)

    path = tmp_path / "state" / "secret.key"
    assert signing_secrets(config) == (made,)
    assert len(made) >= 40
    assert path.read_text(encoding="ascii").strip() == made
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_configured_signing_secret_wins_and_none_is_made(load: Load, tmp_path: Path) -> None:
    config = load('[site]\nsecret = "ours-and-nobody-elses"')

    assert signing_secrets(config) == ("ours-and-nobody-elses",)
    assert list(tmp_path.rglob("secret.key")) == []


def test_with_postgresql_the_made_secret_lies_beside_the_configuration(load: Load, tmp_path: Path) -> None:
    signing_secrets(load('[store]\nurl = "postgresql+psycopg://db.example/digest"'))

    assert (tmp_path / "data" / "secret.key").exists()


def test_an_empty_secret_file_signs_nothing(load: Load, tmp_path: Path) -> None:
    config = load('[store]\nurl = "sqlite:///digest.db"')
    (tmp_path / "secret.key").touch()

    with pytest.raises(ConfigError, match=r"secret\.key"):
        signing_secrets(config)


def test_a_secret_file_that_can_not_be_read_is_a_mistake_and_stays(load: Load, tmp_path: Path) -> None:
    config = load('[store]\nurl = "sqlite:///state/digest.db"')
    kept = tmp_path / "state" / "secret.key"
    kept.mkdir(parents=True)  # as little to be read as another user's file
    with pytest.raises(ConfigError, match=r"secret\.key: can't be read"):
        signing_secrets(config)
    kept.rmdir()
    kept.write_bytes(b"\xff" * 40)
    with pytest.raises(ConfigError, match=r"secret\.key: can't be read"):
        signing_secrets(config)
    assert kept.stat().st_size == 40


def test_a_secret_that_can_not_be_written_leaves_nothing_that_stops_the_next_run(load: Load) -> None:
    config = load('[store]\nurl = "sqlite:///state/digest.db"')
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))  # as on a full disk a file can be made, and takes nothing
    try:
        with pytest.raises(ConfigError, match=r"secret\.key: can't be written"):
            signing_secrets(config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert signing_secrets(config) == signing_secrets(config)


def test_a_relay_s_rate_its_stand_in_and_what_is_done_with_mail_in_doubt_are_read(load: Load) -> None:
    config = load(
        "[smtp]\nhost = 'a.example'\nrate = '90/m'\non_unknown = 'resend'\n"
        "[smtp.fallback]\nhost = 'b.example'\nport = 587\nrate = '500/h'"
    )

    assert config.resends
    assert (config.transport.options, config.transport.mails_a_second) == ({"host": "a.example"}, 1.5)
    assert config.fallback is not None
    assert config.fallback.options == {"host": "b.example", "port": 587}
    assert config.fallback.mails_a_second == pytest.approx(500 / 3600)


def test_nothing_is_sent_twice_nor_anywhere_else_unless_the_operator_says_so(load: Load) -> None:
    config = load("[smtp]\nhost = 'a.example'")
    assert (config.resends, config.fallback, config.transport.mails_a_second) == (False, None, None)
