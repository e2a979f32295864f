"""
A Linux of its own that runs as a program (user-mode-linux), and sees this machine's files without changing any.

It has what this machine's kernel may lack, device-mapper above all, and is up in two seconds. What it is given to do
is a Python script, which has a disk of its own and prints what it has seen.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = "linux.uml"
DISK = "/dev/ubda"
"""The disk, as the script sees it."""

_MODULES = Path("/usr/lib/uml/modules")
_BEGIN, _END = "what was seen: ", "the script ended with "
_INIT = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH={path} PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc; mount -t sysfs sys /sys
for place in /run /mnt; do mount -t tmpfs tmpfs $place; done
for module in {modules}; do insmod $module; done
{python} -W error {script}
echo "{end}$?"
poweroff -f
"""


def seen(
    script: str, place: Path, *, size_mib: int, path: str, python: str, modules: tuple[str, ...], limit_s: int = 60
) -> Any:
    """
    Run a Python script in it, as root, with an empty disk; return what it printed behind `what was seen: `, as JSON.

    `modules` are loaded before, with what they need; `place` is a directory for what it takes. It is given `limit_s`.
    """
    if lack := missing():
        pytest.skip(lack)
    (place / "script.py").write_text(script)
    with (place / "disk").open("wb") as disk:
        disk.truncate(size_mib << 20)
    found = _with_needs(its_modules(), modules)
    words = {"path": path, "python": python, "script": place / "script.py", "end": _END}
    (place / "init").write_text(_INIT.format(modules=" ".join(map(str, found)), **words))
    (place / "init").chmod(0o755)
    command = [PROGRAM, "mem=256M", "quiet", "rootfstype=hostfs", "rootflags=/", "ro", f"init={place}/init"]
    command += [f"ubd0={place}/disk", "con=null", "con0=null,fd:1", "con1=null", "ssl=null"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False)
    lines = done.stdout.splitlines()
    assert f"{_END}0" in lines, "\n".join([*lines, done.stderr])
    (said,) = (line for line in lines if line.startswith(_BEGIN))
    return json.loads(said.removeprefix(_BEGIN))


def missing() -> str:
    """In words that it is not there; "" where it is."""
    return "" if shutil.which(PROGRAM) else "user-mode-linux is not installed: make setup"


def its_modules() -> Path:
    """The directory of the modules of this kernel, which its version names."""
    version = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return _MODULES / version


def _with_needs(home: Path, modules: tuple[str, ...]) -> list[Path]:
    """The files of modules and of those they need, in the order in which they can be loaded (modules.dep(5))."""
    needs = {}
    for line in (home / "modules.dep").read_text().splitlines():
        file, _, those = line.partition(":")
        needs[Path(file).name.removesuffix(".ko").replace("-", "_")] = [*reversed(those.split()), file]
    wanted = [file for name in modules for file in needs.get(name.replace("-", "_"), ())]
    return [home / file for file in dict.fromkeys(wanted)]
