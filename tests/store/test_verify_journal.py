"""What a journal is believed, and how far: only what it signed, only while it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder
from fakes.tampering import Store, copied, edit_lines, make_store, remove
from fakes.verifying import verified
from vigil.segments.session import device_id
from vigil.store.disk import Disk
from vigil.store.journal import Journal
from vigil.store.verify_journal import Known
from vigil.store.verify_log import Asked, ask_journal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return copied(made, tmp_path / "box")


def opened(root: Path) -> Journal:
    """Open the journal of the box that was built at `root`, as guard would."""
    box = BoxBuilder(root)
    box.clock.sleep(7200)
    guard = box.session()
    journal = Journal.open(
        Disk(), box.journal, clock=box.clock, random_bytes=box.random, signer=guard.note_signer(box.identity.key.name),
        device_id=device_id(box.identity.key.public),
    )  # fmt: skip
    journal.append("session.certified", {"session": "", "cert": guard.certificate}, clock_trust="synced")
    return journal


def asked(store: Store) -> Asked:
    return ask_journal(Disk(), store.journal, store.identity, [])


def test_an_entry_that_no_checkpoint_covers_excuses_nothing(store: Store):
    remove(store.at(3))
    deleted = {"camera": "front", "segment": 3, "reason": "space"}
    with opened(store.root) as journal:
        journal.append("segment.deleted", deleted, clock_trust="synced")
    assert store.with_journal().wrong == {"front/3-3": "missing"}

    with opened(store.root) as journal:
        journal.checkpoint()
    assert store.with_journal().wrong == {}
    assert store.with_journal().absent == {"front/2-3": "deleted"}


def test_a_journal_that_was_edited_excuses_nothing(store: Store):
    remove(store.at(3))
    edit_lines(
        store.log / "entries/00000000.jsonl",
        lambda lines: [
            line.replace(b'"segment":2', b'"segment":3') if b"segment.deleted" in line else line for line in lines
        ],
    )
    outcome = store.with_journal()

    assert outcome.troubles
    assert outcome.wrong == {"front/3-3": "missing"}


def test_a_journal_that_dropped_bodies_is_whole_no_more(store: Store):
    before = asked(store).known
    with opened(store.root) as journal:
        journal.checkpoint()
        journal.prune(5, clock_trust="synced")
    after = asked(store)

    assert before and before.whole
    assert after.troubles == []
    assert after.known and not after.known.whole


def test_a_journal_that_lost_its_past_says_so_and_is_whole_no_more(store: Store):
    (store.log / "entries/00000000.jsonl").write_bytes(b"")
    with opened(store.root) as journal:
        assert journal.loss
        journal.checkpoint()
    after = asked(store)
    assert after.troubles == []
    assert "is damaged; the recorder noticed" in " ".join(after.notes)
    assert after.known and not after.known.whole

    for log in store.journal.iterdir():
        if log.is_dir() and (log / "closed").exists():
            shutil.rmtree(log)
    gone = asked(store)
    assert gone.troubles == []
    assert gone.known and not gone.known.whole


def test_a_damaged_past_is_no_note_to_whoever_holds_a_checkpoint_of_it(store: Store):
    (store.log / "entries/00000000.jsonl").write_bytes(b"")
    with opened(store.root) as journal:
        journal.checkpoint()
    outcome = verified(store.root, identity=store.identity, journal=store.journal, checkpoints=[store.late])

    assert not outcome.intact


def test_what_a_later_log_repeats_cannot_unsay_the_first_word():
    known = Known()
    said = {"camera": "gate", "segment": 1, "last": "a"}
    known.take("segment.sealed", 5, said, covered=False)
    known.take("segment.sealed", 9, {**said, "last": "b"}, covered=True)
    one = known.segments["gate"][1]
    assert (one.last, one.seq, one.anchored) == ("a", 5, False)

    known.take("segment.sealed", 12, said, covered=True)
    assert one.anchored


def test_entries_that_say_nothing_of_a_segment_are_left_out():
    known = Known()
    for kind, fields in (
        ("motion.began", {"camera": "gate", "segment": 1}),
        ("segment.sealed", {"camera": "gate"}),
        ("segment.sealed", {"camera": 5, "segment": 1}),
        ("segment.sealed", {"camera": "gate", "segment": True}),
        # It may have been deleted long ago, and a new log knows of its holds only.
        ("segment.kept", {"camera": "gate", "segment": 1}),
        ("segment.released", {"camera": "gate", "segment": 1}),
    ):
        known.take(kind, 1, fields, covered=True)

    assert known.segments == {}


def test_a_checkpoint_without_a_journal_or_an_identity_proves_nothing(store: Store):
    for directory, identity in ((None, store.identity), (store.journal, None)):
        assert "proves nothing" in ask_journal(Disk(), directory, identity, [store.late]).troubles[0]
