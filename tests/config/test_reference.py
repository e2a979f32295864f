"""docs/ref/config.md says what the model says, and its examples work."""

from __future__ import annotations

import re

import pytest

from fakes.repository import ROOT
from vigil.config.model import LISTS, TABLES, Camera, Motion
from vigil.config.read import read_strict
from vigil.config.reference import reference_tables
from vigil.config.setting import settings_of
from vigil.errors import ConfigError

PAGE = (ROOT / "docs" / "ref" / "config.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def section(header: str) -> str:
    """The part of the page under the heading that names this table."""
    found = re.search(rf"^##+ [^\n]*`{re.escape(header)}`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no heading names {header}"
    return found[1]


@pytest.mark.parametrize("header", reference_tables())
def test_every_setting_stands_in_the_page_with_its_default_and_range(header: str):
    rows = "".join(f"{line}\n" for line in section(header).splitlines() if line.startswith("|"))

    assert rows == reference_tables()[header]


def test_no_setting_is_left_out_of_the_tables():
    keys = [key for table in (Camera, Motion, *TABLES.values(), *LISTS.values()) for key in settings_of(table)]

    assert len(keys) == sum(table.count("\n") - 2 for table in reference_tables().values())
    assert all(f"| `{key}` | " in "".join(reference_tables().values()) for key in keys)


def test_the_page_begins_with_examples():
    assert len(EXAMPLES) >= 3
    assert PAGE.index("```toml") < PAGE.index("| key |")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_works(example: str):
    assert read_strict(example.encode()).cameras


def test_the_mistakes_that_the_page_shows_are_the_ones_one_gets():
    shown = re.findall(r"^      (\S+.*)$", PAGE, re.MULTILINE)
    text = 'schema = 1\nrecording.segment_s = 5\n[[camera]]\nid = "front"\nsource = "synthetic"\npre_rol_s = 3\n'

    with pytest.raises(ConfigError, match="segment_s") as caught:
        read_strict(text.encode())
    assert caught.value.problems == shown
