"""The image as it was built on this machine, for tests that look into it or boot it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from boot.overlays import compiled_overlays
from boot.products import boot_files, cache_directory
from builder import emulation
from builder.build import Build, Parts, Sources, commit_time
from builder.cache import Cache, hash_of
from builder.config import read_image
from fakes.repository import ROOT

# Steps that take minutes each, and that an ordinary change of the checkout does not touch.
SLOW = ("debian", "hardware", "workshop", "fetched", "compiled", "libraries", "ground", "initrd")


class NotBuilt(Exception):
    """A slow step is not in the cache."""


class WarmCache(Cache):
    """A cache that makes quick steps only."""

    def product(self, name: str, inputs: Mapping[str, object], make: Callable[[Path], None]) -> Path:
        if name in SLOW and not (self.home / f"{name}-{hash_of(inputs)}").is_dir():
            raise NotBuilt(name)
        return super().product(name, inputs, make)


def make_build(home: Path) -> Build:
    """A build of this checkout with a cache at `home`."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_time(ROOT))
    sources = Sources(checkout=ROOT, epoch=epoch)
    return Build(image=read_image(ROOT / "image/vigil.toml"), sources=sources, cache=WarmCache(home))


def make_parts(build: Build) -> Parts:
    """All products of a build; the test is skipped where a slow one is missing."""
    if os.geteuid() != 0:
        pytest.skip("making a root needs root")
    try:
        emulation.ready()
        with build.cache.held():
            return build.all(boot_files(), compiled_overlays())
    except NotBuilt as missing:
        pytest.skip(f"the image's {missing} is not built yet for this checkout; `make image` builds it")


@cache
def built() -> Parts:
    """The image of this checkout, from the cache of `make image`; what is quick to make is made."""
    return make_parts(make_build(cache_directory()))
