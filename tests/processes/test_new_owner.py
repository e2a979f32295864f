"""Configuration and secrets follow a claim: once, whatever is cut in between, and only guard's own word."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.claims import NEW, OLD
from vigil.config.model import Camera, Config, Owner
from vigil.config.read import read_strict
from vigil.config.secrets import SecretFiles
from vigil.config.write import written
from vigil.errors import FormatError, StoreFault
from vigil.guard.ownership import Owned, Ownership
from vigil.processes.new_owner import follow
from vigil.processes.place import Place
from vigil.store.disk import Calls, Disk

CONFIG = Config(cameras=(Camera(id="gate", source="synthetic"),), owner=Owner(recipients=(OLD,)))
TAKEN = Ownership(owned=Owned.CLAIMED, administrator="anna", recipients=(NEW,), how="takeover", taken=2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    secrets = SecretFiles.below(tmp_path)
    secrets.of_guard.mkdir(parents=True)
    for path in (secrets.pin, secrets.pin_recovery, secrets.sealed_identity):
        path.write_bytes(path.name.encode())
    secrets.settled.write_bytes(b"1\n")
    place.config_files.owners.write_bytes(b"# mine\n" + written(CONFIG))
    return place


def claim(place: Place, ownership: Ownership) -> None:
    place.state_file("claim").write_bytes(json.dumps(ownership.saved()).encode())


def config(place: Place) -> Config:
    return read_strict(place.config_files.owners.read_bytes())


def secrets(place: Place) -> dict[str, bytes]:
    below = SecretFiles.below(place.data).directory
    return {str(path.relative_to(below)): path.read_bytes() for path in below.rglob("*") if path.is_file()}


def test_a_takeover_changes_whom_it_seals_for_and_what_was_known_before_opens_nothing(place):
    claim(place, TAKEN)

    assert follow(place, Disk()) == TAKEN
    assert config(place) == replace(CONFIG, owner=Owner(recipients=(NEW,)))
    assert secrets(place) == {"settled": b"2\n", "owner.agekey.age.before-2": b"owner.agekey.age"}
    before = place.config_files.owners.with_name("vigil.toml.before-claim")
    assert before.read_bytes().startswith(b"# mine\n")


def test_it_is_done_once_so_that_a_later_pin_and_a_later_key_stay(place):
    claim(place, TAKEN)
    follow(place, Disk())
    SecretFiles.below(place.data).pin.write_bytes(b"new")
    place.config_files.owners.write_bytes(written(CONFIG))

    assert follow(place, Disk()) is None
    assert config(place) == CONFIG
    assert secrets(place)["guard/pin"] == b"new"


@pytest.mark.parametrize("how", ["unclaimed", "prepared", "unknown"])
def test_a_first_claim_takes_no_secret_away(place, how):
    recipients = (NEW,) if how == "unclaimed" else ()
    claim(place, replace(TAKEN, how=how, recipients=recipients))

    assert follow(place, Disk())
    assert secrets(place)["guard/pin"] == b"pin"
    assert config(place).owner.recipients == (recipients or (OLD,))


def test_a_box_that_nobody_claimed_follows_nobody(place):
    assert follow(place, Disk()) is None
    claim(place, Ownership())
    assert follow(place, Disk()) is None
    assert config(place) == CONFIG


class Cut(Calls):
    """Ends at the n-th change of the disk, as a cut of the power would."""

    def __init__(self, left: int) -> None:
        self.left = left

    def rename(self, source: Path, target: Path) -> None:
        self._count()
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._count()
        super().unlink(path)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(5, "cut")


def test_wherever_it_is_cut_the_next_start_brings_it_to_its_end(place):
    claim(place, TAKEN)
    whole = dict(secrets(place))
    cuts = 0
    while True:
        for name, data in whole.items():
            (SecretFiles.below(place.data).directory / name).write_bytes(data)
        aside = SecretFiles.below(place.data).directory / "owner.agekey.age.before-2"
        aside.unlink(missing_ok=True)
        place.config_files.owners.write_bytes(written(CONFIG))
        try:
            follow(place, Disk(Cut(cuts)))
        except (StoreFault, OSError):
            cuts += 1
        else:
            break
        assert follow(place, Disk()) == TAKEN
        assert config(place).owner.recipients == (NEW,)
        assert secrets(place) == {"settled": b"2\n", "owner.agekey.age.before-2": b"owner.agekey.age"}
    assert cuts >= 5


@pytest.mark.parametrize("data", [b"", b"{}", b"nonsense"])
def test_a_file_of_nonsense_is_followed_by_nobody(place, data):
    place.state_file("claim").write_bytes(data)

    with pytest.raises(FormatError, match="nobody follows it"):
        follow(place, Disk())
    assert config(place) == CONFIG


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_a_file_that_another_process_of_ours_has_made_is_followed_by_nobody(place):
    claim(place, TAKEN)
    os.chown(place.state_file("claim"), 12345, -1)

    with pytest.raises(FormatError, match="not written by guard"):
        follow(place, Disk())
    assert config(place) == CONFIG
