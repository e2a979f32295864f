"""A card that goes bad is told: to the log, to the journal and to the owner, and not without end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.errors import DeviceError
from vigil.processes.card_errors import CardWatch, KernelLog, Told, card_map, in_disorder
from vigil.processes.place import Place
from vigil.processes.tellings import left
from vigil.store.disk import Disk
from vigil.upkeep.card_errors import CardMap, Ill, Trouble

STATE = Trouble(Ill.TURNED, "state")
CARD = CardMap("vda", {7: (2048, 100), 8: (4096, 100)}, {"dm-1": "state", "dm-2": "video"})
TURNED = "3,1,2,-;device-mapper: integrity: dm-1: Checksum failed at sector 0x2a8\n"


class Kernel:
    """What a kernel has to say, and the opening of the partitions before, put there by a test."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.errors: list[tuple[Trouble, int]] = []
        self.mended: list[tuple[Trouble, int]] = []
        self.card = CARD

    def new(self) -> Iterator[str]:
        """Each record once."""
        while self.records:
            yield self.records.pop(0)


def watch(place: Place, kernel: Kernel, disk: Disk | None = None) -> CardWatch:
    """An upkeep that has just been started."""
    return CardWatch(
        place, disk or Disk(), HandClock(), records=kernel.new, card=lambda: kernel.card,
        disorder=lambda: iter(kernel.errors), mended=lambda: iter(kernel.mended),
    )  # fmt: skip


def told(place: Place) -> list[tuple[str, str, int]]:
    """What the journal will have."""
    found = [one.fields for one in left(Disk(), place.tellings)]
    return [(str(one["what"]), str(one["partition"]), int(one["times"])) for one in found]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A box whose data lie in a directory."""
    (tmp_path / "state").mkdir()
    return Place(tmp_path)


def test_a_card_that_is_well_writes_nothing(place: Place):
    kernel = Kernel()
    kernel.records = ["6,1,2,-;EXT4-fs (dm-1): mounted filesystem"]
    watch(place, kernel).look()

    assert list(place.data.iterdir()) == [place.state] and list(place.state.iterdir()) == []


def test_bytes_that_turned_are_told_once_to_log_journal_and_owner(place: Place, caplog: pytest.LogCaptureFixture):
    kernel = Kernel()
    kernel.records = [TURNED]
    looking = watch(place, kernel)
    looking.look()
    looking.look()

    assert told(place) == [("turned", "state", 1)]
    assert Told(place, Disk()).read() == {STATE: 1}
    assert caplog.text.count("in its partition “state” it gives back other bytes than were written (once)") == 1


def test_a_thousand_errors_are_four_entries(place: Place):
    kernel = Kernel()
    looking = watch(place, kernel)
    for _ in range(1000):
        kernel.records = [TURNED]
        looking.look()

    assert told(place) == [("turned", "state", times) for times in (1, 10, 100, 1000)]


def test_an_upkeep_that_is_started_again_does_not_tell_it_again(place: Place):
    kernel = Kernel()
    for _ in range(2):
        kernel.records = [TURNED, TURNED]
        watch(place, kernel).look()

    assert told(place) == [("turned", "state", 2)]


def test_errors_of_a_file_system_are_told_with_their_partition(place: Place):
    kernel = Kernel()
    kernel.errors = [(Trouble(Ill.DISORDER, "video"), 3)]
    watch(place, kernel).look()

    assert told(place) == [("disorder", "video", 3)]


def test_a_beginning_that_was_mended_is_told_once_to_journal_and_owner(place: Place, caplog: pytest.LogCaptureFixture):
    kernel = Kernel()
    kernel.mended = [(Trouble(Ill.MENDED, "video"), 1)]
    looking = watch(place, kernel)
    looking.look()
    looking.look()

    assert told(place) == [("mended", "video", 1)]
    assert Told(place, Disk()).read() == {Trouble(Ill.MENDED, "video"): 1}
    words = "in its partition “video” the file system had lost its beginning, which was written anew from a copy (once)"
    assert caplog.text.count(words) == 1


def test_a_state_that_takes_no_entry_leaves_the_owner_told(place: Place, caplog: pytest.LogCaptureFixture):
    kernel = Kernel()
    kernel.records = [TURNED]
    place.tellings.write_text("in the way")
    watch(place, kernel).look()

    assert Told(place, Disk()).read() == {STATE: 1}
    assert "the journal will not have it" in caplog.text


def test_a_disk_that_refuses_ends_nothing(place: Place, caplog: pytest.LogCaptureFixture):
    kernel = Kernel()
    looking = watch(place, kernel, Disk(FaultyCalls(1, lasting=True)))
    for _ in range(3):
        kernel.records = [TURNED]
        looking.look()

    assert caplog.text.count("in its partition “state”") == 1
    assert "guard does not hear of the card" in caplog.text and "the journal will not have it" in caplog.text


def test_a_card_that_cannot_be_found_is_said_once(place: Place, caplog: pytest.LogCaptureFixture):
    def lost() -> CardMap:
        raise DeviceError("the disk that the system runs from cannot be found")

    looking = CardWatch(place, Disk(), HandClock(), records=Kernel().new, card=lost, disorder=lambda: iter(()))
    looking.look()
    looking.look()

    assert caplog.text.count("cannot be found") == 1


def test_what_somebody_else_wrote_is_not_believed(place: Place, monkeypatch: pytest.MonkeyPatch):
    Told(place, Disk()).keep({STATE: 1})
    assert Told(place, Disk()).read() == {STATE: 1}

    os.chown(place.card_errors, 12345, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert Told(place, Disk()).read() == {}


def test_each_record_of_the_log_is_given_once_and_a_gap_is_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file stands in for /dev/kmsg, of which every read gives one record; what each read gives is said here."""
    answers: list[bytes | OSError] = [b"6,1,2,-;one\n", BrokenPipeError(), b"6,9,2,-;\xfftwo\n", BlockingIOError()]

    def read(_fd: int, _size: int) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    (tmp_path / "kmsg").touch()
    monkeypatch.setattr(os, "read", read)

    assert list(KernelLog(tmp_path / "kmsg").new()) == ["6,1,2,-;one\n", "6,9,2,-;\N{REPLACEMENT CHARACTER}two\n"]


