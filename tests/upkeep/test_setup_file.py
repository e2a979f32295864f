"""The set-up file: the owner's wishes are taken over, passwords do not stay behind."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.configs import KEYS, configs
from vigil.config.model import TABLES, Camera, Config, Motion, Owner
from vigil.config.setting import Mark, settings_of
from vigil.config.write import written
from vigil.errors import ConfigError
from vigil.upkeep.setup_file import SECRETS, blanked, digest, has_secrets, taken_over

SETUP = f"""# my camera box
owner_recipient = "{KEYS[0]}"
hostname = "garage"
time_zone = "Europe/Vienna"

[network]
wifi_name = "home"
  wifi_password = "correct horse"   # keep it secret

[[camera]]
id = "yard"
source = "rtsp"
url = 'rtsp://viewer:secret@192.168.1.21/main'
""".encode()


def test_a_new_box_takes_everything_over():
    config = taken_over(SETUP, None)

    assert config.owner.recipients == (KEYS[0],)
    assert (config.system.hostname, config.system.time_zone) == ("garage", "Europe/Vienna")
    assert (config.network.wifi_name, config.network.wifi_password) == ("home", "correct horse")
    assert [camera.id for camera in config.cameras] == ["yard"]


def test_sensors_rules_and_the_household_are_taken_over_too_and_lists_that_it_does_not_name_stay():
    said = b"""
[presence]
departure_delay_s = 900
[[presence.member]]
id = "anna"
device = "10.0.0.5"
[[sensor]]
id = "door"
kind = "contact"
gpio = 5
[[rule]]
id = "ring"
when = [{ sensor = "door", is = "active" }]
do = [{ notify = "the door" }]
"""
    config = taken_over(said, None)
    later = taken_over(b'[usb]\nallow = ["0bda:8153"]', written(config))

    assert config.presence.departure_delay_s == 900
    lists = [[one.id for one in lists] for lists in (config.members, config.sensors, config.rules)]
    assert lists == [["anna"], ["door"], ["ring"]]
    assert later == replace(config, usb=later.usb) and later.usb.allow == ("0bda:8153",)


def test_an_owner_alone_is_enough():
    config = taken_over(f'owner_recipient = "{KEYS[1]}"'.encode(), None)

    assert config == replace(Config(), owner=Owner(recipients=(KEYS[1],)))


def test_several_owners_may_be_named():
    assert taken_over(f'owner_recipient = ["{KEYS[0]}", "{KEYS[1]}"]'.encode(), None).owner.recipients == tuple(
        KEYS[:2]
    )


def test_who_holds_the_card_cannot_become_the_owner_of_a_box_that_has_one():
    before = written(replace(Config(), owner=Owner(recipients=(KEYS[0],))))

    config = taken_over(f'owner_recipient = "{KEYS[1]}"\nhostname = "mine"'.encode(), before)

    assert config.owner.recipients == (KEYS[0],)
    assert config.system.hostname == "mine"


def test_what_the_file_does_not_say_stays_as_it_was():
    before = replace(
        Config(), cameras=(Camera(id="gate", source="synthetic"),), recording=replace(Config().recording, segment_s=30)
    )

    config = taken_over(b'[network]\naddress = "10.0.0.5/24"\n', written(before))

    assert config == replace(before, network=replace(before.network, address="10.0.0.5/24"))


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (b"", "holds no setting"),
        (b"hostname = ", "line 1"),
        (b'hostname = "My Box"', "system.hostname"),
        (b'hostnme = "box"', "hostnme: not a setting"),
        (b'owner_recipient = "AGE-SECRET-KEY-1QQQQ"', "owner.recipients"),
        (b'time_zone = "../../etc/passwd"', "system.time_zone"),
        (b'network = 5\nhostname = "box"', "network"),
        (b'system = 5\nhostname = "box"', "system"),
    ],
)
def test_nothing_of_a_file_with_a_mistake_is_used_and_each_mistake_is_named(setup, said):
    with pytest.raises(ConfigError, match=said):
        taken_over(setup, None)


def test_every_secret_goes_and_not_a_byte_moves():
    left = blanked(SETUP)

    assert len(left) == len(SETUP)
    assert b"correct horse" not in left and b"secret@" not in left
    assert tomllib.loads(left.decode())["network"]["wifi_name"] == "home"
    assert has_secrets(SETUP) and not has_secrets(left)


def test_a_file_is_known_again_once_its_secrets_are_gone():
    assert digest(SETUP) == digest(blanked(SETUP))
    assert digest(SETUP) != digest(SETUP.replace(b"garage", b"garden"))


def test_a_cut_while_blanking_leaves_a_file_that_is_still_the_same_one():
    whole = blanked(SETUP)
    for cut in range(0, len(SETUP), 7):
        half = whole[:cut] + SETUP[cut:]
        assert digest(half) == digest(SETUP)
        assert blanked(half) == whole


def test_blanked_words_are_not_taken_for_passwords():
    before = written(taken_over(SETUP, None))
    edited = blanked(SETUP).replace(b"garage", b"cellar").split(b"[[camera]]")[0]

    config = taken_over(edited, before)

    assert config.network.wifi_password == "correct horse"
    assert config.system.hostname == "cellar"


@pytest.mark.slow  # forty whole configurations
@settings(max_examples=40, deadline=None)
@given(config=configs(), noise=st.binary(max_size=60))
def test_no_file_keeps_a_secret_or_changes_its_length(config, noise):
    for data in (written(config), noise, written(config) + noise):
        assert len(blanked(data)) == len(data)
        assert blanked(blanked(data)) == blanked(data)
    left = blanked(written(config)).decode()
    for camera in config.cameras:
        assert not camera.url or camera.url not in left


def test_whatever_the_model_calls_a_secret_is_blanked():
    tables = (*TABLES.values(), Camera, Motion)
    secret = {key for table in tables for key, setting in settings_of(table).items() if Mark.SECRET in setting.marks}

    assert {"wifi_password", "nut_password"} <= secret
    assert secret == set(SECRETS)
    for key in secret:
        assert blanked(f'[ups]\n{key} = "s3cret pass"\n'.encode()) == f'[ups]\n{key} = "***********"\n'.encode()
