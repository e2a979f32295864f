"""The picture of the wires shows what the guide's table says."""

from __future__ import annotations

import subprocess
import sys

from fakes.repository import ROOT
from fakes.wiring import WIRES

PICTURE = ROOT / "docs" / "pictures" / "wiring.svg"


def test_the_picture_is_what_its_script_draws():
    drawn = subprocess.run(
        [sys.executable, ROOT / "docs" / "pictures" / "draw_wiring.py"], check=True, capture_output=True, text=True
    )

    assert drawn.stdout == PICTURE.read_text(encoding="utf-8"), "draw it anew: see docs/pictures/draw_wiring.py"


def test_every_wire_of_the_table_is_in_the_picture():
    picture = PICTURE.read_text(encoding="utf-8")
    assert len(WIRES) == 9

    missing = [wire.what for wire in WIRES if f">pin {wire.pin}: GPIO {wire.gpio}<" not in picture]
    assert missing == []