def kernel_tree(sys: Path) -> Path:
    """A /sys as a box has it: the root on a device of device-mapper, that on a partition of the card."""
    root = Path("/").stat().st_dev
    for number, (first, sectors) in CARD.partitions.items():
        part = sys / f"block/vda/vda{number}"
        part.mkdir(parents=True)
        for name, value in (("partition", number), ("start", first), ("size", sectors)):
            (part / name).write_text(f"{value}\n")
    for number, name, errors in ((0, "root", None), (1, "vigil-state", 0), (2, "vigil-video", 3)):
        (sys / f"block/dm-{number}/dm").mkdir(parents=True)
        (sys / f"block/dm-{number}/dm/name").write_text(f"{name}\n")
        if errors is not None:
            (sys / f"fs/ext4/dm-{number}").mkdir(parents=True)
            (sys / f"fs/ext4/dm-{number}/errors_count").write_text(f"{errors}\n")
    (sys / "fs/ext4/sda1").mkdir()
    (sys / "fs/ext4/sda1/errors_count").write_text("7\n")
    (sys / "dev/block").mkdir(parents=True)
    (sys / "dev/block" / f"{os.major(root)}:{os.minor(root)}").symlink_to("../../block/dm-0")
    (sys / "block/dm-0/slaves").mkdir()
    (sys / "block/dm-0/slaves/vda7").symlink_to("../../vda/vda7")
    return sys


def test_the_card_and_its_partitions_are_found(tmp_path: Path):
    assert card_map(kernel_tree(tmp_path)) == CARD


def test_errors_are_counted_of_our_file_systems_alone(tmp_path: Path):
    assert list(in_disorder(kernel_tree(tmp_path))) == [(Trouble(Ill.DISORDER, "video"), 3)]
