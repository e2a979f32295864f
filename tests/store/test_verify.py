"""Every way to tamper with a store that we could think of, and what the verifier says of it."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.faulty import FaultyCalls
from fakes.store_builder import BoxBuilder
from fakes.tampering import (
    TEN,
    Store,
    copied,
    copy,
    edit_lines,
    flip,
    hollow,
    make_store,
    move,
    remove,
    rename,
    shorten,
    swap,
)
from fakes.verifying import verified
from vigil.store.disk import Disk


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return copied(made, tmp_path / "box")


def test_a_store_that_nobody_touched_is_intact_and_says_who_vouches_for_it(made: Store):
    for outcome in (made.alone(), made.with_journal(), made.with_checkpoint()):
        assert outcome.verdicts == TEN
        assert outcome.absent == {"front/2-2": "deleted"}
        assert outcome.intact
    assert made.with_journal().anchored == set()
    assert made.with_checkpoint().anchored == set(TEN)


def replace_first(store: Store) -> None:
    remove(store.at(1))
    copy(store.at(1, "yard"), 1, store.at(3).directory)


# Who tampers, and what is then wrong: without a journal, and with one. Where the two agree, one is given.
TAMPERED: dict[str, tuple[Callable[[Store], object], dict[str, str], dict[str, str] | None]] = {
    "bit in the pictures": (lambda s: flip(s.at(3).media, 800_000), {"front/3": "damaged"}, None),
    "bit in a tail": (lambda s: flip(s.at(4).tail, 1), {"front/4": "damaged"}, None),
    "tail taken": (lambda s: s.at(4).tail.unlink(), {"front/4": "missing"}, None),
    "pictures of each other": (lambda s: swap(s.at(6), s.at(7), "media"),
        {"front/6": "damaged", "front/7": "damaged"}, None),
    "names swapped": (lambda s: swap(s.at(6), s.at(7), "media", "seal"),
        {"front/6": "broken", "front/7": "broken"}, None),
    "pictures removed": (lambda s: s.at(3).media.unlink(), {"front/3": "missing"}, None),
    "statements removed": (lambda s: s.at(3).seal.unlink(), {"front/3": "missing"}, None),
    "middle removed": (lambda s: remove(s.at(6)), {"front/6-6": "missing"}, None),
    "oldest removed": (lambda s: remove(s.at(1)), {}, {"front/1-1": "missing"}),
    "oldest of yard removed": (lambda s: remove(s.at(1, "yard")), {"yard/1-1": "missing"}, None),
    "newest removed": (lambda s: remove(s.at(9)), {}, {"front/9-9": "missing"}),
    "camera removed": (lambda s: shutil.rmtree(s.root / "video/yard"), {}, {"yard/1-2": "missing"}),
    "copied to the end": (lambda s: copy(s.at(3), 10, s.at(3).directory), {"front/10": "broken"}, None),
    "copied to another day": (lambda s: copy(s.at(3), 3, s.root / "video/front/2026/11/23"),
        {"front/3": "broken"}, None),
    "moved to another day": (lambda s: move(s.at(3), s.root / "video/front/2026/11/23"),
        {"front/3": "broken"}, None),
    "of another camera": (lambda s: copy(s.at(1, "yard"), 10, s.at(3).directory), {"front/10": "broken"}, None),
    "the first of another camera": (replace_first, {"front/1": "broken"}, None),
    "given another time": (lambda s: rename(s.at(3), at="20261122T154500Z"), {"front/3": "broken"}, None),
    "line edited": (lambda s: edit_lines(s.at(3).seal,
        lambda lines: [line.replace(b'"frames":15', b'"frames":14') for line in lines]), {"front/3": "forged"}, None),
    "line removed": (lambda s: edit_lines(s.at(3).seal, lambda lines: lines[:1] + lines[2:]),
        {"front/3": "broken"}, None),
    "last line removed": (lambda s: edit_lines(s.at(3).seal, lambda lines: lines[:-1]),
        {"front/4": "broken"}, {"front/3": "broken", "front/4": "broken"}),
    "last line of the newest removed": (lambda s: edit_lines(s.at(9).seal, lambda lines: lines[:-1]),
        {}, {"front/9": "broken"}),
    "newest cut to its first line": (lambda s: shorten(s.at(9)), {}, {"front/9": "broken"}),
    "newest emptied": (lambda s: s.at(9).seal.write_bytes(b""), {"front/9": "extended"}, None),
    "newest emptied, pictures too": (lambda s: hollow(s.at(9)), {}, {"front/9": "broken"}),
    "old statements replayed": (lambda s: s.at(6).seal.write_bytes(s.at(3).seal.read_bytes()),
        {"front/6": "broken"}, None),
    "old lines replayed": (lambda s: edit_lines(s.at(9).seal,
        lambda lines: lines[:1] + s.at(7).seal.read_bytes().splitlines(keepends=True)[1:]),
        {"front/9": "forged"}, None),
    "deletion removed": (lambda s: edit_lines(s.at(8).seal, lambda lines: lines[:2] + lines[3:]),
        {"front/2-2": "missing", "front/8": "broken"}, {"front/8": "broken"}),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_found(store: Store, how: str):
    tamper, alone, with_journal = TAMPERED[how]
    tamper(store)
    drop_prime = {name.rstrip("'"): verdict for name, verdict in store.alone().wrong.items()}

    assert drop_prime == alone
    for outcome in (store.with_journal(), store.with_checkpoint()):
        assert {name.rstrip("'"): verdict for name, verdict in outcome.wrong.items()} == (with_journal or alone)


def test_what_the_store_alone_cannot_tell_it_says(store: Store):
    remove(store.at(1))

    assert store.alone().absent == {"front/1-1": "not proved", "front/2-2": "deleted"}
    assert store.alone().intact


def empty_lines(notes: bytes) -> set[int]:
    """Return where the newest note has its two empty lines."""
    end = len(notes) - 2
    middle = notes.rindex(b"\n\n", 0, end)
    return {middle, middle + 1, end, end + 1}


EXAMPLES = 2000 if os.environ.get("VIGIL_TORTURE") else 40


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_bit_flipped_anywhere_is_found(made: Store, data: st.DataObject):
    files = sorted(path for path in made.root.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) > 20
    path = data.draw(st.sampled_from(files))
    original = path.read_bytes()
    # Without its empty lines the newest checkpoint is taken for one that is being written.
    torn = empty_lines(original) if path.name == "checkpoints" else set()
    bit = data.draw(st.integers(0, len(original) * 8 - 1).filter(lambda bit: bit // 8 not in torn))
    try:
        flip(path, bit)
        assert not made.with_checkpoint().intact
    finally:
        path.write_bytes(original)


def test_a_day_or_a_few_files_are_judged_by_themselves(store: Store):
    third = store.at(3)
    day = verified(third.directory)
    assert (day.verdicts, day.absent) == (
        {name: verdict for name, verdict in TEN.items() if name.startswith("front")}, {"front/2-2": "deleted"},
    )  # fmt: skip
    assert verified(third.media, store.at(6).seal).verdicts == {"front/3": "ok", "front/6": "ok"}
    remove(third)
    assert verified(third.directory).wrong == {"front/3-3": "missing"}


def test_files_taken_elsewhere_are_judged_with_the_identity_given(store: Store, tmp_path: Path):
    loose = tmp_path / "loose"
    loose.mkdir()
    for segment in (store.at(3), store.at(2, "yard")):
        shutil.copy(segment.media, loose)
        shutil.copy(segment.seal, loose)

    assert verified(loose, identity=store.identity).verdicts == {"front/3": "ok", "yard/2": "ok"}
    assert verified(loose).wrong == {"front/3": "uncertified", "yard/2": "uncertified"}


def test_deletions_stated_outside_the_day_still_count(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    front = box.camera()
    first, *_ = (front.quiet() for _ in range(3))
    box.clock.sleep(86_400)
    front.quiet(deletes=[2])

    assert verified(first.directory).absent == {"front/2-2": "deleted"}
    assert verified(first.directory).intact


def test_a_disk_that_fails_at_any_moment_never_gives_a_clean_bill(store: Store):
    for nth in itertools.count(1):
        calls = FaultyCalls(nth)
        outcome = verified(store.root / "video/yard", disk=Disk(calls))
        if not calls.fired:
            break
        assert not outcome.intact, nth
        assert "cannot" in " ".join([*outcome.why.values(), *outcome.troubles])
    assert nth > 8
