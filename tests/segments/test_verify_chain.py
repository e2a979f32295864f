"""A camera's segments before a judge: what follows what, who signed, and where those are that are not here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder, CameraBuilder
from vigil.segments.session import Session
from vigil.segments.verify import check_segment
from vigil.segments.verify_absent import Absence, Absent, account_for, runs
from vigil.segments.verify_account import Deleted, read_sidecar
from vigil.segments.verify_chain import ChainCheck, Checked, Hole
from vigil.segments.verify_words import Finding, Verdict


def fed(chain: ChainCheck, box: BoxBuilder, camera: CameraBuilder, seqs: Sequence[int]) -> dict[int, Checked]:
    """Feed segments without pictures to the chain and end it; return what came out, by number."""
    done: list[Checked] = []
    for seq in seqs:
        account = read_sidecar(camera.segments[seq].seal.read_bytes(), box.identity.key)
        done += chain.feed(seq, account, check_segment(account, None, None))
    done += chain.end()
    assert len(done) == len(seqs)
    return {one.seq: one for one in done}


def verdicts(done: dict[int, Checked]) -> dict[int, str]:
    return {seq: str(one.finding.verdict) for seq, one in done.items()}


@pytest.fixture
def box(tmp_path: Path) -> BoxBuilder:
    return BoxBuilder(tmp_path)


def test_segments_that_follow_one_another_are_settled_as_they_come(box: BoxBuilder):
    camera, chain = box.camera(), ChainCheck()
    for _ in range(3):
        path = camera.quiet()
        account = read_sidecar(path.seal.read_bytes(), box.identity.key)
        settled = chain.feed(path.seq, account, check_segment(account, None, None))
        assert [(one.seq, one.intact) for one in settled] == [(path.seq, True)]
    assert chain.end() == []
    assert chain.holes == []


def test_a_late_certificate_covers_what_was_signed_before(box: BoxBuilder):
    camera = CameraBuilder(box, "front", box.session(certified=False))
    camera.quiet()
    chain = ChainCheck()
    account = read_sidecar(camera.segments[1].seal.read_bytes(), box.identity.key)
    assert chain.feed(1, account, check_segment(account, None, None)) == []

    camera.session.certificate = box.certificate(camera.session)
    camera.quiet()
    account = read_sidecar(camera.segments[2].seal.read_bytes(), box.identity.key)
    assert [one.seq for one in chain.feed(2, account, check_segment(account, None, None))] == [1, 2]


def test_a_key_that_nobody_vouches_for_is_never_intact(box: BoxBuilder):
    camera = CameraBuilder(box, "front", Session(os.urandom))
    camera.quiet()
    camera.quiet(end=False)
    done = fed(ChainCheck(), box, camera, [1, 2])

    assert verdicts(done) == {1: "uncertified", 2: "unfinished"}
    assert not any(one.intact for one in done.values())
    again = fed(ChainCheck(certified=[camera.session.public]), box, camera, [1, 2])
    assert verdicts(again) == {1: "ok", 2: "unfinished"}
    assert all(one.intact for one in again.values())


def test_the_end_of_a_sidecar_taken_away_breaks_the_next_one(box: BoxBuilder):
    camera = box.camera()
    for _ in range(3):
        camera.quiet()
    seal = camera.segments[2].seal
    seal.write_bytes(b"".join(seal.read_bytes().splitlines(keepends=True)[:-1]))
    done = fed(ChainCheck(), box, camera, [1, 2, 3])

    assert verdicts(done) == {1: "ok", 2: "unfinished", 3: "broken"}
    assert done[3].finding.line == 0


def test_a_changed_last_line_is_not_blamed_on_the_next_segment(box: BoxBuilder):
    camera = box.camera()
    camera.quiet()
    camera.quiet()
    seal = camera.segments[1].seal
    seal.write_bytes(seal.read_bytes().replace(b"an hour", b"a month"))

    assert verdicts(fed(ChainCheck(), box, camera, [1, 2])) == {1: "forged", 2: "ok"}


def test_a_chain_that_begins_elsewhere_is_broken_where_it_should_begin(box: BoxBuilder):
    camera = box.camera()
    camera.quiet()
    camera.quiet()
    camera.segments[1] = camera.segments[2]
    account = read_sidecar(camera.segments[2].seal.read_bytes(), box.identity.key)
    whole, part = ChainCheck(), ChainCheck(whole=False)

    assert whole.feed(1, account, check_segment(account, None, None))[0].finding.verdict is Verdict.BROKEN
    assert part.feed(2, account, check_segment(account, None, None))[0].finding.verdict is Verdict.OK


def test_a_segment_whose_deletion_was_stated_may_still_lie_here_in_part(box: BoxBuilder):
    camera = box.camera()
    path = camera.media()
    seal = path.seal.read_bytes()
    camera.quiet(deletes=[1])
    path.seal.write_bytes(seal)
    done = fed(ChainCheck(), box, camera, [1, 2])

    assert verdicts(done) == {1: "ok", 2: "ok"}
    assert "deleted on purpose: space" in done[1].finding.why


def test_a_deletion_of_another_segment_does_not_excuse_the_one_that_lies_here(box: BoxBuilder):
    camera = box.camera()
    path = camera.media()
    seal = path.seal.read_bytes()
    camera.last[1] = "0" * 64
    camera.quiet(deletes=[1])
    path.seal.write_bytes(seal)

    assert verdicts(fed(ChainCheck(), box, camera, [1, 2])) == {1: "missing", 2: "ok"}


def test_what_is_changed_in_a_finished_segment_is_not_blamed_on_the_next(box: BoxBuilder):
    camera = box.camera()
    camera.quiet()
    camera.quiet()
    seal = camera.segments[1].seal
    whole, lines = seal.read_bytes(), seal.read_bytes().splitlines(keepends=True)
    for changed in (whole + lines[-1], whole + b"{", lines[0] + b"\0" + lines[1] + lines[2]):
        seal.write_bytes(changed)
        assert verdicts(fed(ChainCheck(), box, camera, [1, 2])) == {1: "broken", 2: "ok"}


def test_a_deletion_stated_by_a_stranger_or_in_a_broken_sidecar_excuses_nothing(box: BoxBuilder):
    for session, spoil in ((Session(os.urandom), False), (box.session(), True)):
        camera = CameraBuilder(box, f"of-{spoil}".lower(), session)
        camera.quiet()
        path = camera.quiet(deletes=[1])
        if spoil:
            path.seal.write_bytes(path.seal.read_bytes().replace(b"waiting", b"resting"))
        chain = ChainCheck()
        fed(chain, box, camera, [2])
        assert chain.holes == [Hole(1, 1, camera_prev(box, camera, 2))]
        assert chain.deletions() == {}


def camera_prev(box: BoxBuilder, camera: CameraBuilder, seq: int) -> str:
    account = read_sidecar(camera.segments[seq].seal.read_bytes(), box.identity.key)
    assert account.opened
    return account.opened.prev


def test_segments_are_fed_once_and_in_order():
    chain = ChainCheck()
    chain.feed(5, None, Finding(Verdict.MISSING, "x"))
    with pytest.raises(ValueError, match="internal error"):
        chain.feed(5, None, Finding(Verdict.MISSING, "x"))


def absences(
    holes: list[Hole], stated: dict[int, str], *, journal: tuple[int, ...] = (), whole: bool = False,
    expected: tuple[int, ...] = (),
) -> list[tuple[int, int, str]]:  # fmt: skip
    deletions = {seq: Deleted(seq, last, "space", b"key") for seq, last in stated.items()}
    found = account_for(
        holes, deletions, journal=dict.fromkeys(journal, "space"), journal_whole=whole, expected=expected
    )
    return [(one.first, one.last, str(one.absence)) for one in found]


def test_what_statements_say_was_deleted_is_deleted():
    assert absences([Hole(1, 3, "c")], {1: "a", 2: "b", 3: "c"}) == [(1, 3, "deleted")]
    assert absences([], {1: "a"}) == []


def test_a_statement_about_another_segment_than_stood_here_is_a_lie():
    assert absences([Hole(1, 3, "c")], {1: "a", 2: "b", 3: "x"}) == [(1, 2, "deleted"), (3, 3, "broken")]
    assert absences([Hole(3, 3, "c")], {3: ""}) == [(3, 3, "deleted")]
    assert Absent(3, 3, Absence.CONTRADICTED, "").failure


def test_older_than_a_deleted_one_is_not_proved_and_newer_is_missing():
    hole = [Hole(1, 9, None)]
    assert absences(hole, {5: "e"}) == [(1, 4, "not proved"), (5, 5, "deleted"), (6, 9, "missing")]
    assert absences(hole, {}) == [(1, 9, "missing")]
    assert not Absent(1, 4, Absence.NOT_PROVED, "").failure


def test_a_whole_journal_leaves_nothing_unproved():
    hole = [Hole(1, 9, None)]
    assert absences(hole, {9: "e"}, journal=(1, 2), whole=True) == [
        (1, 2, "deleted"), (3, 8, "missing"), (9, 9, "deleted"),
    ]  # fmt: skip
    assert absences(hole, {9: "e"}, journal=tuple(range(1, 9)), whole=True) == [(1, 9, "deleted")]


def test_a_pruned_journal_still_misses_what_it_knows():
    assert absences([Hole(1, 9, None)], {9: "e"}, expected=(7,)) == [(1, 8, "missing"), (9, 9, "deleted")]
    assert absences([Hole(1, 9, None)], {9: "e"}, expected=(12,)) == [(1, 8, "not proved"), (9, 9, "deleted")]


def test_a_hole_of_any_width_is_told_at_once():
    assert absences([Hole(1, 1 << 60, None)], {}) == [(1, 1 << 60, "missing")]


def test_runs_are_runs():
    assert list(runs([])) == []
    assert list(runs([1, 2, 3, 5, 7, 8])) == [(1, 3), (5, 5), (7, 8)]
