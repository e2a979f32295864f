"""`vigil ups`, as a person types it."""

from __future__ import annotations

import pytest

from fakes.nut import NoUpsd, free_port
from vigil.__main__ import main
from vigil.body.nut_files import Device
from vigil.cli.ups import chosen, listed
from vigil.guard.probes import FAULTS
from vigil.processes import ups_find

APC, OTHER = Device("usbhid-ups", "051D", "0002", "4B13", "APC Back-UPS"), Device("nutdrv_qx", "0665", "5161")
WHOLE = b"""BEGIN LIST VAR ups
VAR ups ups.status "OB RB"
VAR ups ups.model "Back-UPS 700"
VAR ups battery.charge "18"
VAR ups battery.runtime "900"
END LIST VAR ups
"""


def find(data, devices, monkeypatch, *words):
    monkeypatch.setattr(ups_find, "scan", lambda: devices)
    return main(["ups", "find", "--data", str(data), *words])


def test_the_only_one_is_taken_and_what_is_left_to_do_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "state").mkdir()

    assert find(tmp_path, [APC], monkeypatch) == 0

    said = capsys.readouterr().out
    assert "Found: APC Back-UPS (driver usbhid-ups)" in said and "[ups]\n    enabled = true" in said
    assert 'vendorid = "051D"' in (tmp_path / "state/nut/ups.conf").read_text()


def test_of_several_one_must_be_chosen(tmp_path, monkeypatch, capsys):
    (tmp_path / "state").mkdir()

    assert find(tmp_path, [APC, OTHER], monkeypatch) == 1
    assert "1. APC Back-UPS, serial number 4B13\n2. nutdrv_qx, serial number unknown" in capsys.readouterr().out
    assert not (tmp_path / "state/nut").exists()

    assert find(tmp_path, [APC, OTHER], monkeypatch, "--take", "2") == 0
    assert "nutdrv_qx" in (tmp_path / "state/nut/ups.conf").read_text()


@pytest.mark.parametrize(("take", "which"), [(0, None), (1, APC), (2, OTHER), (3, None), (-1, None)])
def test_a_number_that_is_not_there_is_none(take, which):
    assert chosen([APC, OTHER], take) == which
    assert listed([APC, OTHER])[-1].endswith("vigil ups find --take 1")


def test_none_is_told_with_what_to_try(tmp_path, monkeypatch, capsys):
    assert find(tmp_path, [], monkeypatch) == 1
    assert "Is its data cable plugged in" in capsys.readouterr().out


def status(data, port, *lines):
    text = "\n".join(["schema = 1", "[ups]", f"nut_port = {port}", *lines])
    (data / "vigil.toml").write_text(text)
    return main(["ups", "status", "--data", str(data)])


def test_the_status_says_what_vigil_makes_of_it(tmp_path, capsys):
    def behave(connection):
        connection.recv(4096)
        connection.sendall(WHOLE)
        connection.recv(4096)

    with NoUpsd(behave) as there:
        assert status(tmp_path, there.settings.nut_port, "enabled = true") == 0

    assert capsys.readouterr().out.splitlines() == [
        "Back-UPS 700: low (OB RB)",
        "battery  18 %; low at 20 %",
        "lasts    900 s; the box shuts down at 300 s",
        f"fault    {FAULTS['power.worn'].means} {FAULTS['power.worn'].do}",
    ]


def test_one_that_cannot_be_read_is_told(tmp_path, capsys):
    assert status(tmp_path, free_port()) == 1

    said = capsys.readouterr().out
    assert "cannot be read: upsd does not answer" in said
    assert "`vigil ups find` sets up one" in said
