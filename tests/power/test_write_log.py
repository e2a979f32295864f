"""The log of a disk, read as the kernel's documentation of dm-log-writes describes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.write_logs import log_of
from power.write_log import FLUSH, CorruptLog, WriteLog, windows_of

A, B = b"a" * 512, b"b" * 1024


def test_writes_lie_between_flushes(tmp_path: Path):
    (tmp_path / "log").write_bytes(log_of((8, A, 0), (0, b"", FLUSH), (16, B, 0), (8, B, 0), (0, b"", FLUSH)))

    log = WriteLog(tmp_path / "log")

    assert [len(window.writes) for window in log.windows] == [1, 2, 0]
    assert [(w.at_byte, log.bytes_of(w)) for w in log.windows[1].writes] == [(16 * 512, B), (8 * 512, B)]


def test_a_log_goes_on_behind_what_its_super_block_counts_and_may_end_torn():
    whole = log_of((8, A, 0), (0, b"", FLUSH), (16, B, 0), counted=2)

    assert [len(window.writes) for window in windows_of(whole)] == [1, 1]
    assert [len(window.writes) for window in windows_of(whole[:-1])] == [1, 0]


def test_a_disk_that_lies_has_fewer_and_larger_windows(tmp_path: Path):
    (tmp_path / "log").write_bytes(log_of((8, A, 0), (0, b"", FLUSH), (16, B, 0), (0, b"", FLUSH), (9, A, 0)))

    windows = WriteLog(tmp_path / "log", obeyed=2).windows

    assert [[write.at_byte // 512 for write in window.writes] for window in windows] == [[8, 16], [9]]


def test_a_hole_is_told():
    whole = log_of((8, A, 0), (0, b"", FLUSH), (16, B, 0))
    holed = whole[:1536] + b"\xff" * 512 + whole[2048:]

    with pytest.raises(CorruptLog, match="after 1 of 3"):
        windows_of(holed)
    with pytest.raises(CorruptLog, match="no log"):
        windows_of(bytes(1024))
