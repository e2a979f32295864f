"""The power goes while an update is installed, tried or kept: one of the two systems records, and the owner is told."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.card import Card
from fakes.inside_shell import SHELL
from fakes.qemu import Guest, emulated_for
from fakes.recording_box import Box, Start, cold, recording_box, resumed
from fakes.selector_cards import states_of
from fakes.updates import UPDATE, slot_with, system_update, told_of_updates
from fakes.web_files import serving
from vigil.upkeep.slots import Slot, SlotState, give_up, try_next

# Half a dozen starts.
pytestmark = emulated_for(3600, at_length=True)

PROVED_S = 75
# What is said while a partition is written comes a hundred times; every fourth will do.
MOMENT = r"inside \d+: ( *\d+ % (?!Copying).*|version 0.2.0 is installed| *\d[048] % Copying.*)"


@dataclass(frozen=True, slots=True)
class Cuts:
    """
    What lay on the card at some moments of installing.

    `moments`: what was said, what was wrong with the first partition then, and both copies of the slot state. `half`:
    the whole card when some of the root was written, `installed`: when all was done; both as overlays.
    """

    moments: list[tuple[str, str, set[SlotState]]]
    half: Path
    installed: Path


@pytest.fixture(scope="module")
def box() -> Box:
    return recording_box()


@pytest.fixture(scope="module")
def cuts(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Cuts:
    place = tmp_path_factory.mktemp("cuts")
    (place / "files").mkdir()
    bundle = system_update(place / "files/vigil-0.2.0-debian.raucb", slot_with(SHELL, place), "0.2.0")
    disk, half, installed = (place / f"{name}.qcow2" for name in ("card", "half", "installed"))
    moments = []
    with serving(bundle.parent) as port, resumed(box, place) as running:
        guest = running.guest
        running.shell.tell(f"{UPDATE} install http://10.0.2.2:{port}/{bundle.name} --data /vigil")
        said = ""
        while "is installed" not in said:
            said = guest.wait_for(MOMENT, timeout_s=600)[1].strip()
            with standing_still(guest):
                card = first_partition(disk, place / "first.img")
                moments.append((said, card.fault(1), set(states_of(card))))
                if said == "84 % Copying image to root.1":
                    shutil.copyfile(disk, half)
        with standing_still(guest):
            shutil.copyfile(disk, installed)
    return Cuts(moments, half, installed)


@contextlib.contextmanager
def standing_still(guest: Guest) -> Iterator[None]:
    """What lies on the card meanwhile is what a cut would leave there: the guest's memory is not part of it."""
    with guest.qmp() as control:
        control.execute("stop")
        yield
        control.execute("cont")


def first_partition(disk: Path, image: Path) -> Card:
    """The beginning of a card, as far as its first partition."""
    words = ["-U", "-f", "qcow2", "-O", "raw", "bs=1M", "count=260", f"if={disk}", f"of={image}"]
    subprocess.run(["qemu-img", "dd", *words], check=True)
    assert sum(Card(image).extent(1)) <= 260 << 20
    return Card(image)


def test_a_cut_at_any_moment_of_installing_leaves_slots_that_start(box: Box, cuts: Cuts):
    before, *_ = states_of(Card(box.card))
    written, next_up = give_up(before, Slot.B), try_next(give_up(before, Slot.B), Slot.B)
    for said, fault, states in cuts.moments:
        assert fault == "" and states <= {before, written, next_up}, said
        if "Copying" in said:
            assert states == {written}, said

    assert len([said for said, *_ in cuts.moments if "Copying" in said]) >= 10
    assert cuts.moments[0][2] == {before} and cuts.moments[-1][2] == {next_up}


def test_a_cut_while_an_update_is_written_is_told(cuts: Cuts):
    with cold(cuts.half) as running:
        began = time.monotonic()
        assert running.start() == Start(slot="A", after="power", left=(3, 0))
        shell = running.shell
        shell.wait()
        shell.until_recording()
        print(f"cut while installing: from power to recording {time.monotonic() - began:.0f} s")
        told = told_of_updates(shell)

        assert "the update to 0.2.0 failed: installing was cut short" in shell.ask(f"{UPDATE} status --data /vigil")
        assert told == ["began", "failed"]


def test_cuts_before_and_in_the_trial_and_at_its_end_lose_no_update(cuts: Cuts):
    card = cuts.installed
    with cold(card) as running:
        assert running.start() == Start(slot="B", after="power", left=(3, 3))
        running.shell.wait()
        running.shell.until_recording()
        said = running.shell.ask(f"{UPDATE} status --data /vigil")
        assert "version 0.2.0 is in slot B and has yet to prove itself" in said

    with cold(card) as running:
        assert running.start() == Start(slot="B", after="power", left=(3, 2))
        shell = running.shell
        shell.wait()
        shell.until_recording()
        # Nothing reaches p7 any more, a moment before the trial is over: it is committed, and that is noted nowhere.
        since = "$(systemctl show -P ActiveEnterTimestampMonotonic vigil-record@bench)"
        age = f"$(($(cut -d. -f1 /proc/uptime) - {since} / 1000000))"
        shell.ask(f"until [ {age} -ge {PROVED_S - 5} ]; do sleep 1; done", timeout_s=200)
        shell.ask("sync; dmsetup suspend --nolockfs vigil-state")
        shell.ask("until ! grep -qa BOOT_TRIAL=B /boot/slots2.env; do sleep 0.5; done", timeout_s=200)

    with cold(card) as running:
        assert running.start() == Start(slot="B", after="power", left=(3, 3))
        shell = running.shell
        shell.wait()
        shell.until_recording()
        said = shell.ask(f"{UPDATE} status --data /vigil")
        told = told_of_updates(shell)

    assert "the update from 0.1.0 to 0.2.0 has proved itself" in said
    assert told == ["began", "installed", "trial", "trial", "confirmed"]
