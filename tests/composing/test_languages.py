"""Emails in the reader's language."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from digest.composing import Composer, compose_confirmation, compose_email, open_composer, render_cards
from digest.composing.templates import default_templates
from digest.composing.wrapping import columns
from digest.domain import Digest, Email, Frequency, Letterhead, Match, SourceAccount, Subscriber
from digest.errors import ConfigError
from tests.composing.texts import find_texts

DAY = date(2026, 6, 30)
MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)
LANGUAGES = ("de", "es", "fr", "zh")

Build = Callable[..., Digest]
ReadEmail = Callable[[Email], Any]


@pytest.fixture
def read_in(read: ReadEmail, digest_of: Build, match: Match, ada: Subscriber) -> Callable[..., Any]:
    """Reads a mail with one paper in a language."""

    def read_one(composer: Composer, language: str, **details: Any) -> Any:
        weekly = replace(ada, language=language, frequency=Frequency.WEEKLY, weekday="friday")
        values = {"considered": 1412, "account": (SourceAccount("arxiv", DAY, 1412, late=("cs.AI",)),)} | details
        digest = digest_of(match, subscriber=weekly, **values)
        cards = render_cards([match.paper], composer, language)
        return read(compose_email(digest, cards, composer, sent_at=MOMENT))

    return read_one


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_no_catalogue_holds_another(language: str) -> None:
    with (default_templates() / "email" / "languages" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    held = {entry.id: entry.string for entry in catalogue if entry.id}
    assert set(held) == set(find_texts())
    for text, translated in held.items():
        forms = (translated,) if isinstance(translated, str) else tuple(translated or ())
        assert all(forms), text
        assert len(forms) == catalogue.num_plurals or isinstance(translated, str), text


KNOWN = {
    "de": """Dienstag, 30. Juni 2026 | 1.412 Paper angekündigt · 1 passt | arXiv cs.AI verspätet sich und folgt. |
        Warum: „pruning“ in Titel und Abstract | eingereicht am 28. Juni | Sie kommt jeden Freitag. | Abmelden""",
    "fr": """mardi 30 juin 2026 | 1 412 articles annoncés · 1 retenu | arXiv cs.AI a du retard et suivra. |
        Pourquoi : « pruning » dans le titre et le résumé | Il arrive chaque vendredi. | Se désabonner""",
    "es": """martes, 30 de junio de 2026 | 1.412 artículos anunciados · 1 coincide | Llega cada viernes. |
        Por qué: «pruning» en el título y el resumen | Darse de baja""",
    "zh": """2026年6月30日星期二 | 发布1,412篇 · 匹配1篇 | 推荐理由：标题和摘要含“pruning” | 6月28日提交 |
        每星期五发送。 | 退订""",
    "de-CH": "1’412 Paper angekündigt | Abmelden",
    "en-US": "Tuesday, June 30, 2026 | submitted June 28 | Unsubscribe",
}


@pytest.mark.parametrize("language", KNOWN)
def test_texts_days_and_numbers_are_those_of_the_readers_language(
    language: str, composer: Composer, read_in: Callable[..., Any]
) -> None:
    mail = read_in(composer, language)
    assert mail.tree.get("lang") == language
    for words in KNOWN[language].split("|"):
        for part in (mail.words, mail.text):
            assert _unspaced(words) in _unspaced(part)


@pytest.mark.parametrize("language", ["ja", "xx", "tlh-Latn"])
def test_a_language_without_a_catalogue_is_english(
    language: str, composer: Composer, read_in: Callable[..., Any]
) -> None:
    mail = read_in(composer, language)
    assert mail.tree.get("lang") == "en"
    assert "Tuesday, 30 June 2026" in mail.words


def test_a_chinese_text_part_is_wrapped_by_columns(composer: Composer, read_in: Callable[..., Any]) -> None:
    lines = read_in(composer, "zh").text.splitlines()
    assert max(columns(line) for line in lines if "://" not in line) <= 72


def _unspaced(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_confirmation_is_in_the_visitors_language(language: str, composer: Composer, read: ReadEmail) -> None:
    mail = read(compose_confirmation("a@b.example", "s", composer, issued=DAY, sent_at=MOMENT, language=language))
    assert mail.tree.get("lang") == language
    assert ("Confirm my subscription" in mail.words) is (language == "en")


@pytest.fixture
def hebrew(tmp_path: Path, letterhead: Letterhead) -> Composer:
    """A composer to which an operator has added a catalogue of their own."""
    folder = tmp_path / "email" / "languages"
    folder.mkdir(parents=True)
    text = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Unsubscribe"\nmsgstr "הסרה"\n'
    (folder / "he.po").write_text(text, encoding="utf-8")
    return open_composer(letterhead, tmp_path)


def test_an_operators_right_to_left_language_runs_from_right_to_left(
    hebrew: Composer, read_in: Callable[..., Any]
) -> None:
    mail = read_in(hebrew, "he")
    assert (mail.tree.get("lang"), mail.tree.get("dir")) == ("he", "rtl")
    assert "direction:ltr" not in mail.html
    # each fact keeps its own direction, else the ends of two that run the other way change places
    facts = ["cs.LG, cs.CL", "submitted\N{NO-BREAK SPACE}28\N{NO-BREAK SPACE}ביוני", "12 pages, 5 figures"]
    assert [fact.text for fact in mail.tree.iter("bdi")][1:4] == facts
    assert _unspaced(" · ".join(f"\u2068{fact}\u2069" for fact in facts)) in _unspaced(mail.text)
    assert "הסרה" in mail.words
    assert "30 ביוני 2026" in mail.words
    assert "text-align:right" in mail.html
    assert "text-align:left;color" not in mail.html
    assert {heading.get("dir") for heading in mail.tree.iter("h3")} == {"auto"}


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("de.po", 'msgid "on {day}"\nmsgstr "am {tag}"\n', r"de[.]po: line 1: 'am \{tag\}' has other placeholders"),
        ("de.po", '\nmsgid "on {day}"\nmsgstr "am {day"\n', r"line 2: 'am \{day' is no format"),
        ("de.po", 'msgid "on {day}"\nnonsense\n', r"de[.]po: line 2: is no gettext catalogue"),
        ("nowhere.po", "", r"nowhere[.]po: line 1: is named after no language"),
        (
            "de.po",
            'msgid "{count} day"\nmsgid_plural "{count} days"\nmsgstr[0] "{count}"\nmsgstr[1] "{n}"\n',
            "placeholders",
        ),
    ],
)
def test_a_mistake_in_a_catalogue_is_told_with_its_line(
    name: str, text: str, problem: str, tmp_path: Path, letterhead: Letterhead
) -> None:
    folder = tmp_path / "email" / "languages"
    folder.mkdir(parents=True)
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=problem):
        open_composer(letterhead, tmp_path)


def test_an_operators_catalogue_takes_the_place_of_digests(
    tmp_path: Path, letterhead: Letterhead, read_in: Callable[..., Any]
) -> None:
    folder = tmp_path / "email" / "languages"
    shutil.copytree(default_templates() / "email" / "languages", folder)
    path = folder / "de.po"
    path.write_text(path.read_text(encoding="utf-8").replace('"Abmelden"', '"Tschüss"'), encoding="utf-8")
    assert "Tschüss" in read_in(open_composer(letterhead, tmp_path), "de").words
