"""The image as it was built on this machine, for tests that look into it or boot it."""

from __future__ import annotations

import os
import shutil
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


def make_build(home: Path, checkout: Path = ROOT) -> Build:
    """A build of this checkout, or a copy of it, with a cache at `home`."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_time(ROOT))
    sources = Sources(checkout=checkout, epoch=epoch)
    return Build(image=read_image(checkout / "image/vigil.toml"), sources=sources, cache=WarmCache(home))


def copy_sources(target: Path) -> Path:
    """What the image is made from, as it is now: somebody may be working on the checkout."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("firmware", "image"):
        shutil.copytree(ROOT / name, target / name, ignore=ignored, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "tests/ground/trixie/picamera2.txt"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def make_parts(build: Build) -> Parts:
    """All products of a build; the test is skipped where a slow one is missing."""
    if os.geteuid() != 0:
        pytest.skip("making a root needs root")
    try:
        emulation.ready()
        return build.all(boot_files(), compiled_overlays())
    except NotBuilt as missing:
        pytest.skip(f"the image's {missing} is not built yet for this checkout; `make image` builds it")


@cache
def built() -> Parts:
    """The image of this checkout, from the cache of `make image`; what is quick to make is made."""
    return make_parts(make_build(cache_directory()))
