"""Confirming the slot that runs: the state on the boot partition, and what is done when it cannot be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from vigil.clock import HandClock
from vigil.errors import DeviceError
from vigil.processes.confirm import Confirmation, read_units, started_from
from vigil.processes.place import Place
from vigil.processes.tellings import left
from vigil.processes.update import Records
from vigil.processes.update_outcome import Outcomes
from vigil.store.disk import Disk
from vigil.upkeep.health import GUARD, MOUNTS, TRIAL_US, UPKEEP, Facts, Unit
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, encode, try_next
from vigil.upkeep.update_record import Phase, Record

FRONT = "vigil-record@front.service"


class Box:
    """A boot partition that is read-only but when it is asked for, and a system that is well or not."""

    def __init__(self, boot: Path, state: SlotState, slot: Slot = Slot.A, record: Record | None = None) -> None:
        self.boot = boot
        self.now_us = 200_000_000
        self.recorder = "active"
        self.remounts = 0
        self.restarts = 0
        self.has_network = True
        write_slots(boot, state)
        self.records = Records(Place(boot / "data"), Disk(), HandClock())
        if record:
            self.records.keep(record)
        self.outcomes = Outcomes(self.records)
        self.outcomes.begin(state, slot)
        self.confirmation = Confirmation(
            boot, slot, facts=self._facts, writable=self._writable, restart=self._restarted,
            outcomes=self.outcomes, has_way_out=lambda: self.has_network,
        )  # fmt: skip

    @property
    def state(self) -> SlotState:
        return read_slots(self.boot).state

    def _facts(self) -> Facts:
        units = {name: Unit(state="active", since_us=0) for name in (GUARD, UPKEEP)}
        units[FRONT] = Unit(state=self.recorder, since_us=0)
        return Facts(now_us=self.now_us, units=units, mounted=MOUNTS)

    @contextmanager
    def _writable(self, directory: Path) -> Iterator[None]:
        assert directory == self.boot
        self.remounts += 1
        yield

    def _restarted(self) -> None:
        self.restarts += 1


def test_a_system_that_proves_itself_has_its_tries_again(tmp_path: Path):
    box = Box(tmp_path, SlotState(left_a=1, trying=Slot.A, cuts=3))

    assert box.confirmation.step()
    assert box.state == SlotState() and box.remounts == 1 and box.restarts == 0


def test_a_box_whose_other_system_died_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    box = Box(tmp_path, SlotState(left_a=0, trying=Slot.B), Slot.B)

    assert box.confirmation.step()
    assert "slot A: it does not start any more" in caplog.text
    (telling,) = left(Disk(), Place(tmp_path / "data").tellings)
    assert (telling.kind, telling.fields["slot"]) == ("slot.spent", "A")


def test_a_trial_that_proves_itself_is_over(tmp_path: Path):
    box = Box(tmp_path, SlotState(order=(Slot.B, Slot.A), left_b=2, trial=Slot.B, trying=Slot.B), Slot.B)

    assert box.confirmation.step()
    assert box.state == SlotState(order=(Slot.B, Slot.A))


def test_nothing_is_written_where_nothing_changes(tmp_path: Path):
    box = Box(tmp_path, SlotState())

    assert box.confirmation.step()
    assert box.remounts == 0


def test_a_damaged_copy_is_mended_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    box = Box(tmp_path, SlotState())
    (tmp_path / "slots2.env").write_bytes(b"spoilt")

    with caplog.at_level(logging.ERROR):
        assert box.confirmation.step()

    assert "slots2.env" in caplog.text
    assert (tmp_path / "slots2.env").read_bytes() == encode(SlotState())


def test_a_system_that_does_not_record_waits_and_says_why_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    state = SlotState(trying=Slot.A)
    box = Box(tmp_path, state)
    box.recorder = "failed"

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert not box.confirmation.step()

    assert box.state == state and box.remounts == 0
    assert [record.message for record in caplog.records] == [f"slot A is not confirmed yet: {FRONT} is failed"]


ON_TRIAL = SlotState(order=(Slot.B, Slot.A), trial=Slot.B, trying=Slot.B)
UPDATE = Record(phase=Phase.INSTALLED, version="2.0.0", before="1.0.0", slot=Slot.B, had_network=True)


def test_a_trial_that_does_not_record_is_given_up_and_the_old_system_is_next(tmp_path: Path):
    box = Box(tmp_path, ON_TRIAL, Slot.B, UPDATE)
    box.recorder = "activating"
    assert not box.confirmation.step()

    box.now_us = TRIAL_US
    assert box.confirmation.step()
    assert box.restarts == 1
    assert (box.state.primary, box.state.left_b, box.state.trial) == (Slot.A, 0, None)
    record = box.records.read()
    assert record.phase is Phase.FAILED and FRONT in record.complaint and "2.0.0" in record.complaint


def test_a_trial_that_cannot_be_given_up_on_the_card_still_ends(tmp_path: Path):
    box = Box(tmp_path, ON_TRIAL, Slot.B)
    box.recorder, box.now_us = "failed", TRIAL_US
    (tmp_path / "slots2.env").unlink()
    (tmp_path / "slots2.env").mkdir()

    assert box.confirmation.step()
    assert box.restarts == 1


def test_a_trial_must_reach_a_network_only_where_the_old_system_did(tmp_path: Path):
    for had_network in (True, False):
        place = tmp_path / str(had_network)
        place.mkdir()
        box = Box(place, ON_TRIAL, Slot.B, replace(UPDATE, had_network=had_network))
        box.has_network = False

        assert box.confirmation.step() is not had_network
        box.has_network = True
        assert box.confirmation.step()
        assert box.records.read().phase is Phase.CONFIRMED


def test_the_old_system_is_not_ended_by_a_trial_that_is_to_come(tmp_path: Path):
    state = try_next(SlotState(trying=Slot.A), Slot.B)
    box = Box(tmp_path, state)
    box.recorder, box.now_us = "failed", TRIAL_US * 2

    assert not box.confirmation.step()
    assert box.restarts == 0 and box.state == state


def test_a_card_that_cannot_be_written_is_an_error(tmp_path: Path):
    box = Box(tmp_path, SlotState(trying=Slot.A))
    (tmp_path / "slots.env").unlink()
    (tmp_path / "slots.env").mkdir()

    with pytest.raises(DeviceError, match=r"slots\.env"):
        box.confirmation.step()
    assert box.state == SlotState()


@pytest.mark.parametrize(
    ("line", "slot"),
    [
        ("root=/dev/mapper/root rauc.slot=A vigil.start=power", Slot.A),
        ("rauc.slot=B", Slot.B),
        ("rauc.slot=A quiet rauc.slot=B", Slot.B),
        ("rauc.slot=C rauc.slot=B", Slot.B),
        ("rauc.slot=A rauc.slot=C", None),
        ("rauc.slot=C", None),
        ("rauc.slot=", None),
        ("xrauc.slot=A rauc.slots=A", None),
        ("", None),
    ],
)
def test_the_slot_is_the_one_the_command_line_names(line: str, slot: Slot | None):
    assert started_from(line) is slot


def test_units_are_read_as_systemctl_shows_them():
    told = (
        "Id=vigil-guard.service\nActiveState=active\nActiveEnterTimestampMonotonic=12345678\n\n"
        "Id=vigil-record@front.service\nActiveState=failed\nActiveEnterTimestampMonotonic=0\n\n"
        "Id=vigil-odd.service\nActiveEnterTimestampMonotonic=\n"
    )

    assert read_units(told) == {
        "vigil-guard.service": Unit(state="active", since_us=12345678),
        "vigil-record@front.service": Unit(state="failed", since_us=0),
        "vigil-odd.service": Unit(state="unknown", since_us=0),
    }
    assert read_units("") == {}
