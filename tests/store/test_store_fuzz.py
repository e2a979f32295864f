"""Whatever bytes the disk holds where ours should be, a recorder opens it, says what it found, and records."""

from __future__ import annotations

import functools
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, numbers_in, plaintext_of, recording
from vigil.clock import HandClock
from vigil.clock.trust import Watch
from vigil.errors import FormatError, SealError, WrongStore
from vigil.segments.last_known import LastKnown, read_last_known, write_last_known
from vigil.segments.session import Session
from vigil.segments.sidecar import Chain, read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.ingest import new_statements
from vigil.store.layout import MARKER, parse_path, segments_of
from vigil.store.marker import check_marker, make_store
from vigil.store.shelf import Shelf
from vigil.store.sidecar_file import last_statement, read_sidecar

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@functools.cache
def cut_short() -> tuple[bytes, bytes]:
    """What a recorder that was killed left: sidecar and pictures."""
    with tempfile.TemporaryDirectory() as directory:
        made, clock = recording(Path(directory), segment_s=60)
        made.begin("continuous", [numbered(0, clock.steady_us())])
        feed(made, clock, range(1, 60))
        made.store.close()
        (segment,) = segments_of(Path(directory) / "gate")
        return segment.seal.read_bytes(), segment.media.read_bytes()


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """The bytes with holes, flips, cuts and noise in them."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["flip", "cut", "noise", "zeros", "twice", "lines"])):
            case "flip" if at < len(data):
                data[at] ^= draw(st.integers(1, 255))
            case "cut":
                del data[at:]
            case "noise":
                data[at:at] = draw(st.binary(max_size=100))
            case "zeros":
                data[at : at + 300] = bytes(len(data[at : at + 300]))
            case "twice":
                data[at:at] = data[at : at + 500]
            case "lines":
                lines = bytes(data).split(b"\n")
                del lines[draw(st.integers(0, len(lines) - 1))]
                data = bytearray(b"\n".join(lines))
    return bytes(data)


def recorded_on(seal: bytes, media: bytes | None) -> None:
    """Put these bytes where the newest segment is; recording must go on behind them, and everybody must cope."""
    with tempfile.TemporaryDirectory() as directory:
        video = Path(directory)
        day = video / "gate/2026/02/02"
        day.mkdir(parents=True)
        (day / "00000001-20260202T024000Z.seal").write_bytes(seal)
        if media is not None:
            (day / "00000001-20260202T024000Z.mp4.age").write_bytes(media)

        made, clock = recording(video, disk=Disk(FaultyCalls(0)), clock=HandClock(wall_us=1_780_000_000_000_000))
        made.begin("continuous", [numbered(100, clock.steady_us())])
        feed(made, clock, range(101, 120))
        made.close("stopped")

        assert made.fault is None
        newest = segments_of(video / "gate")[-1]
        assert numbers_in(plaintext_of(newest.media)) == list(range(100, 120))
        lines = [read_line(line) for line in read_lines(newest.seal.read_bytes())]
        assert [line.type for line in (lines[0], lines[-1])] == ["opened", "sealed"]
        assert list(new_statements(Disk(), video, "gate", (0, -1), is_durable=lambda _: True, on_bad=lambda *_: None))
        assert Shelf(Disk(), video).kept()


@QUICK
@given(st.data())
def test_a_damaged_newest_sidecar_never_ends_recording(data: st.DataObject):
    seal, media = cut_short()
    recorded_on(data.draw(damaged(seal.rstrip(b"\0"))), media)


@QUICK
@given(st.binary(max_size=300), st.booleans())
def test_noise_for_a_sidecar_never_ends_recording(noise: bytes, with_pictures: bool):
    recorded_on(noise, cut_short()[1] if with_pictures else None)


@QUICK
@given(st.data())
def test_damaged_pictures_never_end_recording(data: st.DataObject):
    seal, media = cut_short()
    recorded_on(seal, data.draw(damaged(media)))


@pytest.mark.parametrize("closer", ["", "AAAA", "!", "A" * 10_000])
@pytest.mark.parametrize("size", [0, 1, 65_736, 1 << 52])
def test_statements_that_are_signed_but_mad_never_end_recording(closer: str, size: int):
    """Anybody can make a key and sign with it what nobody would say."""
    chain = Chain(Session(os.urandom), HandClock())
    ends = {"frames": 0, "media": 0, "end_us": 0}
    lines = []
    for kind, fields in (
        ("opened", {"camera": "gate", "seq": 1, "kind": "media", "boot": "b", "clock": "mad", "why": "w",
                    "recipients": [], "codec": {}, "start_us": 1 << 52}),
        ("flushed", {"bytes": size, "sha256": "x", "closer": closer, **ends}),
        ("motion", {"state": "began", "end_us": "never", "when_us": [1]}),
    ):  # fmt: skip
        line, digest = chain.statement(kind, **fields)
        chain.written(digest)
        lines.append(line)

    recorded_on(b"".join(lines), cut_short()[1])


@QUICK
@given(st.data())
def test_the_last_statement_is_found_by_its_end_as_by_the_whole(data: st.DataObject):
    seal = data.draw(damaged(cut_short()[0]))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "x.seal")
        path.write_bytes(seal)
        statements, taken = read_sidecar(Disk(), path)
        last = last_statement(Disk(), path)

    assert taken <= len(seal)
    if last and statements and taken == len(seal.partition(b"\0")[0]):
        assert last == statements[-1]


@QUICK
@given(st.one_of(st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text(max_size=40)).map(
    lambda value: json.dumps(value).encode())))  # fmt: skip
def test_no_marker_but_ours_is_taken_for_one(data: bytes):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, MARKER).write_bytes(data)
        with pytest.raises(WrongStore):
            check_marker(Disk(), Path(directory), "0" * 32)


def test_a_marker_bears_one_flip_or_is_refused(tmp_path):
    store_id = make_store(Disk(), tmp_path, os.urandom)
    original = (tmp_path / MARKER).read_bytes()
    for bit in range(8 * len(original)):
        flipped = bytearray(original)
        flipped[bit // 8] ^= 1 << bit % 8
        (tmp_path / MARKER).write_bytes(flipped)
        try:
            assert check_marker(Disk(), tmp_path, store_id) == store_id
        except WrongStore:
            continue


KNOWN = write_last_known(LastKnown("00d1ce0fca3e5a11", "schema = 1\n", "", ""), Session(bytes))


@QUICK
@given(st.one_of(st.binary(max_size=300), damaged(KNOWN)))
def test_what_the_store_last_knew_is_read_whole_or_refused(data: bytes):
    try:
        known = read_last_known(data)
    except SealError:
        return
    assert all(isinstance(value, str) for value in (known.device, known.config, known.checkpoint, known.certificate))


@QUICK
@given(st.text(max_size=60))
def test_a_name_is_a_segments_or_nobodys(name: str):
    try:
        found = parse_path(Path("/x") / name)
    except ValueError:
        return  # no path at all
    assert found is None or found.seq > 0 or found.stem.startswith("0")


@QUICK
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(Watch.__slots__)), inner),
))  # fmt: skip
def test_a_saved_clock_is_restored_or_refused(value: object):
    try:
        watch = Watch.restored(value, built_us=5)  # type: ignore[arg-type]
    except (FormatError, TypeError, AttributeError, ValueError):
        return  # as `load_watch` answers all of them with a new one
    assert watch.floor_us >= 5
