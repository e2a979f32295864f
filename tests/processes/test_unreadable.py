"""What the card has lost of the state is met as a damaged file is; where it is written again, it is whole again."""

from __future__ import annotations

import errno
import json
import os
from functools import partial
from pathlib import Path

import pytest

from fakes.configs import KEYS
from fakes.diaries import box as state_box
from fakes.diaries import diary
from fakes.faulty import RottenFiles
from fakes.guards import guarding, has_fault, signing, wait_for
from vigil.clock import HandClock
from vigil.config.model import Camera
from vigil.errors import IndexDamaged
from vigil.events import Health
from vigil.processes.config_trial import change, take_back_if_on_trial
from vigil.processes.first_boot import FirstBoot
from vigil.processes.place import Place
from vigil.processes.privacy import Privacy
from vigil.processes.settings import load, load_watch
from vigil.processes.tellings import left, tell
from vigil.processes.update import Records
from vigil.processes.upkeep import Upkeep
from vigil.processes.vouched import IDENTITY_KEY, Vouched
from vigil.store.disk import Disk
from vigil.store.index import Index, index_path
from vigil.store.index_read import IndexReader
from vigil.store.layout import MARKER
from vigil.store.marker import check_marker, make_store
from vigil.upkeep.update_record import Phase, Record

CONFIG = f'schema = 1\n[owner]\nrecipients = ["{KEYS[0]}"]\n[[camera]]\nid = "door"\nsource = "synthetic"\n'.encode()
OTHER = CONFIG.replace(b"door", b"yard")


