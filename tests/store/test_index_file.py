"""The file of the index: read by others, left behind by a killed guard, spoilt, of an older schema."""

import pytest

from fakes.journals import Bench, segment_story, tell
from vigil.errors import StoreFault
from vigil.store import index as index_module
from vigil.store.index import Index, index_path, migrations
from vigil.store.index_read import IndexReader


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def index(tmp_path):
    with Index.open(tmp_path / "index.sqlite") as opened:
        yield opened


def test_readers_see_what_was_committed_while_guard_writes(bench, index):
    with bench.open() as journal:
        tell(journal, segment_story("door", 0, begins_s=0))
        index.catch_up(bench.directory)
        with IndexReader.read(index.path) as reader:
            assert not reader.guard_is_down
            assert len(reader.events()) == 5
            tell(journal, segment_story("door", 1, begins_s=60))
            index.catch_up(bench.directory)
            assert len(reader.events()) == 9
            with pytest.raises(StoreFault):
                reader._ask("delete from entries")


def test_when_guard_has_gone_the_index_is_still_read_and_says_so(bench, tmp_path):
    path = tmp_path / "some where" / "index?.sqlite"
    path.parent.mkdir()
    with bench.open() as journal, Index.open(path) as index:
        tell(journal, segment_story("door", 0, begins_s=0))
        index.catch_up(bench.directory)
    assert not path.with_name(path.name + "-wal").exists()

    with IndexReader.read(path) as reader:
        assert reader.guard_is_down
        assert len(reader.events()) == 5
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]


def test_a_missing_or_spoilt_index_is_said_to_be_so(tmp_path):
    path = tmp_path / "index.sqlite"
    with pytest.raises(StoreFault):
        IndexReader.read(path)
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreFault):
        IndexReader.read(path)
    with Index.open(path) as index:
        assert index.events() == []


def test_damage_found_while_open_is_mended_by_rebuilding(bench, tmp_path):
    path = tmp_path / "index.sqlite"
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(200)))
    with Index.open(path) as index:
        index.catch_up(bench.directory)
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    with Index.open(path) as index:
        with pytest.raises(StoreFault):
            index.events(camera="door")
        assert index.rebuild(bench.directory) == 801
        assert len(index.segments("door", 0, 10**12)) == 200


def test_the_index_survives_being_killed(bench, tmp_path):
    path = tmp_path / "index.sqlite"
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(20)))
        with Index.open(path) as index:
            index.catch_up(bench.directory)
            # What lies on the disk now is what a killed guard leaves: the log written ahead, not yet moved.
            for each in list(tmp_path.glob("index.sqlite*")):
                (tmp_path / each.name.replace("index", "killed")).write_bytes(each.read_bytes())
        tell(journal, segment_story("door", 20, begins_s=1200))
    with Index.open(tmp_path / "killed.sqlite") as index:
        assert index.catch_up(bench.directory) == 4


def test_an_older_schema_is_brought_forward_and_a_newer_one_is_not_touched(tmp_path, monkeypatch):
    path = tmp_path / "index.sqlite"
    Index.open(path).close()
    steps = [*migrations(), "create table later (a integer) strict;"]
    monkeypatch.setattr(index_module, "migrations", lambda: steps)
    with Index.open(path) as index:
        assert index._ask("select count(*) from later") == [(0,)]
        assert index._ask("pragma user_version") == [(len(steps),)]
    newer = index_path(tmp_path)
    monkeypatch.undo()

    assert newer != index_path(tmp_path)
    with Index.open(path) as index, pytest.raises(StoreFault):
        index._ask("select * from later")


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path, monkeypatch):
    path = tmp_path / "index.sqlite"
    Index.open(path).close()
    steps = [*migrations(), "create table later (a integer) strict; insert into nowhere values (1);"]
    monkeypatch.setattr(index_module, "migrations", lambda: steps)
    with pytest.raises(StoreFault):
        Index.open(path)
    monkeypatch.undo()
    with Index.open(path) as index:
        assert index._ask("select name from sqlite_master where name = 'later'") == []


def test_there_are_migrations_and_they_are_numbered_without_gaps():
    names = sorted(path.name for path in index_module._MIGRATIONS.iterdir())
    assert names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
