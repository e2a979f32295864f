"""Is the box set up as its owner wrote it, or does something stand in for what could not be used?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.config.read import NO_CAMERA
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSeen:
    """What is wrong with the configuration in whole sentences, and whether a change of it is on trial."""

    faults: tuple[str, ...] = ()
    on_trial: bool = False


def look(seen: ConfigurationSeen) -> Iterator[Finding]:
    """Say what is wrong with the configuration."""
    if NO_CAMERA in seen.faults:
        yield Finding("configuration.no-camera", why=NO_CAMERA)
    if salvaged := [words for words in seen.faults if words != NO_CAMERA]:
        yield Finding("configuration.salvaged", why="; ".join(salvaged))
    if seen.on_trial:
        yield Finding("configuration.trial")


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(
        id=f"configuration.{word}", level=level, blink=Blink.SETTINGS, what="configuration", means=means, do=do,
        settling_s=0,
    )  # fmt: skip


PROBE = Probe(
    name="configuration",
    evidence=ConfigurationSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "no-camera", Level.WARNING, "No camera is configured, so nothing is recorded.",
            "Add a `[[camera]]` to `vigil.toml`, or plug a USB camera in and restart a flashed card.",
        ),
        _kind(
            "salvaged", Level.WARNING,
            "Something in the configuration could not be used; what stands in for it is said with it.",
            "`vigil config validate` names every mistake; correct them.",
        ),
        _kind(
            "trial", Level.NOTICE,
            "A change of the settings is on trial: it is taken back unless the box records with it.",
            "Wait for a minute.",
        ),
        unknown(
            "configuration", Blink.SETTINGS, "configuration", "Which settings are in force cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