@pytest.fixture(params=[errno.EIO, errno.EILSEQ], ids=["EIO", "EILSEQ"])
def number(request: pytest.FixtureRequest) -> int:
    """What the kernel answers: of a card, and of dm-integrity."""
    return int(request.param)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A box that has an owner and a camera, and has applied both."""
    place = Place(tmp_path)
    place.state.mkdir()
    place.video.mkdir()
    (place.data / "vigil.toml").symlink_to("state/vigil.toml")
    files = place.config_files
    files.owners.write_bytes(CONFIG)
    files.applied.write_bytes(CONFIG)
    return place


def test_a_configuration_is_read_from_what_was_last_applied(place: Place, number: int):
    settings = load(place.data, Disk(RottenFiles(place.config_files.owners, number=number)))

    assert [camera.id for camera in settings.salvage.config.cameras] == ["door"]
    assert "vigil.toml cannot be read" in settings.salvage.faults[0]


def test_a_configuration_can_be_written_again(place: Place, number: int):
    disk, owners = Disk(RottenFiles(place.config_files.owners, number=number)), place.config_files.owners

    assert change(owners, OTHER, disk, HandClock(), apply=lambda: None, is_well=lambda _: True)
    assert disk.read_bytes(owners) == OTHER


def test_a_bad_change_goes_back_to_what_was_last_applied(place: Place, number: int):
    disk, owners = Disk(RottenFiles(place.config_files.owners, number=number)), place.config_files.owners

    assert not change(owners, OTHER, disk, HandClock(), apply=lambda: None, is_well=lambda _: False)
    assert [camera.id for camera in load(place.data, disk).salvage.config.cameras] == ["door"]


def test_a_trial_whose_past_is_lost_does_not_hold_up_every_start(place: Place, number: int):
    owners = place.config_files.owners
    before = owners.with_name("vigil.toml.before")
    before.write_bytes(CONFIG)
    owners.write_bytes(OTHER)
    disk = Disk(RottenFiles(before, number=number))

    assert take_back_if_on_trial(owners, disk)
    assert not take_back_if_on_trial(owners, disk)
    assert [camera.id for camera in load(place.data, disk).salvage.config.cameras] == ["door"]


def test_the_first_start_after_it_forgets_neither_owner_nor_cameras(place: Place, number: int):
    owners = place.config_files.owners
    setup = place.data / "setup.toml"
    setup.write_text('hostname = "garage"\n')

    for plugged_in in ((), (Camera(id="usb", source="v4l2", device="/dev/video0"),)):
        first = FirstBoot(
            place, Disk(RottenFiles(owners, number=number)), setup=setup, writable=lambda _: pytest.fail("p1 changes"),
            is_there=lambda _: True, plugged_in=partial(tuple[Camera, ...], plugged_in),
        )  # fmt: skip
        first.run()
        config = load(place.data, Disk()).salvage.config
        assert config.owner.recipients == (KEYS[0],)
        assert [camera.id for camera in config.cameras] == ["door"]
        assert config.system.hostname == "garage"


def test_which_store_is_ours_is_learnt_again(place: Place):
    """It is read without our door to the disk: /proc/self/mem is a file whose beginning cannot be read."""
    store = make_store(Disk(), place.video, os.urandom)
    place.store_id.symlink_to("/proc/self/mem")
    assert place.known_store() is None

    FirstBoot(
        place, Disk(), setup=place.data / "none", writable=lambda _: pytest.fail("p1 changes"), is_there=lambda _: True
    ).run()
    assert place.known_store() == store


def test_the_marker_of_our_store_is_written_again_and_that_of_another_is_not(place: Place, number: int):
    store = make_store(Disk(), place.video, os.urandom)
    marker = place.video / MARKER
    first = FirstBoot(
        place, Disk(RottenFiles(marker, number=number)), setup=place.data / "none",
        writable=lambda _: pytest.fail("p1 changes"), is_there=lambda _: True,
    )  # fmt: skip
    place.store_id.write_text(f"{store}\n")
    first.run()
    assert check_marker(Disk(), place.video, store) == store
    assert "written again" in first.faults[0]

    place.store_id.write_text("0" * 32)
    again = FirstBoot(
        place, Disk(), setup=place.data / "none", writable=lambda _: pytest.fail("p1 changes"), is_there=lambda _: True
    )
    again.run()
    assert check_marker(Disk(), place.video, None) == store


def test_what_is_known_of_the_clock_begins_anew(place: Place, number: int):
    place.clock_trust.write_text("{}")

    load_watch(Disk(RottenFiles(place.clock_trust, number=number)), place, built_us=1)


def test_the_reboot_budget_is_a_careful_one_after_a_reset_and_is_written_again(place: Place, number: int):
    budget = place.state / "reboot-budget.json"
    budget.write_text("{}")
    disk = Disk(RottenFiles(budget, number=number))
    upkeep = Upkeep(
        place, disk, HandClock(), threads=dict, restart=lambda: None, after_reset=True, mountinfo=str,
        is_there=lambda _: True,
    )  # fmt: skip
    assert upkeep.budget.wait_s == 3600

    upkeep.close()
    assert json.loads(disk.read_bytes(budget))["ended"] == "in good order"


def test_the_record_of_an_update_is_an_empty_one_and_is_written_again(place: Place, number: int):
    (place.update).mkdir()
    record = place.update / "record.json"
    record.write_text("{}")
    records = Records(place, Disk(RottenFiles(record, number=number)), HandClock())
    assert records.read() == Record()

    records.keep(Record(phase=Phase.CONFIRMED))
    assert records.read().phase is Phase.CONFIRMED


def test_a_telling_that_is_lost_does_not_keep_back_the_next(place: Place, number: int):
    for at_us in (1, 2):
        tell(Disk(), place.tellings, "update.began", {"number": at_us}, at_us=at_us)
    lost = min(place.tellings.iterdir())

    found = left(Disk(RottenFiles(lost, number=number)), place.tellings)
    assert [one.fields["number"] for one in found] == [2]
    assert not lost.exists()


def test_a_pause_stays_one_though_nobody_knows_whose_it_was(place: Place, number: int):
    paused = place.video / "door" / ".paused"
    paused.parent.mkdir()
    paused.write_text("the owner")
    privacy = Privacy(Disk(RottenFiles(paused, number=number)), place, "door")
    assert privacy.paused_by() == "somebody"

    paused.unlink()
    assert privacy.paused_by() == ""


def test_the_public_identity_is_written_again(tmp_path: Path, number: int):
    place = state_box(tmp_path)
    with signing(place):
        Vouched(place, Disk()).ask("synced")
        public = place.state / IDENTITY_KEY
        before = public.read_bytes()
        disk = Disk(RottenFiles(public, number=number))
        assert Vouched(place, disk).ask("synced") == ""

    assert disk.read_bytes(public) == before


def spoilt(path: Path) -> None:
    """Zeros behind the first page, as a file system gives for what it has lost."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))


def test_a_damaged_index_is_made_again_by_guard_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    place = state_box(tmp_path)
    kept = diary(place, HandClock())
    for number in range(200):
        kept.happened("update.began", {"number": number, "why": "y" * 200})
    kept.close()
    spoilt(index_path(place.state))

    with signing(place), guarding(place) as client:
        wait_for(client, lambda m: isinstance(m, Health) and m.entries > 200 and not has_fault("journal")(m))

    assert "the index is made again from the journal" in caplog.text
    with Index.open(index_path(place.state)) as index:
        assert len([one for one in index.events() if one.kind == "update.began"]) == 200


def test_what_the_disk_has_lost_of_an_index_is_damage(tmp_path: Path):
    """SQLite itself asks the disk: /proc/self/mem is a file whose beginning is answered with EIO."""
    (tmp_path / "index.sqlite").symlink_to("/proc/self/mem")

    with pytest.raises(IndexDamaged, match="disk I/O error"):
        IndexReader.read(tmp_path / "index.sqlite")
