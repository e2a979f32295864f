"""Taking an update: what is refused changes nothing, what is begun is never lost silently, whenever the power fails."""

from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path

import pytest

from fakes.power import CutCalls, PowerCut
from fakes.updating import UpdatedBox, key_of, pretend_bundle
from vigil.errors import UpdateError, UpdateRefused
from vigil.processes.update_back import go_back_now
from vigil.processes.update_here import newest, usb_volumes, version_here
from vigil.processes.update_status import lines
from vigil.store.disk import Disk
from vigil.upkeep.keyring import read_key
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, confirm, give_up, try_next
from vigil.upkeep.update_record import Phase, at_start


@pytest.fixture
def box(tmp_path: Path) -> UpdatedBox:
    return UpdatedBox(tmp_path / "box")


def good(tmp_path: Path) -> Path:
    return pretend_bundle(tmp_path / "good.raucb", signer=key_of("publisher"))


def test_a_good_update_is_installed_and_is_next_on_trial(box: UpdatedBox, tmp_path: Path):
    said = box.install(good(tmp_path))

    assert said == [(0, "Installing"), (40, "Determining slot states done."), (100, "Installing done.")]
    assert box.state == try_next(SlotState(), Slot.B)
    record = box.updates.records.read()
    assert (record.phase, record.version, record.before, record.slot) == (Phase.INSTALLED, "2.0.0", "1.0.0", Slot.B)
    assert record.had_network and box.told() == ["update.began", "update.installed"]


def refusals() -> list[tuple[str, dict[str, object], str]]:
    publisher = key_of("publisher")
    return [
        ("unsigned", {}, "not whole, or its signature is false"),
        ("wrong key", {"signer": key_of("stranger")}, "a key that this box does not know"),
        ("revoked", {"signer": key_of("revoked")}, r"a key that was revoked \(revoked "),
        ("older", {"signer": publisher, "version": "0.9.0"}, "older than 1.0.0"),
        ("wrong board", {"signer": publisher, "board": "raspberrypi"}, "it is for vigil-raspberrypi"),
    ]


@pytest.mark.parametrize(("what", "words", "why"), refusals(), ids=[row[0] for row in refusals()])
def test_what_is_refused_is_said_and_nothing_is_changed(box: UpdatedBox, tmp_path: Path, what, words, why):
    revoked = key_of("revoked").certificates
    with (box.built_in / "publishers.pem").open("ab") as file:
        file.write(revoked)
    (box.built_in / "revoked.txt").write_text(f"{read_key(revoked).key_id} stolen\n")

    with pytest.raises(UpdateRefused, match=why):
        box.install(pretend_bundle(tmp_path / "bad.raucb", **words))

    assert box.state == SlotState() and box.updates.records.read().phase is Phase.NONE
    assert box.told() == ["update.refused"]


@pytest.mark.parametrize(("size", "why"), [(0, "not an update"), (3000, "truncated"), (4096, "not signed"), (9000, "")])
def test_a_file_that_is_cut_short_is_told_from_one_that_nobody_signed(box: UpdatedBox, tmp_path: Path, size, why):
    path = good(tmp_path)
    path.write_bytes(path.read_bytes()[:size])

    if why:
        with pytest.raises(UpdateRefused, match=why):
            box.install(path)
    else:
        box.install(path)
    with pytest.raises(UpdateRefused, match="cannot be read: No such file"):
        box.install(tmp_path / "nothing.raucb")


def test_a_key_that_the_owner_added_counts_and_one_that_was_revoked_stays_so_after_a_roll_back(box, tmp_path):
    keys = box.place.update / "keys"
    keys.mkdir(parents=True)
    (keys / "mine.pem").write_bytes(key_of("owner").certificates)
    bundle = pretend_bundle(tmp_path / "own.raucb", signer=key_of("owner"))
    box.install(bundle)
    write_slots(box.boot, SlotState())

    (box.built_in / "revoked.txt").write_text(f"{read_key(key_of('owner').certificates).key_id} lost\n")
    with pytest.raises(UpdateRefused, match="revoked"):
        box.install(bundle)
    (box.built_in / "revoked.txt").unlink()
    with pytest.raises(UpdateRefused, match="revoked"):
        box.install(bundle)


def test_a_trial_takes_no_update_for_the_other_slot_is_the_only_good_one(box: UpdatedBox, tmp_path: Path):
    write_slots(box.boot, try_next(SlotState(), Slot.A))

    with pytest.raises(UpdateRefused, match="on trial itself"):
        box.install(good(tmp_path))


def test_two_updates_are_not_written_into_one_slot(tmp_path: Path):
    refused = []

    def again(step: str) -> None:
        if step == "write":
            with pytest.raises(UpdateRefused, match="another update"):
                UpdatedBox(tmp_path / "box").install(good(tmp_path))
            refused.append(step)

    box = UpdatedBox(tmp_path / "box", between=again)
    box.install(good(tmp_path))

    assert refused and box.updates.records.read().phase is Phase.INSTALLED


def test_an_update_that_fails_half_way_leaves_a_slot_that_is_not_started_and_says_so(box, tmp_path):
    bundle = pretend_bundle(tmp_path / "bad.raucb", signer=key_of("publisher"), fails="the card is full of holes")

    with pytest.raises(UpdateError, match="full of holes"):
        box.install(bundle)

    assert box.state == give_up(SlotState(), Slot.B)
    assert "full of holes" in box.updates.records.read().complaint
    assert box.told() == ["update.began", "update.failed"]
    with pytest.raises(UpdateRefused, match="nothing to go back to"):
        go_back_now(box.updates, box.boot, writable=_writable)


