"""The group that our processes share: what one of them makes, the others may read and replace."""

from __future__ import annotations

import grp
import os
from contextlib import suppress
from pathlib import Path

_NAME = "vigil"


def share_with_ours(path: Path, mode: int) -> None:
    """Give `path` to the group, where this system has it."""
    with suppress(KeyError):
        os.chown(path, -1, grp.getgrnam(_NAME).gr_gid)
    path.chmod(mode)


def as_unit_of_ours() -> None:
    """Make files as a unit would: what is left for the journal must be guard's to read and to remove."""
    with suppress(KeyError, PermissionError):
        os.setegid(grp.getgrnam(_NAME).gr_gid)
    os.umask(0o007)
