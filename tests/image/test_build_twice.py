"""Two builds from nothing make the same card, and every product on the way to it is the same bytes."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from boot.overlays import compiled_overlays
from boot.products import boot_files
from builder import emulation
from builder.cache import Cache, hash_of_files
from fakes.image import copy_sources, make_build

# Twice half an hour, and the archive is asked for everything twice.
pytestmark = [
    pytest.mark.torture,
    pytest.mark.slow,
    pytest.mark.host,
    pytest.mark.timeout(4 * 3600),
    pytest.mark.xdist_group("image"),
]


def products(home: Path, checkout: Path) -> dict[str, str]:
    """Build everything in an empty cache; a hash of each product, by its step."""
    build = replace(make_build(home, checkout), cache=Cache(home))
    build = replace(build, sources=replace(build.sources, epoch=1_780_000_000))
    build.all(boot_files(), compiled_overlays())
    made = {step.name: hash_of_files(step.product) for step in build.cache.steps}
    shutil.rmtree(home)
    return made


@pytest.mark.skipif(os.geteuid() != 0, reason="making a root needs root")
def test_two_builds_from_empty_caches_make_the_same_bytes(tmp_path: Path):
    emulation.ready()
    checkout = copy_sources(tmp_path / "checkout")

    one, two = (products(tmp_path / name, checkout) for name in ("one", "two"))

    assert len(one) >= 12
    assert [step for step in one if one[step] != two[step]] == []
