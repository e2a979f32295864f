"""Each drawn picture in docs/ is what its script draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fakes.repository import ROOT

SCRIPTS = sorted((ROOT / "docs/pictures").glob("draw_*.py"))


def test_there_are_pictures():
    assert len(SCRIPTS) >= 2


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_picture_is_what_its_script_draws(script: Path):
    drawn = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout

    picture = script.with_name(script.stem.removeprefix("draw_") + ".svg")
    assert drawn == picture.read_text(encoding="utf-8"), f"draw it anew: python {script} > {picture}"
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
