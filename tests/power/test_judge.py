"""Judging a store: what was promised must be there, whole, and no more may be lost than is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.recordings import feed, numbered, recording
from power.judge import LATE, Judgement, judge
from power.witness import Sidecars
from vigil.store.layout import SegmentPath, segments_of


@pytest.fixture
def cut(tmp_path: Path) -> tuple[Path, int]:
    """A store whose recorder was killed in its second file, and the wall clock then."""
    video = tmp_path / "video"
    made, clock = recording(video, segment_s=5)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 90))
    made.store.abandon()
    made.store.close()
    return video, clock.wall_us()


def newest(video: Path) -> SegmentPath:
    return segments_of(video / "gate")[-1]


def promised(video: Path) -> list[list[Any]]:
    """What the witness would have said at the end."""
    inode = newest(video).seal.stat().st_ino
    said = Sidecars(video).last_before(inode, 1 << 62)
    assert said
    return [[said[0], *said[1]]]


def judged(cut: tuple[Path, int], said: list[list[Any]], *, later_us: int = 0) -> Judgement:
    return judge(cut[0], said, cut_us=cut[1] + later_us, always="gate", most_loss_s=2.0)


def test_a_store_as_a_cut_left_it_is_mended_and_all_that_was_promised_is_there(cut: tuple[Path, int]):
    found = judged(cut, promised(cut[0]))

    assert found.wrong == []
    assert (found.segments, found.recovered) == (2, 1)
    assert found.loss_s is not None and 0 <= found.loss_s <= 2


def test_a_promised_line_that_is_gone_is_lost(cut: tuple[Path, int]):
    said = promised(cut[0])
    seal = newest(cut[0]).seal
    lines = seal.read_bytes().partition(b"\0")[0].splitlines(keepends=True)
    seal.write_bytes(b"".join(lines[:-1]))

    assert any("LOST" in words for words in judged(cut, said).wrong)


def test_a_promised_file_that_is_gone_or_too_short_is_lost(cut: tuple[Path, int]):
    said = promised(cut[0])
    media = newest(cut[0]).media
    media.write_bytes(media.read_bytes()[:-70_000])

    assert any("LOST" in words for words in judged(cut, said).wrong)
    media.unlink()
    newest(cut[0]).seal.unlink()
    assert any("LOST" in words for words in judged(cut, said).wrong)


def test_a_changed_byte_is_found(cut: tuple[Path, int]):
    first = segments_of(cut[0] / "gate")[0].media
    data = bytearray(first.read_bytes())
    data[-100_000] ^= 1
    first.write_bytes(data)

    assert any("damaged" in words for words in judged(cut, promised(cut[0])).wrong)


def test_more_than_is_allowed_is_told(cut: tuple[Path, int]):
    found = judged(cut, promised(cut[0]), later_us=3_000_000)

    assert found.loss_s is not None and found.loss_s > 2
    assert any(words.endswith(LATE) for words in found.wrong)


def test_a_camera_of_which_nothing_is_left_has_lost_all_since_its_first_promise(cut: tuple[Path, int]):
    said = promised(cut[0])
    for segment in segments_of(cut[0] / "gate"):
        segment.media.unlink()
        segment.seal.unlink()

    found, unpromised = judged(cut, said, later_us=60_000_000), judged(cut, [])

    assert found.loss_s is not None and 60 <= found.loss_s < 90
    assert any("LOST" in words for words in unpromised.wrong)


def test_where_nothing_was_made_yet_nothing_is_wrong(tmp_path: Path):
    assert judge(tmp_path, [], cut_us=0, always="", most_loss_s=2.0) == Judgement()
