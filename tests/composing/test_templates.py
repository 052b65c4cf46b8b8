from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.composing import open_composer
from digest.composing.templates import default_templates
from digest.domain import Letterhead
from digest.errors import ConfigError


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A copy of the product's templates, free to be broken."""
    shutil.copytree(default_templates() / "email", tmp_path / "email")
    return tmp_path


def _edit(templates: Path, name: str, old: str, new: str) -> int:
    """Replace the first `old` in a template and tell its line."""
    path = templates / "email" / name
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new, 1), encoding="utf-8")
    return source.count("\n", 0, source.index(old)) + 1


def test_the_products_own_templates_are_found_and_work(letterhead: Letterhead) -> None:
    assert open_composer(letterhead).letterhead is letterhead


def test_templates_of_the_operator_are_used(letterhead: Letterhead, templates: Path) -> None:
    _edit(templates, "confirmation.txt", "{{ site_name }}", "Welcome to {{ site_name }}")
    page = open_composer(letterhead, templates).confirmation_text
    assert page.source.startswith("Welcome to ")


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("digest.mjml", "{% endif %}", "{% endwhile %}", "endwhile"),
        ("digest.txt", "{% for card in section.cards %}", "{% for card of section.cards %}", "expected token"),
        ("card.html", "{{ authors }}", "{{ authros }}", "authros"),
        ("digest.mjml", "{{ section.note }}", "{{ section.remark }}", "remark"),
        ("digest.txt", "{{ section.note | wrap }}", "{{ section.remark | wrap }}", "remark"),
        ("line.txt", "{{ said }}", "{{ sayd }}", "sayd"),
        ("digest.mjml", '{{ _("Pause") }}', '{{ _("Pause {now}") }}', "now"),
        ("digest.mjml", "{% if postal_address %}", "{% if post_address %}", "post_address"),
        ("card.txt", "| trim", "| trimm", "trimm"),
        ("confirmation.mjml", "{{ lifetime }}", "{{ life }}", "life"),
    ],
)
def test_a_mistake_in_a_template_is_told_with_file_and_line(
    letterhead: Letterhead, templates: Path, name: str, old: str, new: str, problem: str
) -> None:
    line = _edit(templates, name, old, new)
    with pytest.raises(ConfigError) as caught:
        open_composer(letterhead, templates)
    (mistake,) = caught.value.mistakes
    assert mistake.file == str(templates / "email" / name)
    assert mistake.key == f"line {line}"
    assert problem in mistake.problem


@pytest.mark.parametrize(
    "text",
    ["{{ headline }}</mj-text>", "{{ sentence }}</mj-text>", "{{ section.note }}</mj-text>", "{{ card }}</mj-text>"],
)
def test_an_unknown_tag_that_would_swallow_a_part_of_the_email_is_told(
    letterhead: Letterhead, templates: Path, text: str
) -> None:
    path = templates / "email" / "digest.mjml"
    source = path.read_text(encoding="utf-8")
    end = source.index(text)
    start = source.rindex("<mj-text", 0, end)
    broken = (
        source[:start]
        + "<mj-txt"
        + source[start + 8 : end]
        + text.replace("mj-text", "mj-txt")
        + source[end + len(text) :]
    )
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"line {source.count(chr(10), 0, end) + 1}: <mj-txt> is no MJML tag"):
        open_composer(letterhead, templates)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("</mj-column>", "", "</mj-section> closes another tag"),
        ("</h1>", "", "</mj-text> closes another tag"),
        ("<mj-column>", "<mj-column><mj-divider>loose</mj-divider>", "MJML drops text outside <mj-text>: 'loose'"),
        ("<mj-column>", "<mj-column>loose", "MJML drops text outside <mj-text>: 'loose'"),
        ("<mj-column>", '<mj-column paddding="3px">', "<mj-column> has no attribute paddding"),
        ("<mj-raw>{% if section.note %}</mj-raw>", "<mj-raw>{% if section.note %}<b></mj-raw>", "closes another tag"),
        (
            "{{ preheader }}",
            '</mj-preview><mj-font name="{{ preheader }}" /><mj-preview>',
            "MJML dropped {{ preheader }}",
        ),
    ],
)
def test_mjml_that_is_not_well_formed_is_told_with_its_line(
    letterhead: Letterhead, templates: Path, old: str, new: str, problem: str
) -> None:
    line = _edit(templates, "digest.mjml", old, new)
    with pytest.raises(ConfigError) as caught:
        open_composer(letterhead, templates)
    (mistake,) = caught.value.mistakes
    assert problem in mistake.problem
    assert int(mistake.key.removeprefix("line ")) in {line, line + 1}


@pytest.mark.parametrize("name", ["digest.mjml", "head.mjml", "card.txt"])
def test_a_template_that_the_operator_left_out_is_digests_own(
    letterhead: Letterhead, templates: Path, name: str
) -> None:
    (templates / "email" / name).unlink()
    assert open_composer(letterhead, templates).card_text.source == open_composer(letterhead).card_text.source


def test_an_included_file_that_is_not_there_is_told(letterhead: Letterhead, templates: Path) -> None:
    _edit(templates, "digest.mjml", 'path="head.mjml"', 'path="hat.mjml"')
    with pytest.raises(ConfigError, match=r"hat[.]mjml.*can't be read"):
        open_composer(letterhead, templates)


def test_a_mistake_in_an_included_file_is_told_with_its_own_line(letterhead: Letterhead, templates: Path) -> None:
    line = _edit(templates, "head.mjml", "font-size=", "fontsize=")
    with pytest.raises(ConfigError, match=rf"head[.]mjml: line {line}: <mj-text> has no attribute fontsize"):
        open_composer(letterhead, templates)
