"""Lets this machine run the box's programs: natively on ARM, under QEMU's user emulation elsewhere."""

from __future__ import annotations

import platform
from pathlib import Path

from .errors import BuildError
from .run import run

KERNEL = Path("/proc/sys/fs/binfmt_misc")
RULE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")


def ready() -> None:
    """
    Make sure that programs for aarch64 start, as a package of QEMU set it up or would on a machine with systemd.

    Raises:
        BuildError: if they cannot, with what to install.
    """
    if platform.machine() == "aarch64" or (KERNEL / "qemu-aarch64").exists():
        return
    if not RULE.exists():
        raise BuildError("programs for aarch64 cannot run here: apt-get install qemu-user-static")
    try:
        if not (KERNEL / "register").exists():
            run(["mount", "-t", "binfmt_misc", "binfmt_misc", KERNEL])
        (KERNEL / "register").write_bytes(RULE.read_bytes().strip())
    except OSError as error:
        raise BuildError(f"the kernel does not take the rule in {RULE} ({error}): is binfmt_misc there?") from error
