"""Lays the recorder's Python environment out by hand: for another processor there is no `python -m venv`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from .archive import EPOCH
from .config import Python
from .run import run
from .wheels import PLATFORMS

PYTHON = "/usr/bin/python3.13"

SETTINGS = f"""home = {Path(PYTHON).parent}
include-system-site-packages = true
version = 3.13
executable = {PYTHON}
"""

ENTRY = """#!{home}/bin/python
from {module} import {function}

raise SystemExit({function}())
"""


def packages_of(tree: Path, python: Python) -> Path:
    """Where the libraries of the environment lie in a root."""
    return tree / python.home.lstrip("/") / "lib/python3.13/site-packages"


def make_home(tree: Path, python: Python) -> None:
    """The environment without any library: its settings, and links to Debian's Python."""
    home = tree / python.home.lstrip("/")
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text(SETTINGS, encoding="utf-8")
    for name in ("python", "python3", "python3.13"):
        (home / "bin" / name).symlink_to(PYTHON)
    for name, entry in python.entries.items():
        module, _, function = entry.partition(":")
        script = home / "bin" / name
        script.write_text(ENTRY.format(home=python.home, module=module, function=function), encoding="utf-8")
        script.chmod(0o755)
    packages_of(tree, python).mkdir(parents=True)


def install(tree: Path, python: Python, *wheels: Path) -> None:
    """Unpack wheels (directories of them, or single ones) into the environment; nothing is resolved or compiled."""
    files = [file for place in wheels for file in (sorted(place.glob("*.whl")) if place.is_dir() else [place])]
    target = ["--python-version=3.13", "--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none"]
    target += [f"--platform={platform}" for platform in PLATFORMS]
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--no-warn-conflicts", "--only-binary=:all:"]
    # pip would hold the wheels against the Python that it runs under itself.
    options.append("--ignore-requires-python")
    packages = packages_of(tree, python)
    run([sys.executable, "-m", "pip", "install", *options, *target, "--upgrade", "--target", packages, *files])
    # Programs that libraries bring along: they name the Python that unpacked them, and nobody calls them here.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    _forget_origins(packages)


def _forget_origins(packages: Path) -> None:
    """Take out where on this machine wheels lay, also from the lists of installed files, which hold its digest."""
    for origin in packages.glob("*.dist-info/direct_url.json"):
        origin.unlink()
        record = origin.with_name("RECORD")
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in lines if origin.name not in line), encoding="utf-8")


def trim(tree: Path, python: Python) -> None:
    """Take out what libraries carry for their own developers: tests, headers, type stubs."""
    packages = packages_of(tree, python)
    for pattern in ("*/tests", "*/*/tests", "*/_core/include", "*/_core/lib", "include", "share"):
        for path in packages.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)
    for path in (*packages.rglob("*.pyi"), *packages.rglob("*.pyx"), *packages.rglob("*.pxd")):
        path.unlink()


def make_wheel(product: Path, checkout: Path) -> None:
    """The recorder itself as a wheel, made from a copy, so that the checkout stays as it is."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "vigil"
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(checkout / "firmware/vigil", copy / "firmware/vigil", ignore=ignored)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(checkout / name, copy / name)
        options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
        command: list[str | Path] = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", product, copy]
        run(command, extra={"SOURCE_DATE_EPOCH": str(EPOCH)})
