"""A week of household life, through sensors, rules and arming together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fakes.household import Household, script
from fakes.rules_at_work import utc_local
from vigil.config.rule_checks import known_of
from vigil.guard.replay import DAY_US, Told, explain
from vigil.guard.rule_state import World

HERE = Path(__file__).parent / "scenarios"
WEEK = script(HERE / "week.txt")


@pytest.fixture(scope="module")
def lived() -> Household:
    """The house after the week; while it lived, everything happened as its script says."""
    house = Household(HERE / "household.toml")
    house.run(WEEK)
    return house


def test_a_week_goes_as_its_script_says_and_nothing_else_happens(lived):
    assert lived.wall_us >= WEEK[-1].at_us
    assert lived.happened == []


def test_a_week_is_a_few_hundred_entries(lived):
    """A broken contact swung 60,000 times, and everybody came and went."""
    kinds = Counter(kind for _, kind, _ in lived.journal)

    assert kinds["rule.fired"] == sum(line.expected and line.words.startswith("rule ") for line in WEEK)
    assert sum(kinds.values()) < 200


def test_the_journal_of_the_week_explains_what_the_rules_did(lived):
    """Each firing of each rule, found again in the journal alone, and none that was not."""
    config = lived.config
    entries = [Told(at_us, kind, fields) for at_us, kind, fields in lived.journal]
    # The journal of presence and power is not guard's rules' to write; the script has it.
    for line in WEEK:
        who, _, what = line.words.partition(" ")
        if not line.expected and who in ("presence", "power"):
            entries.append(Told(line.at_us, f"{who}.changed", {"after": what}))
        if not line.expected and what in ("sees motion", "sees nothing"):
            entries.append(
                Told(line.at_us, "motion.began" if what == "sees motion" else "motion.ended", {"camera": who})
            )
    entries.sort(key=lambda told: told.at_us)

    begin_us = WEEK[0].at_us - WEEK[0].at_us % DAY_US
    world = World(config.location, utc_local, known_of(config.sensors, config.cameras))
    found = explain(config.rules, world, entries, from_us=begin_us, to_us=begin_us + 7 * DAY_US)

    assert {one.rule.id: len(one.fired) for one in found} == {one.rule.id: one.really for one in found}
    assert sum(one.really for one in found) > 15


def test_a_family_comes_and_goes_by_its_phones():
    """Phones that sleep, a router that restarts, a box that was off: what is journaled is who made the house change."""
    house = Household(HERE / "family.toml")
    house.run(script(HERE / "family.txt"))

    assert house.happened == []
    changes = [fields for _, kind, fields in house.journal if kind == "presence.changed"]
    assert 10 < len(changes) < 40
    assert not [fields for fields in changes if "grandma" in str(fields) or "192.168" in str(fields)]
