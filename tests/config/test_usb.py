"""`[usb] allow`: numbers as `lsusb` shows them, each once; anything else is told."""

from __future__ import annotations

import pytest

from vigil.config.read import read_lenient, read_strict
from vigil.errors import ConfigError

CAMERA = '\n[[camera]]\nid = "a"\nsource = "synthetic"\n'


def test_numbers_are_taken_in_either_case():
    config = read_strict(f'schema = 1\nusb.allow = ["0BDA:8153", "413c:2107"]{CAMERA}'.encode())

    assert config.usb.allow == ("0bda:8153", "413c:2107")


@pytest.mark.parametrize(
    "value", ['"0bda:8153"', '["0bda"]', '["0bda:8153", "0BDA:8153"]', '["../:/etc"]', "[5]", '["0bda:8153\\n"]']
)
def test_what_is_no_number_is_told_when_editing_and_costs_itself_alone_when_booting(value: str):
    text = f"schema = 1\nusb.allow = {value}{CAMERA}".encode()

    with pytest.raises(ConfigError, match=r"usb\.allow"):
        read_strict(text)
    salvage = read_lenient(text)
    assert salvage.config.usb.allow == () and len(salvage.config.cameras) == 1
