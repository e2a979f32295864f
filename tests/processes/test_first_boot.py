"""The first boot and every one after: what is missing is made, what is there is kept, and no cut does harm."""

from __future__ import annotations

import json
import stat
from contextlib import contextmanager
from itertools import count

import pytest

from fakes.configs import KEYS
from fakes.faulty import FaultyCalls
from vigil.config.model import Camera
from vigil.config.read import NO_CAMERA, read_strict
from vigil.processes.first_boot import FirstBoot
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.store.disk import Disk
from vigil.store.layout import MARKER
from vigil.store.marker import check_marker

SETUP = f'owner_recipient = "{KEYS[0]}"\n[network]\nwifi_name = "home"\nwifi_password = "correct horse"\n'


class Box:
    """A box whose partitions are directories that can be taken away."""

    def __init__(self, root):
        self.place = Place(root / "vigil")
        self.boot = root / "boot"
        self.there = {self.place.state, self.place.video}
        self.opened = 0
        self.plugged_in = ()
        for directory in (self.boot, *self.there):
            directory.mkdir(parents=True)
        (self.place.video / "lost+found").mkdir()
        (self.place.data / "vigil.toml").symlink_to("state/vigil.toml")
        self.setup = self.boot / "vigil.toml"

    @contextmanager
    def writable(self, directory):
        assert directory == self.boot
        self.opened += 1
        yield

    def start(self, disk=None):
        first = FirstBoot(
            self.place, disk or Disk(), setup=self.setup, writable=self.writable, is_there=self.there.__contains__,
            plugged_in=lambda: self.plugged_in,
        )  # fmt: skip
        first.run()
        return first.faults

    @property
    def settings(self):
        return load(self.place.data, Disk())


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_a_new_box_gets_its_key_its_store_and_its_owner(box):
    box.setup.write_text(SETUP)

    assert box.start() == []

    assert stat.S_IMODE(box.place.identity_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(box.place.identity_key.parent.stat().st_mode) == 0o700
    assert check_marker(Disk(), box.place.video, None) == box.place.known_store()
    assert box.settings.salvage.config.owner.recipients == (KEYS[0],)
    assert box.settings.salvage.faults == (NO_CAMERA,)


def test_a_box_whose_owner_named_no_camera_records_what_is_plugged_in_and_keeps_to_it(box):
    box.setup.write_text(SETUP)
    box.plugged_in = (Camera(id="usb", source="v4l2", device="/dev/v4l/by-path/first-video-index0"),)
    assert box.start() == []
    salvage = box.settings.salvage
    assert (salvage.config.cameras, salvage.faults) == (box.plugged_in, ())
    assert salvage.config.owner.recipients == (KEYS[0],)

    first, box.plugged_in = box.plugged_in, (Camera(id="usb", source="v4l2", device="/dev/v4l/by-path/other"),)
    assert box.start() == []
    assert box.settings.salvage.config.cameras == first


def test_cameras_that_the_owner_named_are_left_alone_and_so_is_a_file_with_a_mistake(box):
    box.plugged_in = (Camera(id="usb", source="v4l2", device="/dev/v4l/by-path/first-video-index0"),)
    box.setup.write_text(SETUP + '[[camera]]\nid = "door"\nsource = "rtsp"\nurl = "rtsp://door/"\n')
    box.start()
    assert [camera.id for camera in box.settings.salvage.config.cameras] == ["door"]

    broken = b"schema = 1\nnonsense = 2\n"
    box.place.config_files.owners.write_bytes(broken)
    assert "nonsense" in box.start()[0]
    assert box.place.config_files.owners.read_bytes() == broken


def test_passwords_leave_the_card_once_they_are_safe(box):
    box.setup.write_text(SETUP)
    box.start()

    assert "correct horse" not in box.setup.read_text()
    assert box.settings.salvage.config.network.wifi_password == "correct horse"


def test_the_second_boot_changes_nothing(box):
    box.setup.write_text(SETUP)
    box.start()
    before = {path: path.read_bytes() for path in box.place.data.rglob("*") if path.is_file()}
    opened = box.opened

    assert box.start() == []
    assert {path: path.read_bytes() for path in box.place.data.rglob("*") if path.is_file()} == before
    assert box.opened == opened


def test_a_file_edited_on_a_pc_is_taken_over_again(box):
    box.setup.write_text(SETUP)
    box.start()
    box.setup.write_text(box.setup.read_text() + 'address = "10.0.0.5/24"\n')
    box.start()

    network = box.settings.salvage.config.network
    assert (network.address, network.wifi_password) == ("10.0.0.5/24", "correct horse")


def test_another_password_of_the_same_length_is_taken_over_too(box):
    box.setup.write_text(SETUP)
    box.start()
    box.setup.write_text(SETUP.replace("correct horse", "battery stapl"))
    box.start()

    assert box.settings.salvage.config.network.wifi_password == "battery stapl"
    assert "battery" not in box.setup.read_text()


def test_a_mistake_is_told_and_changes_nothing(box):
    box.setup.write_text(SETUP + "addresses = 5\n")

    assert "network.addresses: not a setting" in box.start()[0]
    assert not box.place.config_files.owners.exists()
    assert "correct horse" in box.setup.read_text()


def test_a_card_without_state_records_on_and_says_so(box):
    box.start()
    box.there.remove(box.place.state)
    before = sorted(box.place.state.rglob("*"))

    assert "state partition is not there" in box.start()[0]
    assert sorted(box.place.state.rglob("*")) == before


def test_without_a_video_partition_nothing_is_made_where_it_should_be(box):
    box.there.remove(box.place.video)

    assert "nothing can be recorded" in box.start()[0]
    assert not (box.place.video / MARKER).exists()


def test_a_foreign_disk_is_not_made_a_store(box):
    (box.place.video / "holiday.jpg").write_bytes(b"beach")

    assert "bears no marker" in box.start()[0]
    assert not (box.place.video / MARKER).exists()


def test_another_boxs_store_is_not_taken_for_ours(box):
    box.start()
    (box.place.video / MARKER).write_text(json.dumps({"store": "ab" * 16}))

    known = box.place.known_store()
    box.start()
    assert box.place.known_store() == known


def test_a_new_state_takes_the_store_beside_it(box):
    (box.place.video / MARKER).write_text(json.dumps({"store": "ab" * 16}))

    assert box.start() == []
    assert box.place.known_store() == "ab" * 16


def test_wherever_the_power_went_the_next_boot_ends_well(box, tmp_path):
    for nth in count(1):
        one = Box(tmp_path / str(nth))
        one.setup.write_text(SETUP)
        calls = FaultyCalls(nth, lasting=True)
        one.start(Disk(calls))

        assert one.start() == []
        assert read_strict(one.place.config_files.owners.read_bytes()).network.wifi_password == "correct horse"
        assert "correct horse" not in one.setup.read_text()
        if not calls.fired:
            break
    assert nth > 30
