"""After a cut the journal goes on; after a loss a new log says so, and the old one is never written again."""

import itertools
import shutil

import pytest

from fakes.journals import Bench, clean, fill, shrink_files
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.store.journal_check import check_log
from vigil.store.journal_read import LogReader, read_logs


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def small_files(monkeypatch):
    shrink_files(monkeypatch)


def first_entry(journal):
    return next(LogReader(journal.directory).entries())


# ---- after a cut


def test_a_torn_line_was_never_acknowledged_and_goes(bench):
    with bench.open() as journal:
        fill(journal, 5)
        path = journal.directory / "entries/00000000.jsonl"
        whole = path.read_bytes()
    for torn in (b'{"at_us":17', b"\x00" * 700, b'{"at_us":17\n\x00\x00\n'):
        path.write_bytes(whole + torn)
        with bench.open() as journal:
            assert not journal.began
            assert journal.size == 6
        assert path.read_bytes() == whole
        clean(bench)


def test_hashes_that_are_missing_are_made_again(bench):
    with bench.open() as journal:
        fill(journal, 600)
        journal.checkpoint()
        fill(journal, 3)
        root = journal.root
        files = sorted(path for path in (journal.directory / "tiles").rglob("*") if path.is_file())
    assert len(files) == 2
    for path, keep in itertools.product(files, (0, 31, 33, 5000)):
        whole = path.read_bytes()
        path.write_bytes(whole[:keep])
        with bench.open() as journal:
            assert not journal.began
            assert journal.root == root
        assert path.read_bytes() == whole
    shutil.rmtree(files[0].parents[1])
    with bench.open() as journal:
        assert journal.root == root
    assert all(path.is_file() for path in files)
    clean(bench)


def test_hashes_that_a_cut_left_as_zeros_are_no_loss(bench):
    with bench.open() as journal:
        fill(journal, 5)
        journal.checkpoint()
        fill(journal, 4)
        tile = journal.directory / "tiles/0/00000000"
        data = tile.read_bytes()
    tile.write_bytes(data[: 8 * 32] + bytes(2 * 32))

    with bench.open() as journal:
        assert journal.loss is None
        assert journal.size == 10
    assert tile.read_bytes() == data


def test_a_torn_checkpoint_was_never_handed_out_and_goes(bench):
    with bench.open() as journal:
        fill(journal, 4, every=2)
        path = journal.directory / "checkpoints"
        whole = path.read_bytes()
    for keep in range(len(whole) // 3, len(whole), 17):
        path.write_bytes(whole[:keep])
        with bench.open() as journal:
            assert not journal.began
            assert journal.size == 5
        assert whole.startswith(path.read_bytes())
    clean(bench)


# ---- after a loss


def lose_last_line(log):
    path = log / "entries/00000000.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def lose_entries(log):
    (log / "entries/00000000.jsonl").unlink()


def edit_after_checkpoint(log):
    path = log / "entries/00000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"line":1,"salt"', b'"line":3,"salt"'))


def spoil_a_line_between(log):
    path = log / "entries/00000000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], b"x" + lines[-2][1:], lines[-1]]))


def spoil_a_line_between_whose_hash_was_not_synced(log):
    spoil_a_line_between(log)
    tile = log / "tiles/0/00000000"
    tile.write_bytes(tile.read_bytes()[: 5 * 32])


def lose_checkpoints(log):
    (log / "checkpoints").unlink()


def lose_origin(log):
    (log / "origin").unlink()


def spoil_origin(log):
    (log / "origin").write_text("vigil/somebody/else\n")


def lose_log(log):
    shutil.rmtree(log)


@pytest.mark.parametrize(
    "damage",
    [
        lose_last_line,
        lose_entries,
        edit_after_checkpoint,
        spoil_a_line_between,
        spoil_a_line_between_whose_hash_was_not_synced,
        lose_checkpoints,
        lose_origin,
        spoil_origin,
    ],
)
def test_after_a_loss_a_new_log_names_it_and_the_old_one_is_left_alone(bench, damage):
    with bench.open() as journal:
        fill(journal, 4)
        note = journal.checkpoint()
        fill(journal, 4)
        old = journal.directory
    damage(old)
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}

    with bench.open(floor=peek_checkpoint(note)) as journal:
        assert journal.began
        assert journal.loss
        assert journal.directory != old
        opened = first_entry(journal)
        assert opened.kind == "journal.opened"
        assert opened.fields["loss"] == journal.loss
        assert opened.fields["follows"] == [old.name]
        assert {"origin": peek_checkpoint(note).origin, "size": 5} == {
            key: opened.fields["known"][-1][key] for key in ("origin", "size")
        }
        fill(journal, 3)
        size = journal.size
    assert {path: path.read_bytes() for path in before} == before
    assert (old / "closed").read_text() == f"{journal.log_id}\n"
    with bench.open(floor=peek_checkpoint(note)) as journal:
        assert not journal.began
        assert journal.size == size
    assert check_log(journal.directory, [bench.signer.key]).ok


