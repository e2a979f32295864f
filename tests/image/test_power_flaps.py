"""Mains that come and go in a box's first minute cost it nothing: the same slot, the same tries, and it records."""

from __future__ import annotations

import itertools
import math
import random
import time
from pathlib import Path

import pytest

from fakes.qemu import Silence, emulated_for
from fakes.recording_box import cold, recording_box

# Twenty starts, most of them short, and one until it records.
pytestmark = emulated_for(3600, at_length=True)

CUTS = 20
LONGEST_S = 60


def moments(draw: random.Random) -> list[float]:
    """
    Seconds after power at which it is cut, one from each twentieth of a minute's logarithm.

    As many lie in U-Boot and the kernel, which are over within seconds, as in what follows them.
    """
    steps = [math.log(2) + step * math.log(LONGEST_S / 2) / CUTS for step in range(CUTS + 1)]
    drawn = [math.exp(draw.uniform(*between)) for between in itertools.pairwise(steps)]
    draw.shuffle(drawn)
    return drawn


def test_twenty_cuts_in_the_first_minute_change_no_slot(tmp_path: Path):
    """The machine is killed at drawn moments, each time before the system could confirm itself."""
    overlay, seen = recording_box().overlay(tmp_path / "card.qcow2"), 0
    for number, moment_s in enumerate(moments(random.Random(20))):
        with cold(overlay) as running:
            # Nothing is said that is waited for: the machine simply goes on for so long.
            with pytest.raises(Silence, match=r"^silent"):
                running.guest.wait_for("^never said$", timeout_s=moment_s)
            chosen = [line for line in running.guest.lines if line.startswith("Vigil: slot ")]
            print(f"cut {number} after {moment_s:.0f} s: {chosen}")
            assert all(line.startswith("Vigil: slot A after power, left A 3 B 3") for line in chosen)
            seen += len(chosen)

    # A cut or two may come before anything was chosen.
    assert seen >= CUTS - 4

    began = time.monotonic()
    with cold(overlay) as running:
        start = running.start()
        assert (start.slot, start.after, start.left) == ("A", "power", (3, 3))
        running.shell.wait()
        running.shell.until_recording()
        print(f"{CUTS} cuts: durable again after {time.monotonic() - began:.0f} s")
