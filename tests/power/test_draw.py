"""States that a cut may leave: drawn by a seed, each another one, and none that a disk could not be in."""

from __future__ import annotations

from collections import Counter

import pytest

from power.draw import DRAWN, Cut, Kind, drawn, pieces
from power.write_log import Write

WRITES = [Write(4096 * number, 4096, 100_000 * number) for number in range(8)]


def applied(kind: Kind, seed: int) -> list[Write]:
    return [piece.write for piece in pieces(WRITES, Cut(3, kind, seed))]


@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_seed_leaves_the_same_state(kind: Kind):
    assert pieces(WRITES, Cut(3, kind, 7)) == pieces(WRITES, Cut(3, kind, 7))


def test_each_kind_leaves_what_it_says():
    for seed in range(50):
        assert applied(Kind.FLUSH, seed) == []
        short = applied(Kind.PREFIX, seed)
        assert short == WRITES[: len(short)] and short
        assert sorted(applied(Kind.SUBSET, seed), key=WRITES.index) == applied(Kind.SUBSET, seed)
        assert len(applied(Kind.DROP, seed)) == len(WRITES) - 1
        assert len(set(applied(Kind.SHUFFLE, seed))) == len(applied(Kind.SHUFFLE, seed))
    assert any(sorted(some := applied(Kind.SHUFFLE, seed), key=WRITES.index) != some for seed in range(50))


def test_a_torn_write_is_there_in_whole_sectors_and_the_last():
    for seed in range(50):
        *whole, torn = pieces(WRITES, Cut(3, Kind.TORN, seed))
        assert all((piece.first, piece.end) == (0, 4096) for piece in whole)
        assert torn.first % 512 == torn.end % 512 == 0
        assert 0 <= torn.first < torn.end <= 4096
    assert any(pieces(WRITES, Cut(3, Kind.TORN, seed))[-1].end < 4096 for seed in range(50))


def test_the_nth_write_is_the_last_and_may_be_torn_in_its_midst():
    assert applied(Kind.NTH, 6) == applied(Kind.NTH, 7) == WRITES[:4]
    assert [pieces(WRITES, Cut(3, Kind.NTH, seed))[-1].end for seed in (6, 7)] == [4096, 2048]


def test_a_window_without_writes_leaves_a_flush_point_whatever_the_kind():
    assert all(pieces([], Cut(0, kind, 1)) == [] for kind in Kind)


def test_a_draw_has_no_state_twice_all_kinds_and_goes_on_where_a_shorter_one_ended():
    windows = [WRITES[: number % 9] for number in range(60)]

    cuts = drawn(windows, 90, seed=5, first=10)

    assert len({(cut.window, tuple(pieces(windows[cut.window], cut))) for cut in cuts}) == len(cuts) == 90
    assert min(cut.window for cut in cuts) >= 10
    assert set(Counter(cut.kind for cut in cuts)) == set(DRAWN)
    assert drawn(windows, 40, seed=5, first=10) == cuts[:40]
    assert drawn(windows, 90, seed=6, first=10) != cuts


def test_a_disk_with_few_states_gives_those_it_has():
    assert len(drawn([[], []], 10, seed=1)) == 2