def test_a_log_that_is_gone_is_never_made_again(bench):
    with bench.open() as journal:
        fill(journal, 4)
        floor = peek_checkpoint(journal.checkpoint())
        old = journal.directory
    lose_log(old)
    with bench.open(floor=floor) as journal:
        assert journal.origin != floor.origin
        assert "gone" in journal.loss
        assert first_entry(journal).fields["known"][0]["size"] == 5
    # The same old checkpoint may be handed in until a newer one has reached its keeper.
    with bench.open(floor=floor) as journal:
        assert not journal.began


def test_a_log_rolled_back_to_an_older_copy_of_itself_is_not_gone_on_with(bench, tmp_path):
    with bench.open() as journal:
        fill(journal, 4, every=4)
        old = journal.directory
    shutil.copytree(old, tmp_path / "copy")
    with bench.open() as journal:
        fill(journal, 4, every=4)
        floor = journal.newest_checkpoint
    shutil.rmtree(old)
    shutil.copytree(tmp_path / "copy", old)

    with bench.open(floor=floor) as journal:
        assert journal.began
        assert journal.loss == "9 entries were known elsewhere, and 5 are here"


def test_a_log_with_another_past_than_somebody_knows_is_not_gone_on_with(bench, tmp_path):
    with bench.open() as journal:
        fill(journal, 4, every=4)
        old = journal.directory
    shutil.copytree(old, tmp_path / "copy")
    with bench.open() as journal:
        fill(journal, 4, every=4)
        floor = journal.newest_checkpoint
    shutil.rmtree(old)
    shutil.copytree(tmp_path / "copy", old)
    with bench.open() as journal:
        fill(journal, 6, every=3)

    for floor_known in (floor, floor):
        with bench.open(floor=floor_known) as journal:
            assert journal.log_id != old.name
    assert "not those that were known elsewhere" in first_entry(journal).fields["loss"]


def test_a_checkpoint_of_another_box_or_of_an_older_log_changes_nothing(bench):
    with bench.open() as journal:
        fill(journal, 4, every=2)
        older = journal.newest_checkpoint
    with bench.open(floor=Checkpoint("vigil/another/77", 99, bytes(32))) as journal:
        assert not journal.began
    lose_last_line(journal.directory)
    with bench.open() as journal:
        assert journal.began
    with bench.open(floor=older) as journal:
        assert not journal.began


def test_when_the_newest_log_is_gone_the_one_before_is_not_gone_on_with(bench):
    with bench.open() as journal:
        fill(journal, 4)
    lose_last_line(journal.directory)
    with bench.open() as journal:
        newest = journal.directory
    lose_log(newest)
    with bench.open() as journal:
        assert journal.loss == "the newest log is gone"
    assert len(read_logs(bench.directory)) == 2
