"""What NUT's scanner prints, and what is written for NUT from it: read by NUT's own programs."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.nut import Nut, upsdrvctl, with_nut
from vigil.body.nut_files import Device, files, found
from vigil.body.ups import UpsWatch
from vigil.clock import SystemClock

SCANNED = """[nutdev1]
\tdriver = "usbhid-ups"
\tport = "auto"
\tvendorid = "051D"
\tproductid = "0002"
\tproduct = "Back-UPS XS 700U FW:924.Z3 .I USB FW:Z3"
\tserial = "4B1327P33184  "
\tvendor = "American Power Conversion"
\tbus = "001"
[nutdev2]
\tdriver = "nutdrv_qx"
\tport = "auto"
\tvendorid = "0665"
\tproductid = "5161"
\tbus = "002"
"""
APC = Device(
    "usbhid-ups", "051D", "0002", "", "American Power Conversion Back-UPS XS 700U FW:924.Z3 .I USB FW:Z3"
)  # fmt: skip


def test_what_the_scanner_prints_is_read():
    assert found(SCANNED) == [APC, Device("nutdrv_qx", "0665", "5161")]
    assert found(SCANNED.replace("4B1327P33184  ", "4B1327P33184"))[0].serial == "4B1327P33184"


@pytest.mark.parametrize(
    "line", ['\tdriver = "../../bin/sh"', '\tdriver = "a b"', '\tvendorid = "05 1D"', "", "\tdriver"]
)
def test_what_is_no_device_is_left_out(line):
    assert found(f'[nutdev1]\n\tproductid = "0002"\n{line}\n') == []


@given(st.text())
def test_noise_is_no_device(noise):
    assert all(device.driver.isascii() for device in found(f"[nutdev1]\n{noise}"))


def test_the_files_name_the_device_by_what_stays():
    written = files(replace(APC, serial="4B1327P33184"), name="ups", port=3493, password="00ff")

    assert 'serial = "4B1327P33184"' in written["ups.conf"] and "bus" not in written["ups.conf"]
    assert written["upsd.conf"] == "LISTEN 127.0.0.1 3493\nMAXAGE 15\n"
    assert written["upsd.users"] == "[vigil]\n    password = 00ff\n    upsmon secondary\n"


@with_nut
def test_nuts_own_programs_read_them(tmp_path):
    nut = Nut(tmp_path)
    for name, text in files(APC, name="ups", port=nut.settings.nut_port, password="secret").items():
        nut.write(name, text)

    program = upsdrvctl()
    assert program
    driver = subprocess.run(
        [program, "-t", "start"], env=nut.environment, capture_output=True, text=True, timeout=30
    )  # fmt: skip
    assert "usbhid-ups -a ups" in driver.stdout + driver.stderr
    # The driver itself takes each of its settings, and finds no such device here.
    said = subprocess.run(
        [str(nut.drivers / "usbhid-ups"), "-a", "ups", "-d", "1", *(("-u", "root") if os.geteuid() == 0 else ())],
        env=nut.environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert "No matching HID UPS found" in said.stdout + said.stderr


@with_nut
def test_the_server_lets_us_in_with_that_password_and_says_that_the_driver_is_missing(tmp_path):
    nut = Nut(tmp_path)
    for name, text in files(APC, name="ups", port=nut.settings.nut_port, password="secret").items():
        nut.write(name, text)
    try:
        nut.start_server(ready=lambda: "not connected" in nut.upsc_complains())
        with closing(UpsWatch(nut.settings, SystemClock())) as watch:
            look = watch.look()
    finally:
        nut.__exit__()

    assert look.trouble == "driver" and "driver of the UPS does not run" in look.words
