"""States of a disk: what the log says up to a cut, what the cut left, and nothing of the witness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.write_logs import log_of
from power.draw import Cut, Kind
from power.integrity import Layout
from power.promises import NOTHING, Promise, Promises
from power.states import Rolling, opened, sparse
from power.witness import BLOCK_BYTES, GAP_BYTES, MARK
from power.write_log import FLUSH, WriteLog
from vigil.upkeep.partition_table import Partition

DISK_BYTES = 1 << 20
PROMISE = Promise(seq=1, line=4, digest="d", covered_bytes=70_000, end_us=900)


def block(letter: str) -> bytes:
    return letter.encode() * 512


def mark(wall_us: int, no: int = 1, **said: list[object]) -> tuple[int, bytes, int]:
    words = json.dumps({"no": no, "steady_us": 1, "wall_us": wall_us, "said": said}).encode()
    return GAP_BYTES // 512, (MARK + words).ljust(BLOCK_BYTES, b"\0"), 0


@pytest.fixture
def log(tmp_path: Path) -> WriteLog:
    """Three windows: a and b; a mark, c over a, d and e; a mark that promises something."""
    (tmp_path / "log").write_bytes(
        log_of(
            (8, block("a"), 0), (9, block("b"), 0), (0, b"", FLUSH),
            mark(1000), (8, block("c"), 0), (10, block("d") + block("e"), 0), (0, b"", FLUSH),
            mark(2000, no=2, gate=[1, 4, "d", 70_000, 900]),
        )
    )  # fmt: skip
    return WriteLog(tmp_path / "log")


def sectors(image: Path) -> str:
    """The first letter of each sector from 8 to 11, and whether a mark is there."""
    data = image.read_bytes()
    assert len(data) == DISK_BYTES
    return "".join(chr(data[512 * n] or 46) for n in range(8, 12)) + ("!" if MARK in data else "")


def test_a_state_is_what_was_flushed_and_what_the_cut_left_of_the_rest(log: WriteLog, tmp_path: Path):
    rolling = Rolling(log, sparse(tmp_path / "rolling", DISK_BYTES))
    found = []
    for number, cut in enumerate([
        Cut(0, Kind.FLUSH, 0), Cut(1, Kind.FLUSH, 0), Cut(1, Kind.NTH, 0), Cut(1, Kind.NTH, 3), Cut(1, Kind.NTH, 2),
        Cut(2, Kind.FLUSH, 0), Cut(3, Kind.SUBSET, 0),
    ]):  # fmt: skip
        rolling.leave(cut, tmp_path / f"{number}")
        found.append(sectors(tmp_path / f"{number}"))

    assert found == ["....", "ab..", "cb..", "cbd.", "cbde", "cbde", "cbde"]


def test_a_disk_does_not_go_backwards(log: WriteLog, tmp_path: Path):
    rolling = Rolling(log, sparse(tmp_path / "rolling", DISK_BYTES))
    rolling.leave(Cut(2, Kind.FLUSH, 0), tmp_path / "late")

    with pytest.raises(AssertionError, match="backwards"):
        rolling.leave(Cut(1, Kind.FLUSH, 0), tmp_path / "early")


def test_what_a_partition_opens_to_has_its_data_and_nothing_else(log: WriteLog, tmp_path: Path):
    layout = Layout(first=2, tags=1, interleave=2, provided=4)
    inside = opened(Partition(8, 6, 8, 0x83, 0, 0), layout)  # its data lie in sectors 9 and 10, and 12 and 13
    rolling = Rolling(log, sparse(tmp_path / "rolling", layout.size_bytes), inside)

    rolling.leave(Cut(2, Kind.FLUSH, 0), tmp_path / "state")

    assert (tmp_path / "state").read_bytes() == block("b") + block("d") + bytes(1024)


def test_a_promise_counts_from_the_window_that_it_was_written_in(log: WriteLog):
    promises = Promises(log)

    assert promises.by(0) == NOTHING
    assert (promises.by(1).wall_us, promises.by(1).said) == (1000, {})
    assert promises.by(2).said == {"gate": PROMISE}
    assert (promises.by(2).since_us, promises.by(1).since_us) == ({"gate": 2000}, {})


def test_promises_outlive_a_restart_and_what_records_since_then_is_known(tmp_path: Path):
    flush, gate, yard = (0, b"", FLUSH), [1, 4, "d", 70_000, 900], [2, 1, "e", 30, 4900]
    (tmp_path / "log").write_bytes(
        log_of(
            mark(1000, no=7, gate=gate), flush, mark(4000, no=1), flush,
            mark(5000, no=2, yard=yard, gate=[2, 0, "f", 0, 0]), flush, mark(6000, no=3, yard=yard),
        )
    )  # fmt: skip
    promises = Promises(WriteLog(tmp_path / "log"))

    assert [promises.by(window).since_us for window in range(4)] == [
        {"gate": 1000},
        {},
        {"yard": 5000},
        {"yard": 5000},
    ]
    assert [sorted(promises.by(window).said) for window in range(4)] == [["gate"], ["gate"], *[["gate", "yard"]] * 2]
