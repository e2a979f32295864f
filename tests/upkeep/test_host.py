"""From configuration to the files of the network and the units of recorders."""

from __future__ import annotations

import configparser
from dataclasses import replace

import pytest

from vigil.config.model import Camera, Config, Journal, Network
from vigil.config.model_panel import Arm, Lamps
from vigil.config.model_presence import Member, Presence
from vigil.config.model_sensor import Sensor
from vigil.config.read import read_strict
from vigil.upkeep.host import BODY, GUARD, LOOKOUT, Changes, cable, changes, matters, problems, radio, wanted


def cameras(*names, off=()):
    return tuple(Camera(id=name, source="synthetic", enabled=name not in off) for name in names)


def cable_of(**settings):
    text = cable(Network(**settings))
    assert text is not None
    return text


def radio_of(**settings):
    text = radio(Network(**settings))
    assert text is not None
    return text


def test_there_is_a_recorder_for_each_camera_that_is_enabled():
    config = replace(Config(), cameras=cameras("gate", "yard", "cellar", off={"cellar"}))

    due = changes(wanted(config), {"vigil-record@gate.service", "vigil-record@attic.service", GUARD}, {})

    assert due == Changes(start=("vigil-record@yard.service",), stop=("vigil-record@attic.service",))


def test_who_reads_what_changed_is_started_anew_and_nobody_else():
    before = replace(Config(), cameras=cameras("gate", "yard"))
    gate, yard = before.cameras
    running = set(wanted(before))

    changed = replace(before, cameras=(replace(gate, fps=20), yard))
    assert changes(wanted(changed), running, wanted(before)).restart == (GUARD, "vigil-record@gate.service")
    journal = replace(before, journal=Journal(checkpoint_s=10))
    assert changes(wanted(journal), running, wanted(before)).restart == (GUARD,)
    lamps = replace(before, lamps=Lamps(brightness_pct=30))
    assert changes(wanted(lamps), running, wanted(before)).restart == (BODY, GUARD)
    arm = replace(before, arm=Arm(exit_delay_s=10))
    assert changes(wanted(arm), running, wanted(before)).restart == (GUARD,)
    network = replace(before, network=Network(address="10.0.0.5/8"))
    assert changes(wanted(network), running, wanted(before)) == Changes()


def test_sensors_and_rules_are_read_anew_by_who_reads_them():
    before = replace(Config(), cameras=cameras("gate"))
    running = set(wanted(before))
    sensors = replace(before, sensors=(Sensor(id="door", kind="contact", gpio=5),))
    assert changes(wanted(sensors), running, wanted(before)).restart == (BODY, GUARD)
    ruled = b'schema = 1\n[[rule]]\nid = "a"\nwhen = [{ arm = "armed" }, { any = [{ power = "low" }], for_s = 5 }]\n'
    rules = replace(before, rules=read_strict(ruled + b'do = [{ notify = "hm" }]\n').rules)
    assert changes(wanted(rules), running, wanted(before)).restart == (GUARD,)


def test_somebody_looks_only_where_there_is_anybody_to_look_for():
    nobody = replace(Config(), cameras=cameras("gate"))
    anna = replace(nobody, members=(Member(id="anna", device="10.0.0.5"),))
    off = replace(anna, presence=Presence(enabled=False))
    running = set(wanted(nobody))

    assert changes(wanted(anna), running, wanted(nobody)) == Changes(start=(LOOKOUT,), restart=(GUARD,))
    assert changes(wanted(off), {*running, LOOKOUT}, wanted(anna)) == Changes(stop=(LOOKOUT,), restart=(GUARD,))
    slow = replace(anna, presence=Presence(ping_interval_s=60))
    assert changes(wanted(slow), {*running, LOOKOUT}, wanted(anna)).restart == (GUARD, LOOKOUT)
    # A configuration is not taken back because of it: the box records.
    assert not matters(LOOKOUT) and matters("vigil-record@gate.service")


def test_a_password_that_changed_counts():
    one, two = (Camera(id="a", source="rtsp", url=f"rtsp://x:{word}@h/") for word in ("secret", "public"))
    before, after = (wanted(replace(Config(), cameras=(camera,))) for camera in (one, two))

    assert before != after and "secret" not in str(before)


def test_without_an_address_the_network_is_asked():
    assert cable(Network()) is None


def test_a_fixed_address_becomes_a_file_of_networkd():
    text = cable_of(address="192.168.1.20/24", gateway="192.168.1.1", dns="9.9.9.9")

    parser = configparser.RawConfigParser()
    parser.read_string(text)
    network = dict(parser["Network"])
    assert (network["address"], network["gateway"], network["dns"]) == ("192.168.1.20/24", "192.168.1.1", "9.9.9.9")
    assert parser["Match"]["type"] == "ether"


@pytest.mark.parametrize("address", ["300.1.1.1/24", "192.168.1.20", "192.168.1.20/99", "::/200"])
def test_an_address_that_is_none_leaves_the_box_reachable_and_is_told(address):
    network = Network(address=address)

    assert cable(network) is None
    assert problems(network) == [f"network.address = {address}: not an address, so the network is asked for one"]


def test_a_gateway_that_is_none_is_left_out_and_told():
    wrong = {"address": "10.0.0.5/8", "gateway": "1.2.3", "dns": "fe80::1"}

    assert "Gateway" not in cable_of(**wrong) and "DNS=fe80::1" in cable_of(**wrong)
    assert problems(Network(**wrong)) == ["network.gateway = 1.2.3: not an address"]


def test_a_radio_network_is_joined_by_the_key_that_the_standard_makes_of_its_password():
    # IEEE 802.11i, annex H.4.1.
    text = radio_of(wifi_name="IEEE", wifi_password="password", wifi_country="AT")

    assert "psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e" in text
    assert f"ssid={b'IEEE'.hex()}" in text and text.startswith("country=AT\n")
    assert "password" not in text


def test_an_open_radio_network_has_no_key_and_none_is_joined_unasked():
    assert "key_mgmt=NONE" in radio_of(wifi_name='quo"ted\n')
    assert radio(Network()) is None