def _writable(directory: Path):
    return contextlib.nullcontext()


def judged_at_the_next_start(box: UpdatedBox):
    """What the next start makes of it: the slot that runs is the one U-Boot would take."""
    state = box.state
    assert state.primary
    return at_start(box.updates.records.read(), state, state.primary), state


# Some twenty updates, each with two programs started.
@pytest.mark.slow
@pytest.mark.parametrize("left", ["synced", "written"])
def test_a_cut_at_every_write_of_the_record_loses_no_update_silently(tmp_path: Path, left: str):
    for nth in itertools.count(1):
        place = tmp_path / f"cut-{nth}"
        place.mkdir()
        calls = CutCalls(place, nth)
        box = UpdatedBox(place, disk=Disk(calls))
        try:
            box.install(good(tmp_path))
        except PowerCut:
            pass
        after = tmp_path / f"after-{nth}"
        calls.survivor(after, left)
        (tmp_path / f"cut-{nth}-boot").rename(tmp_path / f"after-{nth}-boot")
        outcome, state = judged_at_the_next_start(UpdatedBox(after))
        begun = state != SlotState()

        assert outcome.record.phase is not Phase.INSTALLING
        if state.trial is Slot.B:
            assert (outcome.event, outcome.record.version) == ("update.trial", "2.0.0")
        elif begun:
            assert outcome.event == "update.failed" and "cut short" in outcome.record.complaint
        if not calls.fired:
            assert nth > 8
            break


@pytest.mark.parametrize("step", ["give up", "write", "activate", "end"])
def test_a_cut_at_every_step_of_installing_is_told_at_the_next_start(tmp_path: Path, step: str):
    def cut(here: str) -> None:
        if here == step:
            raise PowerCut

    box = UpdatedBox(tmp_path / "box", between=cut)
    with pytest.raises(PowerCut):
        box.install(good(tmp_path))

    outcome, state = judged_at_the_next_start(box)
    if step == "end":
        assert (state.primary, outcome.event, outcome.record.phase) == (Slot.B, "update.trial", Phase.INSTALLED)
    else:
        assert (state.primary, outcome.event) == (Slot.A, "update.failed")
        assert "install it again" in outcome.record.complaint


def test_the_owner_goes_back_to_what_was_good_before(box: UpdatedBox, tmp_path: Path):
    box.install(good(tmp_path))
    with pytest.raises(UpdateRefused, match="yet to prove itself"):
        go_back_now(box.updates, box.boot, writable=_writable)
    write_slots(box.boot, confirm(box.state, Slot.B))

    said = go_back_now(box.updates, box.boot, writable=_writable)

    assert "slot B" in said and box.state.primary is Slot.B and box.state.trial is None
    assert box.updates.records.read().phase is Phase.ROLLED_BACK and box.told()[-1] == "update.rolled-back"


def test_status_says_what_runs_what_is_next_and_who_is_trusted(box: UpdatedBox, tmp_path: Path):
    assert "no update has been installed yet" in lines(box.updates)
    box.install(good(tmp_path))

    said = lines(box.updates)
    assert said[0] == "version 1.0.0 (vigil-debian) runs from slot A"
    assert "slot B: 3 tries left, on trial" in said and "next start: slot B" in said
    assert "version 2.0.0 is in slot B and has yet to prove itself" in said
    assert any(line.startswith("takes what is signed by: publisher ") for line in said)


def test_of_a_stick_the_newest_version_for_this_board_is_taken():
    names = ["vigil-1.9.0-debian.raucb", "vigil-1.10.0-debian.raucb", "vigil-latest-debian.raucb"]

    assert newest(names, "vigil", "debian") == "vigil-1.10.0-debian.raucb"
    assert newest(names[2:], "vigil", "debian") is None


def test_a_stick_is_looked_for_among_usb_disks_alone(tmp_path: Path):
    blocks, devices = tmp_path / "block", tmp_path / "devices"
    blocks.mkdir()
    for name in (
        "pci/usb1/1-1/block/sda",
        "pci/usb1/1-1/block/sda/sda1",
        "pci/usb1/1-2/block/sdb",
        "mmc/block/mmcblk0",
    ):
        place = devices / name
        place.mkdir(parents=True)
        (blocks / place.name).symlink_to(place)
    (devices / "pci/usb1/1-1/block/sda/sda1/partition").write_text("1\n")

    assert usb_volumes(blocks) == [Path("/dev/sda1"), Path("/dev/sdb")]


def test_the_version_is_what_the_root_says(tmp_path: Path):
    (tmp_path / "release").write_text('NAME="Debian"\nIMAGE_VERSION="1.2.3"\n')

    assert version_here(tmp_path / "release") == "1.2.3"
    assert version_here(tmp_path / "nothing") == ""


def test_both_copies_of_the_slot_state_are_written_when_going_back(box: UpdatedBox):
    go_back_now(box.updates, box.boot, writable=_writable)

    assert read_slots(box.boot).damage == ()
    assert (box.boot / "slots.env").read_bytes() == (box.boot / "slots2.env").read_bytes()
    assert json.loads((box.place.update / "record.json").read_text())["phase"] == "rolled back"
