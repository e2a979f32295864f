"""Workloads that were played, each kept in a directory, so that a campaign can draw from them for a long time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from builder.cache import hash_of
from fakes.card import Card as CardImage
from power.draw import SECTOR_BYTES, Cut, Kind
from power.integrity import Layout
from power.promises import Mark, Promises
from power.states import Inside, Rolling, everywhere, first_window, layout_of, of_the_box, opened, sparse, table_only
from power.witness import BLOCK_BYTES, GAP_BYTES
from power.workloads import ALWAYS, CARD_MIB, SETUP, WITNESS, WORKLOADS, Workload, flashed, in_box, play
from power.write_log import WriteLog
from vigil.upkeep.block_devices import Card
from vigil.upkeep.opening import ready_label
from vigil.upkeep.partition_table import Partition, read_table

SLOTS, VIDEO = 1, 8
LOSS_S, SETTLING_LOSS_S, SETTLING_US = 2.0, 3.5, 30_000_000
"""What a cut may cost; and while a box just started keeps the emulator's slow processor to itself, for so long."""
KEPT_S = 3 * 86_400
CUT_BEFORE = 0.7
"""How far into the workload before it the power went the first time, of all windows."""


@dataclass(frozen=True)
class Session:
    """
    A workload that was played in `place`.

    `before` is the session that it goes on from, and `cut` where in it the power had gone. With `obeyed` the disk is
    taken for one that lies: it heeds only one flush in so many.
    """

    workload: Workload
    place: Path
    before: Session | None = None
    cut: Cut | None = None
    obeyed: int = 1

    @property
    def base(self) -> Path:
        """The whole card as it was before."""
        return self.place / "base.img"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory for states, on the disk that has room for the session itself."""
        with tempfile.TemporaryDirectory(prefix="states-", dir=self.place) as name:
            yield Path(name)

    @cached_property
    def log(self) -> WriteLog:
        """What was written."""
        return WriteLog(self.place / "log", obeyed=self.obeyed)

    @cached_property
    def promises(self) -> Promises:
        """What was promised meanwhile."""
        return Promises(self.log)

    @cached_property
    def video(self) -> tuple[Partition, Layout]:
        """The partition of recordings, as the log left it."""
        with self.scratch() as scratch:
            end = scratch / "end.img"
            self.rolling(scratch / "rolling.img").leave(Cut(len(self.log.windows), Kind.FLUSH, 0), end)
            partition = read_table(Card(end).read_sector)[VIDEO]
            return partition, layout_of(end, partition)

    @cached_property
    def first(self) -> int:
        """The first window before which the file system for recordings was made."""
        if self.before and not self.workload.forgets:
            return 0
        return first_window(self.log, *self.video, ready_label("video").encode())

    def rolling(self, image: Path, inside: Inside = everywhere) -> Rolling:
        """The card before the workload, of which nothing but table and data matter, ready to go through the log."""
        return self._rolling(image, inside, None)

    def rolling_whole(self, image: Path) -> Rolling:
        """The same with everything, so that it can be booted."""
        subprocess.run(["cp", "--sparse=always", self.base, image], check=True)
        return Rolling(self.log, image)

    def rolling_video(self, image: Path) -> Rolling:
        """What the partition of recordings opens to, without its tags."""
        partition, layout = self.video
        return self._rolling(image, opened(partition, layout), layout.size_bytes)

    def _rolling(self, image: Path, inside: Inside, size_bytes: int | None) -> Rolling:
        if self.before and self.cut:
            source = image.with_suffix(".before")
            self.before._rolling(source, inside, size_bytes).leave(self.cut, image)
            source.unlink()
        elif size_bytes is None:
            table_only(self.base, image)
        else:
            sparse(image, size_bytes)
        return Rolling(self.log, image, inside)

    def slot_cuts(self) -> list[Cut]:
        """A cut behind every write to the partition of the slot state, and one in the midst of it: between sectors."""
        first, size = CardImage(self.base).extent(SLOTS)
        return [
            Cut(number, Kind.NTH, 2 * nth + torn)
            for number in range(len(self.log.windows))
            for nth, write in enumerate(of_the_box(self.log, number))
            for torn in (0, 1)[: write.size_bytes // SECTOR_BYTES]
            if first <= write.at_byte < first + size
        ]

    def said(self, window: int) -> list[list[object]]:
        """All promises by a window, also those of the session before it where they bind, as `judge` takes them."""
        if self.workload.forgets or not (self.before and self.cut):
            return _as_lists(self.promises.by(window))
        return self.before.said(self.cut.window) + _as_lists(self.promises.by(window))

    def asked(self, window: int) -> dict[str, Any]:
        """What `judge` is asked of a cut in a window."""
        mark = self.promises.by(window)
        is_settled = mark.wall_us > mark.since_us.get(ALWAYS, 0) + SETTLING_US
        return {
            "said": self.said(window),
            "cut_us": mark.wall_us,
            "always": ALWAYS if ALWAYS in mark.since_us else "",
            "most_loss_s": LOSS_S if is_settled else SETTLING_LOSS_S,
        }


def _as_lists(mark: Mark) -> list[list[object]]:
    return [[camera, p.seq, p.line, p.digest, p.covered_bytes, p.end_us] for camera, p in mark.said.items()]


def session(name: str, image: Path, home: Path) -> Session:
    """The session of a workload, played now if it was not yet with this image."""
    workload = WORKLOADS[name]
    before = session(workload.after, image, home) if workload.after else None
    windows = len(before.log.windows) if before else 0
    cut = Cut(int(windows * CUT_BEFORE), Kind.SUBSET, 1) if before else None
    place = home / f"{name}-{_key(workload, image, before)}"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _sweep(home)
            half = place.with_name(f"half-{place.name}")
            half.mkdir(parents=True)
            _play(Session(workload, half, before, cut), image)
            half.rename(place)
    os.utime(place)
    return Session(workload, place, before, cut)


def _sweep(home: Path) -> None:
    """Forget what a killed campaign left half-done, and sessions of images that nobody has asked about for days."""
    oldest = time.time() - KEPT_S
    for place in home.iterdir():
        if place.is_dir() and (place.name.startswith("half-") or place.stat().st_mtime < oldest):
            shutil.rmtree(place)


def _play(made: Session, image: Path) -> None:
    card, log = made.place / "card.img", made.place / "log.half"
    if made.before and made.cut:
        source = made.place / "source.img"
        made.before.rolling_whole(source).leave(made.cut, made.base)
        source.unlink()
        if made.workload.script:
            CardImage(made.base).add_to_initrd(2, {"inside/script": in_box(made.workload.script).encode()})
    else:
        flashed(image, made.base, made.workload)
    for name, text in made.workload.on_card.items():
        CardImage(made.base).write(1, name, text.encode())
    subprocess.run(["cp", "--sparse=always", made.base, card], check=True)
    stick = made.place / "stick.img"
    disks = () if made.workload.stick is None else (made.workload.stick(stick),)
    play(made.workload, card, log, disks)
    stick.unlink(missing_ok=True)
    log.rename(made.place / "log")
    _compare(made, card)
    card.unlink()


def _compare(made: Session, card: Path) -> None:
    """What the log leads to must be what the card became: else something was written that was not logged."""
    replayed = made.place / "replayed.img"
    rolling = made.rolling_whole(made.place / "rolling.img")
    last = len(rolling.log.windows)
    rolling.leave(Cut(last, Kind.FLUSH, 0), replayed)
    assert_same(replayed, card)
    replayed.unlink()
    (made.place / "rolling.img").unlink()


def assert_same(replayed: Path, card: Path) -> None:
    """Compare two images; the witness's marks, which are in the card alone, are wiped first."""
    with card.open("r+b") as file:
        os.pwrite(file.fileno(), bytes(BLOCK_BYTES), GAP_BYTES)
    done = subprocess.run(["cmp", replayed, card], capture_output=True, text=True)
    assert done.returncode == 0, f"something was written and not logged: {done.stdout}"


def _key(workload: Workload, image: Path, before: Session | None) -> str:
    words: Sequence[object] = (
        workload.name, workload.until, workload.script, dict(workload.run_files), WITNESS, CARD_MIB,
        SETUP, Path(__file__).with_name("witness.py").read_text(), before.place.name if before else "",
        *([dict(workload.on_card)] if workload.on_card else []), *([workload.ends] if workload.ends else []),
    )  # fmt: skip
    return hash_of({"image": image.parent.name, "words": json.dumps(words)})
