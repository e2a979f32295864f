"""The recorder as a wheel, and its environment: the same bytes wherever and whenever they are made."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from builder.cache import hash_of_files
from builder.config import read_image
from builder.venv import install, make_home, make_wheel, packages_of
from fakes.image import copy_sources
from fakes.repository import ROOT

# pip makes a wheel twice, and installs it twice.
pytestmark = pytest.mark.slow

PYTHON = replace(read_image(ROOT / "image/vigil.toml").python, entries={})


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Made from two checkouts, whose files are of different days."""
    made = []
    for name, day in (("one", 1_750_000_000), ("two", 1_760_000_000)):
        place = tmp_path_factory.mktemp(name)
        checkout = copy_sources(place / "checkout")
        for path in checkout.rglob("*"):
            if not path.is_symlink():
                os.utime(path, (day, day))
        make_wheel(place / "wheel", checkout)
        made.extend((place / "wheel").glob("*.whl"))
    return made


def test_a_wheel_does_not_tell_when_it_was_made(wheels: list[Path]):
    one, two = wheels

    assert one.read_bytes() == two.read_bytes()


def test_an_environment_does_not_tell_where_its_wheels_lay(wheels: list[Path], tmp_path: Path):
    trees = [tmp_path / "one/tree", tmp_path / "two/tree"]
    for tree, wheel in zip(trees, wheels, strict=True):
        make_home(tree, PYTHON)
        install(tree, PYTHON, wheel)

    records = [list(packages_of(tree, PYTHON).glob("*.dist-info/RECORD")) for tree in trees]
    assert [len(found) for found in records] == [1, 1]
    assert hash_of_files(trees[0]) == hash_of_files(trees[1])
