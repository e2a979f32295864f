"""What holds for every test."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A machine that is busy makes an example slow, and nothing wrong.
settings.register_profile("vigil", parent=settings(), deadline=None)
# For `make check`: that nothing is broken shows after a few examples; `make test` tries all of them.
settings.register_profile("check", parent=settings.get_profile("vigil"), max_examples=20)
settings.load_profile("vigil")


@pytest.fixture
def root_logger_as_before() -> Iterator[None]:
    """The root logger belongs to everybody: give it back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def umask_as_before() -> Iterator[None]:
    """Commands run in the tests' process: what one wants of the files it makes is not for the next test's."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
