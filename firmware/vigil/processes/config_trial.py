"""
A change of the configuration is on trial until the box has shown that it records with it.

    DIR/state/vigil.toml           the configuration
    DIR/state/vigil.toml.before    what it was; there only while the change is on trial

A cut of power during the trial counts as a failure: the next boot goes back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from vigil.clock import Clock
from vigil.config.model import Config
from vigil.config.read import read_strict
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
LOOK_S = 2
GOOD_LOOKS = 5
"""So many looks in a row must find every recorder at work: one that ends soon after its start is not."""

MOST_LOOKS = 45


def _before(owners: Path) -> Path:
    return owners.with_name(owners.name + ".before")


def change(
    owners: Path,
    new: bytes,
    disk: Disk,
    clock: Clock,
    *,
    apply: Callable[[], None],
    is_well: Callable[[Config], bool],
) -> bool:
    """
    Use `new` as the configuration; say whether it stayed. What was before is in force again where it did not.

    Raises `ConfigError` for a file with any mistake, `StoreError` where the disk refuses; then nothing has changed.
    """
    config = read_strict(new)
    # Without a configuration the box goes on with what was last applied well: that is all there is to go back to then.
    disk.replace(_before(owners), disk.read_unless_lost(owners) or b"")
    disk.replace(owners, new)
    apply()
    if _stays_well(lambda: is_well(config), clock):
        disk.unlink(_before(owners))
        disk.sync_directory(owners.parent)
        return True
    log.error("the box does not record with the new configuration, so the one before is used again")
    take_back_if_on_trial(owners, disk)
    apply()
    return False


def is_on_trial(owners: Path) -> bool:
    """Say whether a change has yet to prove itself."""
    return _before(owners).exists()


def take_back_if_on_trial(owners: Path, disk: Disk) -> bool:
    """Go back to what was before a change that has not proved itself; say whether there was one."""
    before = _before(owners)
    if not before.exists():
        return False
    log.warning("a change of the configuration did not prove itself and is taken back")
    if content := disk.read_unless_lost(before):
        disk.replace(owners, content)
    else:
        disk.unlink(owners)
    disk.unlink(before)
    disk.sync_directory(owners.parent)
    return True


def _stays_well(is_well: Callable[[], bool], clock: Clock) -> bool:
    good = 0
    for _ in range(MOST_LOOKS):
        clock.sleep(LOOK_S)
        good = good + 1 if is_well() else 0
        if good == GOOD_LOOKS:
            return True
    return False
