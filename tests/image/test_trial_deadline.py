"""The last word about a trial needs nothing of the new system but a shell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from fakes.repository import ROOT
from vigil.upkeep.health import TRIAL_US
from vigil.upkeep.slot_files import write_slots
from vigil.upkeep.slots import Slot, SlotState, confirm, try_next

SYSTEM = ROOT / "image/system/root/usr/lib"
UNITS = SYSTEM / "systemd/system"
ON_TRIAL = try_next(SlotState(), Slot.B)


def asked(place: Path, slot: str) -> subprocess.CompletedProcess[str]:
    (place / "cmdline").write_text(f"ro panic=10 rauc.slot={slot} vigil.start=reset\n")
    words = [SYSTEM / "vigil/trial-is-over", place / "cmdline", place]
    return subprocess.run(words, capture_output=True, text=True)


def test_a_trial_that_nobody_ended_is_over(tmp_path: Path):
    write_slots(tmp_path, ON_TRIAL)

    done = asked(tmp_path, "B")

    assert done.returncode == 1 and done.stderr.startswith("slot B is still on trial")


@pytest.mark.parametrize(
    ("state", "slot"), [(confirm(ON_TRIAL, Slot.B), "B"), (ON_TRIAL, "A"), (SlotState(), "A"), (ON_TRIAL, "")]
)
def test_no_other_system_is_ended(tmp_path: Path, state: SlotState, slot: str):
    write_slots(tmp_path, state)

    done = asked(tmp_path, slot)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("copy", ["slots.env", "slots2.env"])
@pytest.mark.parametrize("is_there", [True, False], ids=["garbage", "gone"])
def test_a_card_that_keeps_nothing_restarts_no_box_for_ever(tmp_path: Path, copy: str, is_there: bool):
    write_slots(tmp_path, ON_TRIAL)
    if is_there:
        (tmp_path / copy).write_bytes(b"\xa5" * 0x4000)
    else:
        (tmp_path / copy).unlink()

    assert asked(tmp_path, "B").returncode == 0


def test_it_is_asked_after_whoever_should_have_ended_the_trial_had_time_to():
    said = (UNITS / "vigil-trial.timer").read_text()
    minutes = int(re.findall(r"^OnBootSec=(\d+)min$", said, re.MULTILINE)[0])

    assert minutes * 60 >= TRIAL_US / 1e6 + 120
    assert "vigil-trial.timer" in (UNITS / "vigil.target").read_text()
    assert "FailureAction=reboot\n" in (UNITS / "vigil-trial.service").read_text()
