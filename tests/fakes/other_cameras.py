"""A recording box is given other cameras, as if its next start had found them in its configuration."""

from __future__ import annotations

import base64
import re

from fakes.inside_shell import Shell

HOST = "10.0.2.2"
"""Where QEMU's own network shows a guest this host."""

_CONFIG = "/vigil/state/vigil.toml"
_WITHOUT_CAMERAS = f"""$(sed '/^\\[\\[camera/,$d' {_CONFIG})"""


def configure(shell: Shell, cameras: str) -> None:
    """
    Give the box these cameras instead of its own, and wait for their recorders; all else stays as it is.

    Not by `vigil upkeep configure`: several recorders that start at once need longer in the emulator than its patience.
    """
    words = base64.b64encode(cameras.encode()).decode()
    shell.ask(f'kept="{_WITHOUT_CAMERAS}"; (echo "$kept"; echo {words} | base64 -d) >{_CONFIG}')
    shell.ask("/opt/vigil/bin/vigil upkeep apply --data /vigil", timeout_s=300)
    for unit in (f"vigil-record@{name}" for name in re.findall(r'^id = "(.*)"$', cameras, re.MULTILINE)):
        shell.ask(f"until systemctl is-active -q {unit}; do sleep 1; done", timeout_s=300)
