"""Recordings on a stick: whole, checkable, never twice; whatever fails, the box is as it was and the stick goes on."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from fakes.faulty import BadSectors, FaultyCalls
from fakes.power import CutCalls, PowerCut
from fakes.store_builder import BoxBuilder
from vigil.clock import HandClock
from vigil.out.stick_copy import Box, Copied, Export
from vigil.out.stick_files import Stopped
from vigil.segments.session import device_id
from vigil.store.check import check_store, nothing_told
from vigil.store.disk import Calls, Disk
from vigil.store.journal_check import check_journal
from vigil.store.marker import write_marker

STORE = "ab" * 16


class Owner:
    """A box with two cameras, and a stick that is plugged into it."""

    def __init__(self, root: Path, *, sizes: tuple[int, ...] = (70_000, 1_000)) -> None:
        self.builder = BoxBuilder(root / "box")
        self.stick = root / "stick"
        self.stick.mkdir()
        write_marker(Disk(), self.builder.video, STORE)
        for size in sizes:
            self.builder.camera("front").media(size)
            self.builder.camera("side").media(size, end="recovered", tail=b"tail")
        self.builder.camera("front").quiet()
        self.builder.camera("front").media(500, end=None)
        self.builder.enter()
        self.box = Box(self.builder.video, self.builder.journal, device_id(self.builder.identity.key.public), STORE)

    @property
    def place(self) -> Path:
        return self.stick / "vigil" / self.box.device

    def export(self, calls: Calls | None = None, *, box_calls: Calls | None = None, **more: Any) -> Copied:
        more.setdefault("told", lambda *_: None)
        export = Export(
            self.box, self.stick, box_disk=Disk(box_calls), stick=Disk(calls), clock=HandClock(), **more
        )  # fmt: skip
        return export.run()

    def on_stick(self) -> dict[str, bytes]:
        """All that is on the stick but the lists of what came when."""
        return {name: data for name, data in tree(self.stick).items() if "/exports/" not in name}


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(root.rglob("*"))}


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return Owner(tmp_path)


def test_what_is_finished_is_on_the_stick_byte_for_byte(owner: Owner):
    copied = owner.export()

    assert (copied.ended, copied.why, copied.segments) == ("complete", "", 5)
    box, stick = tree(owner.builder.video), tree(owner.place / "video")
    unfinished = {name for name in box if "/00000004-" in name}
    assert len(unfinished) == 2
    assert stick == {name: data for name, data in box.items() if name not in unfinished}


def test_a_stranger_checks_store_and_journal_on_the_stick_as_on_the_box(owner: Owner):
    owner.export()

    checked = check_store(Disk(), owner.place / "video", told=nothing_told)
    assert checked.problems == [] and checked.segments == 5
    assert tree(owner.place / "state/journal") == {
        name: data for name, data in tree(owner.builder.journal).items() if name != "lock"
    }


def test_what_was_copied_is_not_copied_again_and_what_is_new_is(owner: Owner):
    owner.export()
    before = stamps(owner.place / "video")

    again = owner.export()
    owner.builder.camera("side").media(3_000)
    third = owner.export()

    assert (again.segments, third.segments) == (0, 1)
    assert before.items() <= stamps(owner.place / "video").items() or third.segments == 1
    assert [json.loads(one.read_bytes())["ended"] for one in sorted((owner.place / "exports").iterdir())] == [
        "complete"
    ] * 3


def test_recordings_that_the_owner_moved_away_are_not_copied_again(owner: Owner):
    owner.export()
    shutil.rmtree(owner.place / "video/front")

    assert owner.export().segments == 0


def test_the_oldest_go_first(owner: Owner):
    owner.export()

    listed = json.loads((owner.place / "exports/000001.json").read_bytes())["segments"]
    assert [(one["camera"], one["segment"]) for one in listed] == [
        ("front", 1), ("side", 1), ("front", 2), ("side", 2), ("front", 3),
    ]  # fmt: skip


def test_another_stores_recordings_are_counted_by_themselves(owner: Owner):
    owner.export()
    write_marker(Disk(), owner.builder.video, "cd" * 16)
    owner.box = Box(owner.box.video, owner.box.journal, owner.box.device, "cd" * 16)

    assert owner.export().segments == 5


def test_a_full_stick_ends_in_good_order_and_the_next_one_takes_the_rest(owner: Owner):
    first = owner.export(spare_bytes=Disk().free_bytes(owner.stick) - 450_000)

    assert first.ended == "full" and 0 <= first.segments < 5
    assert check_store(Disk(), owner.place / "video", told=nothing_told).problems == []
    assert json.loads(sorted((owner.place / "exports").iterdir())[-1].read_bytes())["ended"] == "full"
    assert owner.export().ended == "complete"


def test_who_stops_it_finds_the_rest_later(owner: Owner):
    def stop(done_pm: int, copied: Copied) -> None:
        if copied.segments == 0:
            raise Stopped

    assert owner.export(told=stop).ended == "stopped"
    assert not list(owner.stick.rglob("*.part"))
    assert owner.export().ended == "complete"
    assert tree(owner.place / "video").keys() >= {"identity", ".vigil-store"}


def test_what_the_box_cannot_read_is_named_and_the_rest_is_copied(owner: Owner):
    lost = owner.builder.camera("front").segments[1].media

    copied = owner.export(box_calls=BadSectors(lost))

    assert copied.ended == "complete" and copied.segments == 5
    (damaged,) = [one for one in copied.written if "damaged" in one]
    assert damaged["camera"] == "front" and damaged["segment"] == 1 and "cannot be read" in damaged["damaged"]


def test_pictures_that_are_not_what_was_signed_are_copied_and_named(owner: Owner):
    media = owner.builder.camera("side").segments[2].media
    data = bytearray(media.read_bytes())
    data[300] ^= 1
    media.write_bytes(data)

    copied = owner.export()

    assert [one["segment"] for one in copied.written if "damaged" in one] == [2]
    assert tree(owner.place / "video")[str(media.relative_to(owner.box.video))] == bytes(data)


def test_a_segment_that_the_box_deletes_meanwhile_is_passed_over(owner: Owner):
    paths = owner.builder.camera("front").segments[2]

    class Deleting(Calls):
        """A box that deletes a segment as soon as the one before it was read."""

        def open(self, path: Path, flags: int, mode: int = 0o660) -> int:
            if "00000001-" in path.name and paths.seal.exists():
                for one in (paths.media, paths.seal):
                    one.unlink()
            return super().open(path, flags, mode)

    copied = owner.export(box_calls=Deleting())

    assert copied.ended == "complete" and copied.segments == 4


def test_a_stick_that_gives_back_other_bytes_is_found_out(owner: Owner):
    class Lying(Calls):
        """A stick that forgets what was written behind its first 4 KiB."""

        def pread(self, fd: int, size: int, offset: int) -> bytes:
            data = super().pread(fd, size, offset)
            return data[:4096] + bytes(max(0, len(data) - 4096))

    copied = owner.export(Lying())

    assert copied.ended == "failed" and "gives back other bytes" in copied.why


def test_a_name_without_its_bytes_is_written_anew_behind_what_is_known_to_be_done(owner: Owner):
    owner.export()
    (owner.place / "exported.json").unlink()
    torn = next((owner.place / "video/front").rglob("00000001-*.mp4.age"))
    torn.write_bytes(bytes(torn.stat().st_size))

    assert owner.export().ended == "complete"
    assert tree(owner.place / "video")[str(torn.relative_to(owner.place / "video"))] != bytes(torn.stat().st_size)


def test_what_else_is_on_the_stick_is_the_owners(owner: Owner):
    (owner.stick / "holiday.part").write_bytes(b"mine")

    owner.export()

    assert (owner.stick / "holiday.part").read_bytes() == b"mine"


# An export for each operation that there is, and another behind each: half a minute on a quiet machine.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "lasting"), [("EIO", False), ("EIO", True), ("ENOSPC", True), ("EROFS", True), ("short", False)]
)
def test_whatever_fails_the_box_is_as_it_was_and_the_next_export_completes_it(tmp_path: Path, mode: str, lasting: bool):
    owner = Owner(tmp_path, sizes=(1_000,))
    owner.export()
    wanted = owner.on_stick()
    box = stamps(owner.builder.root)
    for nth in itertools.count(1):
        shutil.rmtree(owner.stick)
        owner.stick.mkdir()
        calls = FaultyCalls(nth, mode=mode, lasting=lasting)
        copied = owner.export(calls)
        if not calls.fired:
            break
        assert copied.ended == "complete" if mode == "short" else copied.ended in ("complete", "failed", "full")
        whole_or_unfinished(owner, wanted)

        assert owner.export(FaultyCalls(0)).ended == "complete"
        assert owner.on_stick() == wanted, nth
    assert nth > (10 if mode == "short" else 80)
    assert stamps(owner.builder.root) == box


# An export for each operation that changes the stick, and another on each of three sticks that a cut there leaves.
@pytest.mark.slow
def test_a_stick_that_is_pulled_out_at_any_moment_holds_whole_files_and_goes_on(tmp_path: Path):
    owner = Owner(tmp_path, sizes=(1_000,))
    owner.export()
    wanted, stick = owner.on_stick(), owner.stick
    box = stamps(owner.builder.root)
    for nth in itertools.count(1):
        owner.stick = fresh(tmp_path / "pulled")
        calls = CutCalls(owner.stick, nth)
        try:
            owner.export(calls)
        except PowerCut:
            pass
        if not calls.fired:
            break
        for left in ("synced", "written", random.Random(nth)):
            owner.stick = tmp_path / "left"
            shutil.rmtree(owner.stick, ignore_errors=True)
            calls.survivor(owner.stick, left)
            whole_or_unfinished(owner, wanted)

            assert owner.export(FaultyCalls(0)).ended == "complete"
            assert owner.on_stick() == wanted, (nth, left)
    assert nth > 80
    assert stamps(owner.builder.root) == box
    assert stick.is_dir()


def fresh(directory: Path) -> Path:
    """Return the directory, empty."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def whole_or_unfinished(owner: Owner, wanted: dict[str, bytes]) -> None:
    """Every file that has its name is whole: a recording byte for byte, the journal up to a length."""
    for name, data in owner.on_stick().items():
        if name.endswith((".part", ".new", "exported.json")):
            continue
        assert data == wanted[name], name
    done = owner.place / "exported.json"
    if done.exists():
        upto = json.loads(done.read_bytes())["upto"].get(STORE, {})
        for camera, seq in upto.items():
            for number in range(1, seq + 1):
                found = list((owner.place / "video" / camera).rglob(f"{number:08d}-*.seal"))
                assert len(found) == 1, "it says that a segment is done that is not there"


def test_the_journal_on_the_stick_never_says_more_than_it_holds(tmp_path: Path):
    owner = Owner(tmp_path, sizes=(1_000,))
    looked = 0
    for nth in itertools.count(1, 5):
        shutil.rmtree(owner.stick)
        owner.stick.mkdir()
        calls = FaultyCalls(nth, lasting=True)
        owner.export(calls)
        verdicts = check_journal(owner.place / "state/journal", [owner.builder.guard_key])
        looked += len(verdicts)
        found = [problem.text for verdict in verdicts for problem in verdict.problems if verdict.origin]
        # They come last; a journal that was cut before them proves nothing, and says nothing that is not so.
        assert found in ([], ["this log has no checkpoints"]), found
        if not calls.fired:
            break
    assert verdicts == check_journal(owner.builder.journal, [owner.builder.guard_key]) and verdicts[0].ok
    assert looked > 10
