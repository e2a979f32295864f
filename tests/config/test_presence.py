"""A household that could not be looked for is refused with a sentence; when booting, one mistake costs one member."""

from __future__ import annotations

import json
import re

import pytest

from fakes.repository import ROOT
from vigil.config.model import Config
from vigil.config.model_presence import Member, Presence
from vigil.config.presence_checks import MEMBERS_AT_MOST
from vigil.config.read import read_lenient, read_strict
from vigil.config.write import explained, redacted, written
from vigil.errors import ConfigError

CAMERA = 'schema = 1\n[[camera]]\nid = "hall"\nsource = "synthetic"\n'


def member(device: str, name: str = "anna", more: str = "") -> str:
    return f'[[presence.member]]\nid = "{name}"\ndevice = "{device}"\n{more}\n'


def problems(*texts: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_strict((CAMERA + "".join(texts)).encode())
    return caught.value.problems


HOUSE = CAMERA + '[presence]\nempty = "away"\n' + member("192.168.1.20") + member("Ben.lan", "ben", 'role = "child"')


def test_a_household_is_read_as_written_and_written_as_read():
    config = read_strict(HOUSE.encode())

    assert config.presence == Presence(empty="away")
    assert config.members == (
        Member(id="anna", device="192.168.1.20"), Member(id="ben", device="Ben.lan", role="child"),
    )  # fmt: skip
    for file in (written(config), explained(config)):
        assert read_strict(file) == config
    assert json.loads(json.dumps(redacted(config)))["presence"]["member"][1]["device"] == "Ben.lan"


def test_without_a_word_nothing_follows_who_is_at_home():
    presence = Config().presence

    assert {presence.empty, presence.adults_home, presence.kids_home, presence.all_home} == {"off"}
    assert Config().members == () and presence.override_manual is False


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        ("8.8.8.8", "this is no address of a home network; nobody outside is asked"),
        ("192.168.1.300", "this is neither an address nor a host name"),
        ("192.168.1", "this is neither an address nor a host name"),
        ("01:00:5e:00:00:01", "this is the address of a group of devices"),
        ("02:42:ac:11:00", "give an IPv4 address, a host name, or a hardware address of six pairs"),
        ("fd00::20", "give an IPv4 address, a host name, or a hardware address of six pairs"),
        ("anna..lan", "this is neither an address nor a host name"),
        ("anna phone", "give an address (192.168.1.20), a host name (anna.lan) or a hardware address "),
    ],
)
def test_what_could_not_be_looked_for_is_refused(device: str, problem: str):
    [told] = problems(member(device))

    assert told.startswith(f'presence.member.anna.device = "{device}": {problem}')


def test_one_device_is_one_member_however_it_is_written():
    found = problems(
        member("02:42:AC:11:00:02"), member("02-42-ac-11-00-02", "ben"), member("10.0.0.5", "carl"),
        member("10.0.0.5", "dora"), member("10.0.0.6", "anna"),
    )  # fmt: skip

    assert found == [
        'presence.member.ben.device = "02-42-ac-11-00-02": member anna has it already',
        'presence.member.dora.device = "10.0.0.5": member carl has it already',
        'presence.member[5].id = "anna": another presence.member has this id',
    ]


def test_other_mistakes_are_told_by_their_place():
    assert problems('[presence]\nwitness = "8.8.8.8"\nadults_hom = "away"\nempty = "gone"\nmember = 3\n') == [
        "presence.adults_hom: not a setting (did you mean adults_home?)",
        'presence.empty = "gone": give off, away, home, night or disarmed',
        'presence.witness = "8.8.8.8": this is no address of a home network; nobody outside is asked',
        "presence.member = 3: write a table [[presence.member]] for each presence.member",
    ]
    [much] = problems(*(member(f"10.0.{n // 200}.{n % 200 + 1}", f"m{n}") for n in range(MEMBERS_AT_MOST + 1)))
    assert much == "presence.member: there are 201; 200 at most are used"


def test_when_booting_a_mistake_costs_that_member_alone():
    found = read_lenient((HOUSE + member("8.8.8.8", "carl")).encode())

    assert [one.id for one in found.config.members] == ["anna", "ben"]
    assert found.faults[-1] == "presence.member.carl: not used until this is corrected"


def test_a_file_that_is_broken_elsewhere_keeps_its_household():
    found = read_lenient((HOUSE + "[lamps\n").encode())

    assert [one.id for one in found.config.members] == ["anna", "ben"]
    assert found.config.presence.empty == "away"


def test_every_example_of_the_guide_works():
    page = (ROOT / "docs/guide/presence.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    assert [read_strict(text.encode()).members != () for text in examples] == [True, True, False]
