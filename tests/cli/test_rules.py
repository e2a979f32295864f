"""`vigil rules`: what a person is told, over a configuration and a journal as they lie on a disk."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fakes.diaries import box, diary
from vigil.__main__ import main
from vigil.cli.rules import day_of
from vigil.clock import HandClock

CONFIG = """
schema = 1
[[sensor]]
id = "garage"
kind = "contact"
gpio = 5
[[rule]]
id = "garage-open"
when = [{ sensor = "garage", for_s = 600 }, { arm = "disarmed" }]
do = [{ notify = "The garage is open." }]
cool_down_s = 3600
[[rule]]
id = "dark"
when = { time = "22:00-23:00" }
do = [{ arm = "night" }]
"""
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 1_770_076_800_000_000
"""2026-02-03, 00:00 UTC."""


@pytest.fixture
def utc(monkeypatch):
    """People live by UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A box whose garage was open from 10:00 to 10:30, and again for four minutes at 10:40."""
    place = box(tmp_path / "data")
    clock = HandClock(wall_us=DAY + 10 * HOUR)
    journal = diary(place, clock)
    for minute, active in ((0, True), (30, False), (40, True), (44, False)):
        clock.forward_us(DAY + 10 * HOUR + minute * MINUTE - clock.wall_us())
        journal.happened("sensor.changed", {"sensor": "garage", "active": active})
    journal.close()
    (place.data / "vigil.toml").write_text(CONFIG)
    return place.data


def test_a_right_file_is_said_back_in_words(data, capsys):
    assert main(["rules", "check", "--data", str(data)]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "garage-open",
        "    when sensor garage is active for 10 min and arm is disarmed",
        "    then people are told “The garage is open.”; then not for 1 h",
        "dark",
        "    when it is 22:00-23:00",
        "    then the box is armed (night)",
        "OK: 2 rules; each can hold, and none goes round in a circle",
    ]


def test_a_file_without_rules_is_right(data, capsys):
    (data / "vigil.toml").write_text(CONFIG.partition("[[rule]]")[0])

    assert main(["rules", "check", "--data", str(data)]) == 0

    assert capsys.readouterr().out == "OK: there are no rules; docs/guide/rules.md has some to begin with\n"


def test_a_rule_that_can_never_fire_is_refused(data, capsys):
    file = data / "other.toml"
    file.write_text(CONFIG.replace('{ arm = "disarmed" }', '{ sensor = "garage", is = "rest" }'))

    assert main(["rules", "check", "--data", str(data), str(file)]) == 1
    assert "it can never hold: sensor garage is active, and sensor garage is at rest" in capsys.readouterr().err


def test_a_day_is_explained(data, capsys, utc):
    assert main(["rules", "explain", "--data", str(data), "--day", "2026-02-03"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "garage-open  would have fired once; on that day it did not (the rule, or the configuration, was another)",
        "    10:10:00  sensor garage is active for 10 min; arm is disarmed",
        "dark         would have fired once; on that day it did not (the rule, or the configuration, was another)",
        "    22:00:00  it is 22:00-23:00",
    ]


def test_what_was_missing_is_explained_too(data, capsys, utc):
    file = data / "other.toml"
    file.write_text(CONFIG.replace("for_s = 600", "for_s = 2400"))

    assert (
        main(["rules", "explain", "--data", str(data), "--day", "2026-02-03", "--rule", "garage-open", str(file)]) == 0
    )

    assert capsys.readouterr().out.splitlines() == [
        "garage-open  would not have fired",
        "    sensor garage is active for 40 min: never; the longest was 30 min, from 10:00:00",
        "    arm is disarmed: held all day",
    ]


def test_a_journal_of_another_day_leaves_nothing_known(data, capsys, utc):
    assert main(["rules", "explain", "--data", str(data), "--day", "2026-01-01", "--rule", "garage-open"]) == 0

    assert "sensor garage is active for 10 min: not known all day: nothing was heard of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--day", "tomorrow"], "give a date such as 2026-11-22, today or yesterday"),
        (["--rule", "nobody"], "there is no such rule"),
    ],
)
def test_what_cannot_be_explained_says_why(data, capsys, words, told):
    assert main(["rules", "explain", "--data", str(data), *words]) == 2
    assert told in capsys.readouterr().err


def test_without_a_journal_there_is_nothing_to_replay(tmp_path, capsys):
    (tmp_path / "vigil.toml").write_text(CONFIG)

    assert main(["rules", "explain", "--data", str(tmp_path)]) == 2
    assert "there is no journal" in capsys.readouterr().err


def test_a_damaged_journal_is_read_as_far_as_it_goes(data, capsys, utc):
    (entries,) = (data / "state/journal").glob("*/entries/00000000.jsonl")
    lines = entries.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b'"active":false', b'"active":maybe')
    entries.write_bytes(b"\n".join(lines))

    assert main(["rules", "explain", "--data", str(data), "--day", "2026-02-03"]) == 0
    said = capsys.readouterr()
    assert "10:10:00" in said.out
    assert "could be read in part only" in said.err


def test_a_day_is_that_of_the_people_of_the_box(monkeypatch, utc):
    from datetime import datetime

    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()

    begin, end = day_of("2026-10-25", datetime.now().astimezone())

    assert (end - begin) // HOUR == 25
    assert begin % (24 * HOUR) == 22 * HOUR
