"""Films out of what was cut off, damaged, still being written, or sealed for somebody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.mp4_sources import seen
from fakes.owner import FILM_US, START, Box, export, files_in, pictures_of
from vigil.segments.age import Identity
from vigil.segments.sidecar import read_line, read_lines
from vigil.segments.stream import SEALED_CHUNK_BYTES
from vigil.store.disk import Disk
from vigil.store.timeline import look

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def cut(tmp_path: Path) -> Box:
    """Six seconds, cut off before the last of them was signed, and three more after a restart."""
    box = Box(tmp_path)
    box.film("plain", "plain")
    box.cut_off(lose_statements=1)
    box.clock.forward_us(10_000_000)
    box.start(boot="another")
    box.film("plain")
    box.recording.close("stopped")
    return box


def test_without_its_tail_a_recovered_segment_ends_where_it_is_signed(cut: Box, capsys: Captured):
    first, _ = look(Disk(), cut.video, "gate").recorded
    assert first.tail_bytes > 0

    code, film = export(cut)

    assert code == 0
    assert seen(film).complaints == ""
    assert seen(film).pictures == [*pictures_of("plain", "plain")[: first.frames], *pictures_of("plain")]
    out, err = capsys.readouterr()
    assert "the recorder was cut off without warning (power or crash)" in err
    assert "1 gap" in out
    assert "Checked: the pictures of 2 segments are byte for byte what was signed" in out


def test_with_its_tail_it_goes_on_and_says_that_nobody_signed_this(cut: Box, capsys: Captured):
    first, _ = look(Disk(), cut.video, "gate").recorded

    code, film = export(cut, "--with-tail")

    assert code == 0
    found = seen(film)
    assert found.complaints == ""
    more = len(found.pictures) - first.frames - 75
    assert 12 <= more <= 50
    assert found.pictures == [*pictures_of("plain", "plain")[: first.frames + more], *pictures_of("plain")]
    assert (
        f"note: {more} pictures behind a power cut are not signed; only age vouches for them" in capsys.readouterr().err
    )


def test_a_segment_of_which_nothing_was_signed_is_shown_only_with_its_tail(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain")
    (line,) = look(Disk(), box.video, "gate").recorded
    box.cut_off(lose_statements=2)
    box.start(boot="another")
    box.recording.close("stopped")

    code, film = export(box)

    assert code == 2
    assert not film.exists()
    assert "shown with --with-tail" in capsys.readouterr().err
    assert export(box, "--with-tail")[0] == 0
    found = seen(film)
    assert found.complaints == ""
    assert line.frames > 25
    assert found.pictures == pictures_of("plain")[: line.frames], "all that the lost statement spoke of"
    assert "Nothing in it is signed" in capsys.readouterr().out


def test_what_is_being_recorded_is_shown_up_to_its_last_flush(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain", "plain")
    (line,) = look(Disk(), box.video, "gate").recorded
    assert 100 < line.frames < 150

    code, film = export(box, "--to", f"{START}30")

    assert code == 0
    assert seen(film).complaints == ""
    assert seen(film).pictures == pictures_of("plain", "plain")[: line.frames]
    assert "the recorder is still at work on this segment" in capsys.readouterr().err
    box.recording.close("stopped")


def test_a_damaged_chunk_costs_its_second_and_is_told(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain", "plain", "plain")
    box.recording.close("stopped")
    (one,) = look(Disk(), box.video, "gate").recorded
    data = bytearray(one.path.media.read_bytes())
    at = 2 * SEALED_CHUNK_BYTES + 2000
    data[at] ^= 1
    one.path.media.write_bytes(data)
    said = [read_line(line).fields for line in read_lines(one.path.seal.read_bytes())]
    before = max(fields["frames"] for fields in said if 0 < fields.get("bytes", 0) <= at)
    behind = min(fields["frames"] for fields in said if fields.get("bytes", 0) > at)

    code, film = export(box)

    assert code == 1
    everything, found = pictures_of("plain", "plain", "plain"), seen(film)
    assert found.complaints == ""
    lost = 225 - len(found.pictures)
    assert behind - before <= lost <= behind - before + 25, "what lay in the chunk, and up to the next keyframe"
    assert found.pictures == [*everything[:before], *everything[before + lost :]]
    out, err = capsys.readouterr()
    assert "segment 1 is damaged" in err
    assert "could not be opened (segment 1: chunk 2 of this age file was changed or is torn)" in err
    assert "NOT INTACT: 1 of 1 segment" in out


def test_damage_at_the_very_end_is_told_too(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain", "plain")
    box.recording.close("stopped")
    (one,) = look(Disk(), box.video, "gate").recorded
    data = bytearray(one.path.media.read_bytes())
    data[-70_000] ^= 1
    one.path.media.write_bytes(data)

    code, film = export(box)

    assert code == 1
    everything, found = pictures_of("plain", "plain"), seen(film)
    assert found.complaints == ""
    assert 100 < len(found.pictures) < 150
    assert found.pictures == everything[: len(found.pictures)]
    assert "1 gap" in capsys.readouterr().out


def test_a_segment_that_is_gone_is_named_in_its_gap(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path, segment_s=2)
    box.film("plain", "plain")
    box.recording.close("stopped")
    _, second, _ = look(Disk(), box.video, "gate").recorded
    for path in (second.path.media, second.path.seal):
        path.unlink()

    code, film = export(box)

    assert code == 0
    assert seen(film).pictures == [*pictures_of("plain", "plain")[:50], *pictures_of("plain", "plain")[100:]]
    assert "segment 2 was taken away and nobody says why: run `vigil verify`" in capsys.readouterr().err


def test_another_identity_is_told_for_whom_it_is_sealed(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.close("stopped")
    other = Identity.generate(os.urandom)
    (tmp_path / "other.key").write_text(other.text())

    code, film = export(box, "--identity", tmp_path / "other.key")

    assert code == 2
    assert not film.exists()
    err = capsys.readouterr().err
    assert "segment 1 of gate is sealed to age1" in err
    assert f"the identity given is for {other.recipient}" in err
    assert files_in(tmp_path) == ["other.key", "owner.agekey", "video"]


def test_a_camera_that_comes_back_with_another_picture_goes_on_in_the_same_film(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain", "cropped", "plain")
    box.recording.close("stopped")

    code, film = export(box)

    assert code == 0
    assert len(seen(film).packets) == 225


def test_a_clock_that_was_set_back_loses_no_picture(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path, segment_s=2)
    box.film("plain")
    box.clock.step(-3600)
    box.recording.say("clock", step_us=-3_600_000_000, trust="stepped")
    box.film("plain", begin=False)
    box.recording.close("stopped")

    code, film = export(box)

    assert code == 0
    assert seen(film).pictures == pictures_of("plain", "plain")
    assert "1 gap" not in capsys.readouterr().out


def test_a_pause_is_a_gap_with_its_reason(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.end("recording is paused")
    box.recording.say("paused", who="the owner")
    box.clock.forward_us(FILM_US)
    box.recording.say("resumed", who="the owner")
    box.film("plain")
    box.recording.close("stopped")

    code, film = export(box, "--from", f"{START}01", "--to", f"{START}20")

    assert code == 0
    assert len(seen(film).pictures) == 125
    out, err = capsys.readouterr()
    still = "(the film stands still for 3.0 s there)"
    assert err.splitlines()[1:] == [
        f"gap: 2026-02-02 02:40:03.0 to 02:40:06.0 UTC, 3.0 s: recording was paused by the owner {still}",
        "gap: 2026-02-02 02:40:09.0 to 02:40:20.0 UTC, 11.0 s: nothing newer is in the store",
    ]
    assert "125 pictures, 2026-02-02 02:40:01.0 to 02:40:09.0 UTC, 8.0 s to watch" in out
    assert "2 gaps (14.0 s missing)" in out


def test_a_range_that_ends_in_a_pause_says_so(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.end("recording is paused")
    box.recording.say("paused", who="the owner")
    box.clock.forward_us(10 * FILM_US)
    box.recording.say("resumed", who="the owner")
    box.film("plain")
    box.recording.close("stopped")

    for words in (["--to", f"{START}20"], ["--from", f"{START}20"]):
        code, film = export(box, *words, "--force")
        assert code == 0
        assert seen(film).pictures == pictures_of("plain")
        assert "recording was paused by the owner" in capsys.readouterr().err


def test_a_segment_whose_statements_were_altered_is_left_out_and_named(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path, segment_s=2)
    box.film("plain", "plain")
    box.recording.close("stopped")
    seal = look(Disk(), box.video, "gate").recorded[1].path.seal
    seal.write_bytes(seal.read_bytes().replace(b'"camera":"gate"', b'"camera":"gaze"', 1))

    code, film = export(box)

    assert code == 1
    assert seen(film).pictures == [*pictures_of("plain", "plain")[:50], *pictures_of("plain", "plain")[100:]]
    assert "✗ segment 2: line 0 of its statements is not right" in capsys.readouterr().err
