"""A large store is verified as it is read: what was judged is let go. As a program it measures: DIRECTORY SEGMENTS."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.store_builder import BoxBuilder
from vigil.store.disk import Disk
from vigil.store.verify import Verifier
from vigil.store.verify_log import ask_journal
from vigil.store.verify_paths import choose

MOST_BYTES_A_SEGMENT = 4000
"""Its path, twice at the end, and what the journal knows of it. About 1.3 kB, measured."""


def peak_bytes(root: Path, segments: int) -> int:
    """Return the most memory that verifying a store of so many segments ever held."""
    box = BoxBuilder(root)
    for _ in range(segments):
        box.camera().quiet()
    box.enter()
    tracemalloc.start()
    try:
        asked = ask_journal(Disk(), box.journal, box.identity.key, [])
        found = sum(not one.failure for one in Verifier(Disk(), box.identity.key, asked.known).verify(choose([root])))
        assert found == segments
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_bytes_alone(root: Path, segments: int) -> int:
    """The same, in a process of its own: what else goes on in that of the tests is not counted."""
    search = os.pathsep.join(str(ROOT / name) for name in ("tests", "firmware"))
    command = [sys.executable, __file__, str(root), str(segments)]
    return int(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": search}).stdout
    )


@pytest.mark.slow  # makes and reads thousands of files, each allocation traced
def test_the_memory_it_takes_hardly_grows_with_the_store(tmp_path: Path):
    small, large = peak_bytes_alone(tmp_path / "small", 100), peak_bytes_alone(tmp_path / "large", 900)

    assert (large - small) / 800 < MOST_BYTES_A_SEGMENT


def test_a_verdict_is_given_before_the_next_segment_is_read(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    for _ in range(20):
        box.camera().media()
    hashed: list[int] = []
    reports = Verifier(Disk(), box.identity.key, None, read=hashed.append).verify(choose([tmp_path]))
    next(reports)

    assert sum(hashed) == box.camera().segments[1].media.stat().st_size


if __name__ == "__main__":
    print(peak_bytes(Path(sys.argv[1]), int(sys.argv[2])))
