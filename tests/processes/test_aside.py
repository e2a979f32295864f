"""Work that may never end is left behind, and no second piece is begun beside it."""

from __future__ import annotations

import threading

from vigil.processes.aside import Aside


def test_work_that_ends_in_time_was_done():
    done = []
    aside = Aside()

    assert aside.run(lambda: done.append(1), patience_s=30)
    assert aside.run(lambda: done.append(2), patience_s=30)
    assert done == [1, 2]


def test_work_that_hangs_is_left_behind_and_nothing_is_begun_beside_it():
    never, begun = threading.Event(), []
    aside = Aside()

    def hang() -> None:
        never.wait(30)

    assert not aside.run(hang, patience_s=0.01)
    assert not aside.run(lambda: begun.append(1), patience_s=0.01)
    assert begun == []

    never.set()
