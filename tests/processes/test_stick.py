"""A stick is prepared and copied to as an owner does it; and what is no stick is left alone."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder
from vigil.clock import HandClock
from vigil.errors import StickRefused
from vigil.events import Exporting
from vigil.processes.hub import HubServer
from vigil.processes.place import Place
from vigil.processes.stick import Teller, copy, find, marker_of, mounted
from vigil.processes.stick_prepare import look, prepare
from vigil.store.disk import Disk
from vigil.store.marker import write_marker

STORE = "ab" * 16


class Never:
    """Nobody stops it."""

    def is_set(self) -> bool:
        return False


class Stick:
    """A stick that is a file: this kernel knows ext4 alone, and the tests run as root."""

    def __init__(self, root: Path, *, megabytes: int = 64) -> None:
        self.image = root / "stick.img"
        self.at = root / "at"
        with self.image.open("wb") as file:
            file.truncate(megabytes << 20)

    def make(self, device: Path) -> None:
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", device], check=True)

    @contextmanager
    def mounted(self, device: Path):
        loop = subprocess.run(
            ["losetup", "--find", "--show", device], check=True, capture_output=True, text=True
        ).stdout.strip()
        try:
            with mounted(Path(loop), self.at, file_system="ext4") as at:
                yield at
        finally:
            subprocess.run(["losetup", "--detach", loop], check=True)


@pytest.fixture
def stick(tmp_path: Path) -> Stick:
    return Stick(tmp_path)


@pytest.fixture
def box(tmp_path: Path) -> BoxBuilder:
    builder = BoxBuilder(tmp_path / "box")
    write_marker(Disk(), builder.video, STORE)
    builder.camera("front").media(70_000)
    builder.camera("front").quiet()
    builder.enter()
    return builder


def teller(place: Place, shown: list[int] | None = None) -> Teller:
    return Teller(place, Never(), lambda done_pm, _: shown.append(done_pm) if shown is not None else None)  # type: ignore[arg-type]


@pytest.mark.host
def test_a_stick_is_prepared_takes_recordings_and_can_be_pulled_and_plugged(stick: Stick, box: BoxBuilder):
    place, owner = Place(box.root), str(box.owner.recipient)
    made = prepare(stick.image, [owner], number="5a" * 16, at_us=7, make=stick.make, mounted=stick.mounted)

    ends = []
    for _ in range(2):
        with stick.mounted(stick.image) as at:
            assert marker_of(at) == made
            ends.append(copy(place, [owner], at, clock=HandClock(), teller=teller(place)))
    with stick.mounted(stick.image) as at:
        found = sorted(path.name for path in at.rglob("0000000*"))

    assert [(one.ended, one.segments) for one in ends] == [("complete", 2), ("complete", 0)]
    assert [name.rpartition(".")[2] for name in found] == ["jsonl", "0", "age", "seal", "seal"] or len(found) >= 3
    assert not list(stick.at.iterdir()), "nothing is left where it was mounted"


@pytest.mark.host
def test_a_stick_that_is_too_small_takes_what_fits_and_says_so(tmp_path: Path, box: BoxBuilder):
    small = Stick(tmp_path, megabytes=16)
    owner = str(box.owner.recipient)
    for _ in range(6):
        box.camera("front").media(1_500_000)
    prepare(small.image, [owner], number="5a" * 16, at_us=7, make=small.make, mounted=small.mounted)

    with small.mounted(small.image) as at:
        copied = copy(Place(box.root), [owner], at, clock=HandClock(), teller=teller(Place(box.root)))

    assert copied.ended == "full" and 2 <= copied.segments < 8, copied


@pytest.mark.host
def test_another_owners_stick_is_left_as_it_is(stick: Stick, box: BoxBuilder):
    prepare(stick.image, ["age1other"], number="5a" * 16, at_us=7, make=stick.make, mounted=stick.mounted)

    with stick.mounted(stick.image) as at:
        with pytest.raises(StickRefused, match="prepared for another owner"):
            copy(Place(box.root), [str(box.owner.recipient)], at, clock=HandClock(), teller=teller(Place(box.root)))
        assert not (at / "vigil").exists()


def test_a_disk_without_a_marker_is_no_stick(tmp_path: Path, box: BoxBuilder):
    with pytest.raises(StickRefused, match="no stick that `vigil stick prepare`"):
        copy(Place(box.root), ["age1x"], tmp_path, clock=HandClock(), teller=teller(Place(box.root)))
    with pytest.raises(StickRefused, match="is plugged in"):
        find(tmp_path / "no-label")


def test_guard_hears_how_far_it_is_and_how_it_ended(tmp_path: Path, box: BoxBuilder):
    place = Place(box.root)
    hub = HubServer(place.hub)
    told = teller(place)
    told.stick = "ab"
    from vigil.out.stick_copy import Copied

    told.told(250, Copied(segments=1, bytes=5))
    hub.wait(0)
    told.ended("full", "the stick is full", Copied(segments=2, bytes=9))
    heard = [message for _ in range(3) for _, message in hub.wait(0) if isinstance(message, Exporting)]
    hub.close()

    assert heard[-1] == Exporting(
        state="full", done_pm=1000, segments=2, bytes=9, stick="ab", words="the stick is full"
    )  # fmt: skip


# What may be made a stick


class Sys:
    """A sysfs of one disk, and what is mounted."""

    def __init__(self, root: Path, *, bus: str = "usb1/1-1", removable: str = "1", megabytes: int = 1000) -> None:
        self.sys = root / "sys"
        self.disk = self.sys / f"devices/{bus}/host0/block/sdb"
        (self.disk / "sdb1/holders").mkdir(parents=True)
        (self.disk / "holders").mkdir()
        (self.disk / "device").mkdir()
        words = {
            "removable": removable, "size": str(megabytes * 2048), "dev": "8:16", "device/vendor": "SanDisk ",
            "device/model": "Ultra", "sdb1/dev": "8:17", "sdb1/partition": "1",
        }  # fmt: skip
        for name, word in words.items():
            (self.disk / name).write_text(f"{word}\n")
        classes = self.sys / "class/block"
        classes.mkdir(parents=True)
        (classes / "sdb").symlink_to(self.disk)
        (classes / "sdb1").symlink_to(self.disk / "sdb1")
        self.mounts = root / "mountinfo"
        self.mounts.write_text("24 1 179:2 / / ro - squashfs /dev/root ro\n")

    def look(self, name: str = "sdb"):
        return look(Path("/dev") / name, sys=self.sys, mounts=self.mounts)


def test_a_removable_usb_disk_may_be_made_one_and_what_is_on_it_is_said(tmp_path: Path):
    found = Sys(tmp_path).look()

    assert (found.words, found.size_bytes, found.holds) == ("SanDisk Ultra", 1000 << 20, ("sdb1",))


def test_a_partition_the_systems_card_a_fixed_disk_and_a_tiny_one_may_not(tmp_path: Path):
    with pytest.raises(StickRefused, match="is a partition"):
        Sys(tmp_path / "a").look("sdb1")
    with pytest.raises(StickRefused, match="no USB disk"):
        Sys(tmp_path / "b", bus="mmc0/mmc0:0001").look()
    with pytest.raises(StickRefused, match="not a removable one"):
        Sys(tmp_path / "c", removable="0").look()
    with pytest.raises(StickRefused, match="are the least"):
        Sys(tmp_path / "d", megabytes=16).look()
    with pytest.raises(StickRefused, match="is no disk"):
        Sys(tmp_path / "e").look("null")


def test_what_is_mounted_or_held_may_not(tmp_path: Path):
    mounted_, held = Sys(tmp_path / "a"), Sys(tmp_path / "b")
    mounted_.mounts.write_text("25 24 8:17 / /vigil/video rw - ext4 /dev/sdb1 rw\n")
    (held.disk / "sdb1/holders/dm-0").mkdir()

    with pytest.raises(StickRefused, match="sdb1 is mounted at /vigil/video"):
        mounted_.look()
    with pytest.raises(StickRefused, match="in use by the system"):
        held.look()
