"""A change of the configuration stays when the box records with it; else what was before is back, byte for byte."""

from __future__ import annotations

from itertools import count

import pytest

from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.errors import ConfigError, StoreError
from vigil.processes.config_trial import change, take_back_if_on_trial
from vigil.store.disk import Disk

OLD = b'schema = 1\n[[camera]]\nid = "gate"\nsource = "synthetic"\n'
NEW = b'schema = 1\n[[camera]]\nid = "yard"\nsource = "synthetic"\n'


class Box:
    """A box on which configurations can be tried; `well` says at each look whether it records."""

    def __init__(self, root, well=lambda _look: True, old=OLD):
        root.mkdir(exist_ok=True)
        self.owners = root / "vigil.toml"
        if old is not None:
            self.owners.write_bytes(old)
        self.applied = []
        self.looks = 0
        self.well = well

    def is_well(self, config):
        self.looks += 1
        return self.well(self.looks)

    def change(self, new=NEW, calls=None):
        return change(
            self.owners, new, Disk(calls), HandClock(), is_well=self.is_well,
            apply=lambda: self.applied.append(self.owners.read_bytes() if self.owners.exists() else None),
        )  # fmt: skip

    @property
    def files(self):
        return {path.name: path.read_bytes() for path in self.owners.parent.iterdir()}


def test_a_change_that_works_stays(tmp_path):
    box = Box(tmp_path)

    assert box.change() is True
    assert box.files == {"vigil.toml": NEW} and box.applied == [NEW]


def test_a_change_that_does_not_work_is_taken_back(tmp_path):
    box = Box(tmp_path, well=lambda _look: False)

    assert box.change() is False
    assert box.files == {"vigil.toml": OLD} and box.applied == [NEW, OLD]


def test_recorders_that_end_soon_after_their_start_are_not_well(tmp_path):
    assert Box(tmp_path, well=lambda look: look % 4 != 0).change() is False


def test_a_slow_start_is_waited_for(tmp_path):
    assert Box(tmp_path, well=lambda look: look > 20).change() is True


def test_the_first_configuration_of_a_box_is_taken_back_to_none(tmp_path):
    box = Box(tmp_path, well=lambda _look: False, old=None)

    assert box.change() is False
    assert box.files == {} and box.applied == [NEW, None]


def test_a_mistake_changes_nothing(tmp_path):
    box = Box(tmp_path)

    with pytest.raises(ConfigError):
        box.change(NEW + b"fsp = 5\n")
    assert box.files == {"vigil.toml": OLD} and box.applied == []


def test_a_cut_during_the_trial_is_taken_back_by_the_next_boot(tmp_path):
    box = Box(tmp_path)

    def cut(_look):
        raise SystemExit

    box.well = cut
    with pytest.raises(SystemExit):
        box.change()

    assert take_back_if_on_trial(box.owners, Disk()) is True
    assert box.files == {"vigil.toml": OLD}
    assert take_back_if_on_trial(box.owners, Disk()) is False


def test_whatever_operation_fails_the_next_boot_finds_the_old_or_the_new(tmp_path):
    for nth in count(1):
        box = Box(tmp_path / str(nth))
        calls = FaultyCalls(nth, lasting=True)
        try:
            box.change(calls=calls)
        except StoreError:
            assert calls.fired
        take_back_if_on_trial(box.owners, Disk())

        left = {name: data for name, data in box.files.items() if not name.endswith(".new")}
        assert left in ({"vigil.toml": OLD}, {"vigil.toml": NEW})
        if not calls.fired:
            assert left == {"vigil.toml": NEW}
            break
    assert nth > 10
