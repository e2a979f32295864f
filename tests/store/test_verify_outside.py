"""What the journal, an identity and a checkpoint from outside add to the verdict on a store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder, CameraBuilder
from fakes.tampering import TEN, Store, copied, edit_lines, make_store
from fakes.verifying import verified


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return copied(made, tmp_path / "box")


def test_an_earlier_checkpoint_anchors_what_it_covers(made: Store):
    outcome = verified(made.root, identity=made.identity, journal=made.journal, checkpoints=[made.early])

    assert outcome.anchored == {"front/1", "front/3", "front/4", "front/5", "front/6", "yard/1"}
    assert outcome.intact


def test_a_sidecar_by_another_box_is_forged(store: Store, tmp_path: Path):
    stranger = BoxBuilder(tmp_path / "stranger", seed="stranger")
    theirs = CameraBuilder(stranger, "front", stranger.session())
    path = theirs.media()
    mine = store.at(9)
    shutil.copyfile(path.media, mine.media)
    mine.seal.write_bytes(path.seal.read_bytes())

    assert store.alone().wrong["front/9"] == "forged"


def test_the_identity_beside_the_recordings_is_not_believed_against_the_one_given(store: Store, tmp_path: Path):
    stranger = BoxBuilder(tmp_path / "stranger", seed="stranger")
    (store.root / "video/identity").write_text(stranger.identity.key.text())

    assert len(store.with_journal().troubles) == 1
    assert store.with_journal().failures == set()
    # The deletion that a forged sidecar states is believed no more than anything else in it.
    assert set(store.alone().wrong.values()) == {"forged", "missing"}


def test_without_any_identity_nothing_is_vouched_for(store: Store):
    (store.root / "video/identity").unlink()

    assert set(store.alone().verdicts.values()) == {"uncertified"}
    assert not store.alone().intact


def test_a_journal_with_an_entry_edited_or_dropped_is_told_and_excuses_nothing(store: Store):
    entries = store.log / "entries/00000000.jsonl"
    original = entries.read_bytes()
    for change in (
        lambda lines: [line.replace(b'"reason":"space"', b'"reason":"owner"') for line in lines],
        lambda lines: lines[:5] + lines[6:],
        lambda lines: lines[:-1],
        lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
    ):
        edit_lines(entries, change)
        assert entries.read_bytes() != original
        assert store.with_journal().troubles
        assert store.with_journal().anchored == set()
        entries.write_bytes(original)


def test_a_journal_rolled_back_is_exposed_by_a_checkpoint_held_outside(store: Store, made: Store):
    shutil.rmtree(store.journal)
    shutil.copytree(made.root.parent / "then/state/journal", store.journal)

    assert store.with_journal().intact
    outcome = store.with_checkpoint()
    assert "were known elsewhere" in outcome.troubles[0]
    assert outcome.anchored == set()


def test_a_whole_recorder_rolled_back_is_exposed_by_a_checkpoint_held_outside(made: Store, tmp_path: Path):
    shutil.copytree(made.root.parent / "then", tmp_path / "box")
    old = Store(tmp_path / "box", made.identity, made.early, made.late)

    assert old.with_journal().intact
    assert not old.with_checkpoint().intact
    early = verified(old.root, identity=old.identity, journal=old.journal, checkpoints=[old.early])
    assert early.intact
    assert early.anchored


def test_a_journal_that_was_taken_away_is_missed_by_whoever_holds_a_checkpoint(store: Store):
    shutil.rmtree(store.journal)

    assert not verified(store.root, identity=store.identity, checkpoints=[store.late]).intact


def test_a_checkpoint_of_somebody_else_proves_nothing(store: Store, tmp_path: Path):
    stranger = BoxBuilder(tmp_path / "stranger", seed="stranger")
    stranger.camera().quiet()
    foreign = tmp_path / "foreign"
    foreign.write_text(stranger.enter())
    outcome = verified(store.root, identity=store.identity, journal=store.journal, checkpoints=[foreign])

    assert "is not one of this recorder's journal" in outcome.troubles[0]


def test_a_session_back_dated_with_the_identity_key_is_rejected_by_an_outside_checkpoint(made: Store, tmp_path: Path):
    shutil.copytree(made.root, tmp_path / "box")
    thief = BoxBuilder(tmp_path / "box")
    thief.random = lambda n: bytes([7]) * n
    forged = CameraBuilder(thief, "side", thief.session())
    assert thief.identity.key == made.identity
    forged.media()
    forged.quiet(end=False)
    store = Store(tmp_path / "box", made.identity, made.early, made.late)
    thief.clock.sleep(3600)

    for outcome in (store.alone(), store.with_journal()):
        assert outcome.intact
        assert outcome.anchored == set()
    later = store.root / "later"
    later.write_text(continued(store, tmp_path))
    outcome = verified(store.root, identity=store.identity, journal=store.journal, checkpoints=[later])
    assert outcome.wrong == {"side/1": "forged", "side/2": "forged"}
    assert "claims to be from before the checkpoint" in outcome.why["side/1"]
    assert outcome.anchored == set(TEN)


def continued(store: Store, tmp_path: Path) -> str:
    """Let the true recorder go on for an hour; return the checkpoint it then hands out."""
    box = BoxBuilder(store.root, seed="box")
    box.clock.sleep(7200)
    box.random = lambda n: bytes([9]) * n
    box.happened.append(("fault.cleared", {}))
    return box.enter()


def test_a_clock_that_was_set_back_behind_an_anchored_segment_is_no_forgery(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    camera = box.camera()
    camera.quiet()
    camera.quiet()
    held = tmp_path / "held"
    held.write_text(box.enter())
    box.clock.step(-7200)
    camera.quiet()

    found = verified(tmp_path, identity=box.identity.key, journal=box.journal, checkpoints=[held])
    assert found.intact
    assert found.anchored == {"front/1", "front/2"}


def test_a_segment_slipped_in_behind_old_ones_is_a_forgery_whatever_it_follows(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    camera = box.camera()
    camera.quiet()
    box.clock.sleep(3600)
    box.camera("yard").quiet()
    held = tmp_path / "held"
    held.write_text(box.enter())
    box.clock.step(-1800)
    camera.quiet()

    found = verified(tmp_path, identity=box.identity.key, journal=box.journal, checkpoints=[held])
    assert found.wrong == {"front/2": "forged"}


def test_what_the_journal_only_saw_opened_cannot_be_ended_in_the_past_or_emptied(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    path = box.camera().quiet()
    box.happened.pop()
    box.clock.sleep(3600)
    box.camera("yard").quiet()
    held = tmp_path / "held"
    held.write_text(box.enter())
    assert verified(tmp_path, journal=box.journal, checkpoints=[held]).wrong == {"front/1": "forged"}

    edit_lines(path.seal, lambda lines: lines[:-1])
    assert verified(tmp_path, journal=box.journal, checkpoints=[held]).verdicts["front/1"] == "unfinished"
    path.seal.write_bytes(b"")
    assert verified(tmp_path, journal=box.journal).wrong == {"front/1": "broken"}


def test_a_journal_rolled_back_behind_what_a_recorder_had_seen_is_exposed_by_its_statements(
    store: Store, tmp_path: Path
):
    box = BoxBuilder(store.root)
    box.random = BoxBuilder(tmp_path / "x", seed="later").random
    later = CameraBuilder(box, "late", box.session())
    box.clock.sleep(7200)
    shutil.copytree(store.journal, tmp_path / "journal")
    box.enter()
    later.quiet()
    assert store.with_journal().intact

    rolled_back = verified(store.root, identity=store.identity, journal=tmp_path / "journal")
    assert "segment 1 of late names a checkpoint that the journal contradicts" in rolled_back.troubles[0]
    shutil.rmtree(store.journal)
    box.enter()
    assert "is not here, and none that is here says that it was lost" in store.with_journal().troubles[-1]
