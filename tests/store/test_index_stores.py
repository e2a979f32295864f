"""The index with several disks: each numbers its segments anew, and none is taken for another."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fakes.journals import Bench, S, segment_story, tell
from vigil.store.index import Index, migrations
from vigil.store.whose import Whose

A, B = "a" * 32, "b" * 32
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/journal/stores.json").read_text())


def stated(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return entry["kind"], {key: value for key, value in entry.items() if key != "kind"}


def of(store: str, story: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, {**fields, "store": store}) for kind, fields in story]


def used(store: str) -> list[tuple[str, dict[str, Any]]]:
    return [("store.used", {"store": store})]


def test_there_are_vectors():
    assert len(VECTORS) > 3


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["comment"][:40])
@pytest.mark.parametrize("at_once", [True, False])
def test_each_entry_is_of_the_store_that_the_vector_says(tmp_path, vector, at_once):
    story = [stated(entry) for entry in vector["entries"]]
    bench = Bench(tmp_path)
    with bench.open() as journal, Index.open(tmp_path / "index.sqlite") as index:
        index.catch_up(bench.directory)
        for part in [story] if at_once else [[one] for one in story]:
            index.apply(tell(journal, part))
        found = [row.store for row in index.events()][1:]
        assert found == vector["stores"]
        assert index.store_in_use() == vector["in_use"]
        cursors = {store: index.cursors(store=store) for store in sorted(set(vector["stores"]))}
        assert {store: {c: [*at] for c, at in each.items()} for store, each in cursors.items() if each} == vector[
            "cursors"
        ]
        index.rebuild(bench.directory)
        assert [row.store for row in index.events()][1:] == vector["stores"]


def test_the_same_number_on_two_disks_is_two_segments(tmp_path):
    bench = Bench(tmp_path)
    with bench.open() as journal, Index.open(tmp_path / "index.sqlite") as index:
        tell(journal, used(A), of(A, segment_story("door", 1, begins_s=0)))
        tell(journal, used(B), of(B, segment_story("door", 1, begins_s=600)))
        tell(journal, of(A, [("segment.kept", {"camera": "door", "segment": 1})]))
        index.catch_up(bench.directory)

        assert index.stores() == [A, B]
        assert [(row.store, row.started_us, row.kept) for row in index.segments("door", 0, 999 * S)] == [
            (B, 600 * S, False)
        ]
        assert [(row.started_us, row.kept) for row in index.segments("door", 0, 999 * S, store=A)] == [(0, True)]
        tell(journal, of(B, [("segment.deleted", {"camera": "door", "segment": 1, "reason": "old"})]))
        index.catch_up(bench.directory)
        rows = [index.segment("door", 1, store=store) for store in (A, B)]
        assert [row and row.state for row in rows] == ["sealed", "deleted"]
        assert index.oldest("door") == []


def test_words_of_a_disk_that_is_away_for_long_go_and_then_it_is_new_again(tmp_path):
    bench = Bench(tmp_path)
    with bench.open() as journal, Index.open(tmp_path / "index.sqlite") as index:
        tell(journal, used(A), of(A, segment_story("door", 1, begins_s=0)))
        bench.clock.sleep(10)
        changed_us = bench.clock.wall_us()
        tell(journal, used(B), of(B, segment_story("door", 1, begins_s=600)))
        index.catch_up(bench.directory)
        log_id = journal.log_id
        assert index.away(changed_us - 5 * S) == {A}
        assert index.away(changed_us - 50 * S) == set(), "it was in use since then"
        bench.clock.sleep(10)
        now_us = bench.clock.wall_us()
        assert index.prunable(log_id, now_us) == 7, "up to what speaks of the segment that exists"
        tell(journal, used(B))
        journal.prune(7, clock_trust="synced")
        index.catch_up(bench.directory)

        assert index.cursors(store=A) == {}
        assert index.stores() == [B]
        assert index.cursors(store=B) == {"door": (1, 9)}
        kept = index._ask("select * from segments order by 1, 2, 3"), index._ask("select * from cursors")
        index.rebuild(bench.directory)
        assert (index._ask("select * from segments order by 1, 2, 3"), index._ask("select * from cursors")) == kept


def test_an_index_of_the_schema_before_is_made_again_by_itself(tmp_path):
    bench = Bench(tmp_path)
    path = tmp_path / "index.sqlite"
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(f"{migrations()[0]}\npragma user_version = 1;")
    with bench.open() as journal:
        entries = tell(journal, segment_story("door", 1, begins_s=0))
        database.execute("insert into logs values (?, 0, 3, ?)", (journal.log_id, bytes(32)))
        database.execute("insert into segments values ('door', 1, null, 0, 1, 1, 'ab', 9, 'sealed', null, 0)")
        database.execute("insert into cursors values (?, 'door', 1, 9)", (journal.log_id,))
        database.close()
        with Index.open(path) as index:
            assert index.catch_up(bench.directory) == len(entries) + 1
            assert [(row.store, row.seq) for row in index.segments("door", 0, 999 * S)] == [("", 1)]
            assert index.cursors() == {"door": (1, 9)}


def test_a_name_that_is_no_id_names_nothing():
    whose = Whose()
    assert [whose.of("store.used", {"store": name}) for name in ("", 7, "A" * 32, A + "0", None)] == [""] * 5
    assert (whose.of("segment.opened", {"store": A}), whose.of("fault.raised", {})) == (A, A)
