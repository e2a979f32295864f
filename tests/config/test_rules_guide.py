"""docs/guide/rules.md: its examples work together, and what it says is refused is."""

from __future__ import annotations

import re

import pytest

from fakes.repository import ROOT
from vigil.config.actions import Action
from vigil.config.conditions import ARM_STATES
from vigil.config.read import read_strict
from vigil.errors import ConfigError

PAGE = (ROOT / "docs" / "guide" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TOP = """
schema = 1
location = { latitude = 48.2, longitude = 16.37 }
[[camera]]
id = "hall"
source = "synthetic"
[[camera]]
id = "yard"
source = "synthetic"
location = "outdoor"
[[sensor]]
id = "garage"
kind = "contact"
gpio = 5
"""


def test_all_examples_hold_together_in_one_file():
    config = read_strict((TOP + "".join(EXAMPLES)).encode())

    assert len(EXAMPLES) > 7
    assert {sensor.id for sensor in config.sensors} > {"front-door", "hall-pir", "attic", "back-door"}
    assert {rule.id for rule in config.rules} >= {"garage-open", "nobody-home", "good-night", "prowler", "cut-off"}


@pytest.mark.parametrize("table", re.findall(r"^\| `(\{ .*? \})` \|", PAGE, re.MULTILINE))
def test_every_form_in_the_tables_is_one(table):
    """Conditions beside an action, actions beside a condition: the form alone is tried."""
    condition = any(f"{{ {head} =" in table for head in ("sensor", "motion", "time", "sun", "presence", "power"))
    condition = condition or any(state in table for state in ARM_STATES[1:])
    if "…" in table:
        return
    when = table if condition else '{ sensor = "garage", for_s = 3 }'
    do = '{ notify = "x" }' if condition else table.replace("…", "x")
    names = TOP.replace('"garage"', '"front-door"') + TOP[TOP.index("[[sensor]]") :].replace("5", "6")

    config = read_strict(f'{names}[[rule]]\nid = "a"\nwhen = {when}\ndo = [{do}]\n'.encode())

    assert isinstance(config.rules[0].do[0], Action)


def test_what_the_page_says_is_refused_is_refused_in_these_words():
    rules = """
    [[rule]]
    id = "bedtime"
    when = [{ arm = "armed_night" }, { arm = "disarmed" }]
    do = [{ notify = "x" }]
    [[rule]]
    id = "leave"
    when = { arm = "disarmed" }
    do = [{ arm = "away" }]
    [[rule]]
    id = "back"
    when = { arm = "armed_away" }
    do = [{ arm = "disarmed" }]
    """
    with pytest.raises(ConfigError) as caught:
        read_strict((TOP + rules).encode())

    assert len(caught.value.problems) == 2
    assert [problem for problem in caught.value.problems if f"    {problem}\n" not in PAGE] == []
