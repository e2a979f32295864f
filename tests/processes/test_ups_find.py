"""Finding a UPS: what is written for NUT, who may read it, and what is kept."""

from __future__ import annotations

import stat
import subprocess

import pytest

from vigil.body.nut_files import Device
from vigil.config.model_ups import Ups as Settings
from vigil.errors import UpsLost
from vigil.processes.ups_find import UNITS, Finding, restart_units, scan
from vigil.store.disk import Disk

DEVICE = Device("usbhid-ups", "051D", "0002", "4B13", "APC Back-UPS")


def zeros(length: int) -> bytes:
    return bytes(length)


def test_nuts_files_are_written_and_the_password_is_nobodys_business(tmp_path):
    finding = Finding(tmp_path, Disk(), random_bytes=zeros)

    finding.write(DEVICE, Settings(ups_name="cellar", nut_port=4000))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in finding.place.iterdir()}
    assert modes == dict.fromkeys(("nut.conf", "ups.conf", "upsd.conf", "upsd.users"), 0o640)
    assert stat.S_IMODE(finding.place.stat().st_mode) == 0o750
    assert "[cellar]" in (finding.place / "ups.conf").read_text()
    assert "127.0.0.1 4000" in (finding.place / "upsd.conf").read_text()
    assert "password = " + "00" * 16 in (finding.place / "upsd.users").read_text()


def test_a_password_that_was_made_before_stays(tmp_path):
    Finding(tmp_path, Disk(), random_bytes=zeros).write(DEVICE, Settings())
    before = (tmp_path / "nut/upsd.users").read_text()

    Finding(tmp_path, Disk()).write(Device("nutdrv_qx", "0665", "5161"), Settings())

    assert (tmp_path / "nut/upsd.users").read_text() == before
    assert "nutdrv_qx" in (tmp_path / "nut/ups.conf").read_text()


def test_no_two_boxes_have_the_same_password(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Finding(tmp_path / name, Disk()).write(DEVICE, Settings())

    assert (tmp_path / "one/nut/upsd.users").read_text() != (tmp_path / "two/nut/upsd.users").read_text()


def test_the_scanner_is_asked_for_usb_alone(tmp_path):
    scanner = tmp_path / "nut-scanner"
    scanner.write_text(
        f'#!/bin/sh\necho "$*" >{tmp_path}/asked\nprintf \'[nutdev1]\\n\\tdriver = "usbhid-ups"\\n\\t'
        'vendorid = "051D"\\n\\tproductid = "0002"\\n\'\n'
    )
    scanner.chmod(0o755)

    assert scan((str(scanner),)) == [Device("usbhid-ups", "051D", "0002")]
    assert (tmp_path / "asked").read_text() == "-U -N -q\n"


def test_a_scanner_that_finds_nothing_or_fails_finds_nothing():
    assert scan(("false",)) == [] and scan(("true",)) == []


def test_a_host_without_a_scanner_is_told_so():
    with pytest.raises(UpsLost, match="there is no nut-scanner here"):
        scan(("/nowhere/nut-scanner",))


def test_the_units_are_started_anew():
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0)

    restart_units(run)

    assert asked == [["systemctl", "--no-block", "restart", *UNITS]]
