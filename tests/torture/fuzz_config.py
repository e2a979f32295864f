"""Throws bytes at the readers of configurations: `python fuzz_config.py CORPUS`, with atheris (libFuzzer) installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.config.read import read_lenient, read_strict
    from vigil.config.write import written
    from vigil.errors import ConfigError
    from vigil.segments.age import Recipient


def one(data: bytes) -> None:
    """A booting box lives with anything; an editor refuses with reasons, or reads what it would write."""
    half = len(data) // 2
    for salvage in (read_lenient(data), read_lenient(data[:half], data[half:])):
        assert read_strict(written(salvage.config)) == salvage.config
        for recipient in salvage.config.owner.recipients:
            Recipient.parse(recipient)
    with contextlib.suppress(ConfigError):
        config = read_strict(data)
        assert read_strict(written(config)) == config


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
