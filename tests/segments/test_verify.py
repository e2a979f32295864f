"""One segment before a judge: every change is found, and named with the line or the seconds where it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.store_builder import BoxBuilder, CameraBuilder
from vigil.segments.note import NoteKey
from vigil.segments.session import Session
from vigil.segments.sidecar import Chain
from vigil.segments.stream import SEALED_CHUNK_BYTES
from vigil.segments.verify import Bytes, check_segment
from vigil.segments.verify_account import read_sidecar
from vigil.segments.verify_words import Finding, Verdict
from vigil.store.layout import SegmentPath

once = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Case:
    """The files of one segment, to be tampered with."""

    seal: bytes = field(repr=False)
    media: bytes | None = field(repr=False)
    tail: bytes | None = field(repr=False)
    identity: NoteKey

    @classmethod
    def read(cls, box: BoxBuilder, path: SegmentPath) -> Case:
        media = path.media.read_bytes() if path.media.exists() else None
        tail = path.tail.read_bytes() if path.tail.exists() else None
        return cls(path.seal.read_bytes(), media, tail, box.identity.key)

    @property
    def lines(self) -> list[bytes]:
        return self.seal.splitlines(keepends=True)

    def verdict(self, **changed: bytes | None) -> Finding:
        seal = changed.get("seal", self.seal)
        assert seal is not None
        account = read_sidecar(seal, self.identity)
        return check_segment(
            account, as_file(changed.get("media", self.media)), as_file(changed.get("tail", self.tail))
        )


def as_file(data: bytes | None) -> Bytes | None:
    return None if data is None else Bytes(len(data), lambda offset, size: data[offset : offset + size])


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> BoxBuilder:
    return BoxBuilder(tmp_path_factory.mktemp("box"))


@pytest.fixture(scope="module")
def camera(box: BoxBuilder) -> CameraBuilder:
    return box.camera()


@pytest.fixture(scope="module")
def sealed(box: BoxBuilder, camera: CameraBuilder) -> Case:
    """Three flushes: chunk 0; chunks 1 and 2; chunk 3."""
    return Case.read(box, camera.media(1000, 70_000, 3000))


@pytest.fixture(scope="module")
def recovered(box: BoxBuilder, camera: CameraBuilder) -> Case:
    return Case.read(box, camera.media(1000, 1000, end="recovered", tail=bytes(range(256)) * 300))


@pytest.fixture(scope="module")
def quiet(box: BoxBuilder, camera: CameraBuilder) -> Case:
    return Case.read(box, camera.quiet())


def ends_of_chunks(case: Case) -> Iterator[int]:
    assert case.media
    header = len(case.media) - 24 - 4 * SEALED_CHUNK_BYTES
    yield from (header + n * SEALED_CHUNK_BYTES for n in range(5))


def test_what_nobody_touched_is_ok(sealed: Case, recovered: Case, quiet: Case):
    assert sealed.verdict().verdict is Verdict.OK
    assert recovered.verdict().verdict is Verdict.RECOVERED
    assert quiet.verdict().verdict is Verdict.OK


@once
@given(st.integers(0))
def test_a_flipped_bit_in_the_pictures_is_found_between_the_flushes_around_it(sealed: Case, bit: int):
    assert sealed.media
    finding = sealed.verdict(media=flipped(sealed.media, bit))

    assert finding.verdict is Verdict.DAMAGED
    assert finding.span
    assert finding.span.from_byte <= bit // 8 % len(sealed.media) < finding.span.to_byte
    assert finding.span.to_us - finding.span.from_us <= 6_000_000


@once
@given(st.integers(0))
def test_a_flipped_bit_in_a_sidecar_is_found_in_its_line(sealed: Case, bit: int):
    at = bit // 8 % len(sealed.seal)
    line = sealed.seal[:at].count(b"\n")
    changed = flipped(sealed.seal, bit)
    finding = sealed.verdict(seal=changed)

    if at == len(sealed.seal) - 1 or (line == 4 and b"\0" in changed):
        # Without its LF, or with a zero byte, the last line is a torn write, as a power cut leaves it.
        assert finding.verdict is Verdict.UNFINISHED
    else:
        assert finding.verdict in (Verdict.FORGED, Verdict.BROKEN)
        assert finding.line == line


@once
@given(st.integers(0))
def test_a_flipped_bit_in_a_tail_is_found(recovered: Case, bit: int):
    assert recovered.tail
    assert recovered.verdict(tail=flipped(recovered.tail, bit)).verdict is Verdict.DAMAGED


def test_a_file_cut_anywhere_is_truncated_and_says_what_is_left(sealed: Case):
    assert sealed.media
    ends = list(ends_of_chunks(sealed))
    assert ends[0] > 100
    for size in [0, 10, *ends, *(end - 1 for end in ends), *(end + 1 for end in ends)]:
        finding = sealed.verdict(media=sealed.media[:size])
        assert finding.verdict is Verdict.TRUNCATED, size
        assert ("as signed up to" in finding.why) == (size >= ends[1])


def test_a_dropped_chunk_is_a_file_too_short_and_swapped_chunks_are_damage(sealed: Case):
    assert sealed.media
    a, b, c = list(ends_of_chunks(sealed))[:3]
    media = sealed.media

    assert sealed.verdict(media=media[:a] + media[b:]).verdict is Verdict.TRUNCATED
    assert sealed.verdict(media=media[:a] + media[b:c] + media[a:b] + media[c:]).verdict is Verdict.DAMAGED


def test_a_file_cut_to_a_flush_and_closed_looks_whole_to_age_but_not_here(sealed: Case):
    assert sealed.media
    account = read_sidecar(sealed.seal, sealed.identity)
    first = account.marks[0]
    closed = sealed.media[: first.bytes] + sealed.media[-24:]

    assert sealed.verdict(media=closed).verdict is Verdict.TRUNCATED
    # Even with the later lines taken away, nobody signed that this is the end.
    assert sealed.verdict(media=closed, seal=b"".join(sealed.lines[:2])).verdict is Verdict.UNFINISHED


def test_bytes_behind_the_end_are_told(sealed: Case, recovered: Case, quiet: Case):
    assert sealed.media
    assert recovered.tail
    assert sealed.verdict(media=sealed.media + b"x").verdict is Verdict.EXTENDED
    assert sealed.verdict(tail=b"never stated").verdict is Verdict.EXTENDED
    assert recovered.verdict(tail=recovered.tail + b"x").verdict is Verdict.EXTENDED
    assert quiet.verdict(media=b"pictures").verdict is Verdict.EXTENDED


def test_pictures_or_tails_that_are_gone_are_missing(sealed: Case, recovered: Case):
    assert sealed.verdict(media=None).verdict is Verdict.MISSING
    assert recovered.verdict(tail=None).verdict is Verdict.MISSING
    assert recovered.tail
    assert recovered.verdict(tail=recovered.tail[:-1]).verdict is Verdict.TRUNCATED


def test_lines_removed_repeated_or_moved_break_the_chain_where_it_happened(sealed: Case):
    lines = sealed.lines
    assert len(lines) == 5
    for at in range(1, len(lines) - 1):
        assert sealed.verdict(seal=b"".join(lines[:at] + lines[at + 1 :])).line == at
        assert sealed.verdict(seal=b"".join([*lines[: at + 1], *lines[at:]])).line == at + 1
    swapped = [lines[0], lines[2], lines[1], *lines[3:]]
    for changed in (lines[1:], swapped, [*lines, lines[1]], [*lines, b"{}\n"]):
        assert sealed.verdict(seal=b"".join(changed)).verdict is Verdict.BROKEN


def test_something_added_behind_the_last_line_breaks_even_without_its_newline(sealed: Case):
    for added in (b"{", b"\0{", b"\0" * 100 + sealed.lines[1]):
        assert sealed.verdict(seal=sealed.seal + added).verdict is Verdict.BROKEN


def test_room_for_lines_to_come_is_no_line(sealed: Case):
    room, torn = bytes(5000), bytes(300) + sealed.lines[2][300:]

    assert sealed.verdict(seal=sealed.seal + room).verdict is Verdict.OK
    for behind in (room, torn, sealed.lines[2][:300] + room):
        assert sealed.verdict(seal=b"".join(sealed.lines[:2]) + behind).verdict is Verdict.UNFINISHED


def test_a_zero_byte_does_not_hide_the_lines_behind_it(sealed: Case):
    lines = sealed.lines
    for at in range(len(lines) - 1):
        seal = b"".join([*lines[:at], lines[at].replace(b'"', b"\0", 1), *lines[at + 1 :]])
        finding = sealed.verdict(seal=seal)
        assert (finding.verdict, finding.line) == (Verdict.BROKEN, at)


def test_without_its_last_line_a_segment_is_unfinished_whatever_lies_behind(sealed: Case):
    seal = b"".join(sealed.lines[:-1])

    assert sealed.verdict(seal=seal).verdict is Verdict.UNFINISHED
    assert "24 bytes behind" in sealed.verdict(seal=seal).why
    assert sealed.verdict(seal=b"", media=None).verdict is Verdict.UNFINISHED
    assert sealed.verdict(seal=b"").verdict is Verdict.EXTENDED


def test_a_line_by_another_key_is_forged_even_when_it_follows(box: BoxBuilder, sealed: Case):
    lines = sealed.lines
    account = read_sidecar(b"".join(lines[:-1]), box.identity.key)
    assert account.last
    stranger = Chain(Session(os.urandom), box.clock, prev=account.last, n=4)
    for type_ in ("sealed", "idle"):
        ends = {"bytes": 0, "frames": 0, "media": 0, "end_us": 0, "why": "x", "mode": "x", "state": "x"}
        seal = b"".join([*lines[:-1], stranger.statement(type_, **ends)[0]])
        finding = sealed.verdict(seal=seal)
        assert (finding.verdict, finding.line) == (Verdict.FORGED, 4)


def test_a_certificate_by_another_box_or_for_another_key_is_forged(tmp_path: Path):
    box, other = BoxBuilder(tmp_path / "a"), BoxBuilder(tmp_path / "b", seed="other")
    theirs, stolen = box.session(certified=False), box.session(certified=False)
    theirs.certificate = other.certificate(theirs)
    stolen.certificate = box.certificate(box.session())
    for name, session in (("one", theirs), ("two", stolen)):
        case = Case.read(box, CameraBuilder(box, name, session).quiet())
        finding = case.verdict()
        assert (finding.verdict, finding.line) == (Verdict.FORGED, 0)
        case.identity = other.identity.key
        assert (case.verdict().verdict is Verdict.OK) == (session is theirs)


def test_statements_that_cannot_be_true_together_are_broken(box: BoxBuilder):
    camera = box.camera("odd")
    ends = {"frames": 1, "media": 1, "end_us": 1, "closer": "AAAA"}
    for second in ({"bytes": 5, "sha256": "00"}, {"bytes": 20}):
        path, lines = camera.open("quiet")
        lines += [camera.say("flushed", bytes=10, sha256="00", **ends), camera.say("flushed", **second, **ends)]
        finding = Case.read(box, camera.close(path, lines)).verdict()
        assert (finding.verdict, finding.line) == (Verdict.BROKEN, 2)


def test_a_signed_line_in_the_wrong_place_is_broken_even_by_the_right_key(box: BoxBuilder):
    camera = box.camera("places")

    def verdict(*after: str, skip: int = 0) -> tuple[Verdict, int | None]:
        path, lines = camera.open("quiet")
        for type_ in after:
            camera.chain.n += skip
            fields = {"bytes": 0, "frames": 0, "media": 0, "end_us": 0, "why": "x", "mode": "x", "state": "x"}
            opened = {"camera": "places", "seq": path.seq, "kind": "quiet", "boot": "b", "clock": "synced"}
            lines.append(camera.say(type_, **fields, **(opened if type_ == "opened" else {})))
        finding = Case.read(box, camera.close(path, lines)).verdict()
        return finding.verdict, finding.line

    assert verdict("idle", "sealed") == (Verdict.OK, None)
    assert verdict("idle", "sealed", skip=1) == (Verdict.BROKEN, 1)
    assert verdict("sealed", "idle") == (Verdict.BROKEN, 2)
    assert verdict("opened", "sealed") == (Verdict.BROKEN, 1)


def test_a_line_of_the_same_session_does_not_fit_into_another_file(box: BoxBuilder):
    camera = box.camera("same")
    other, here = Case.read(box, camera.media()), Case.read(box, camera.media())
    finding = here.verdict(seal=b"".join([here.lines[0], other.lines[1], *here.lines[2:]]))

    assert (finding.verdict, finding.line) == (Verdict.BROKEN, 1)


def test_a_word_that_nobody_checked_stops_no_reader(box: BoxBuilder):
    path, lines = box.camera("words").open("quiet", start_us="noon")
    account = read_sidecar(Case.read(box, box.camera("words").close(path, lines)).seal, box.identity.key)

    assert account.fault is None
    assert account.opened
    assert account.start_us == account.opened.at_us


def test_what_the_recorder_found_damaged_stays_damaged(box: BoxBuilder):
    camera = box.camera("cut")
    path = camera.media(1000, 1000, end=None)
    path.media.write_bytes(path.media.read_bytes()[:70_000])
    lines = path.seal.read_bytes().splitlines(keepends=True)
    sha = hashlib.sha256(path.media.read_bytes()).hexdigest()
    ends = {"frames": 30, "media": 180_000, "end_us": 1, "tail_bytes": 0, "by_boot": "b"}
    lines.append(camera.say("recovered", bytes=70_000, sha256=sha, damaged=True, **ends))
    case = Case.read(box, camera.close(path, lines))

    assert case.verdict().verdict is Verdict.DAMAGED
    assert "recorder itself" in case.verdict().why
    assert case.verdict(media=None).verdict is Verdict.MISSING
