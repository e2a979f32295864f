"""The shape of the program, as docs/design/parts.md draws it, is a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from fnmatch import fnmatch

import pytest

from fakes.repository import PACKAGE, ROOT, name_of, text_files
from fakes.source_tree import Import, Module, long_functions, modules, parse

# Light travels left to right; a part may import what lies before it, never after.
PATH = ("cameras", "frames", "segments", "store", "out")

# Known to all. `events` are the words the parts use to each other.
COMMON = {"bech32", "digest", "errors", "events", "clock", "config", "logs"}

# The box's judgement, senses and health: they never see the path of light, nor each other.
APART = {"guard", "body", "upkeep"}

# Wiring and words: who may import them.
ON_TOP = {"processes": {"processes", "cli", "__main__"}, "cli": {"cli", "__main__"}, "__main__": set[str]()}

# What pictures are made of is said in `frames`, yet the cameras before it must be able to say it.
PICTURE_WORDS = ("frames/packet.py", "frames/nal.py", "frames/sps.py", "frames/aac.py", "frames/decoder_config.py")

# Each library that touches a device or costs much to import has its doors; all others are for everybody.
DOORS = {
    "av": (
        "cameras/ffmpeg.py",
        "cameras/container.py",
        "cameras/luma.py",
        "cameras/decoder_pyav.py",
        "cameras/encode.py",
        "cameras/synthetic.py",
        "cameras/v4l2*.py",
    ),
    "cv2": ("frames/mog2.py",),
    "numpy": ("frames/motion*.py", "frames/mog2.py"),
    "picamera2": ("cameras/picamera2*.py",),
    "libcamera": ("cameras/picamera2*.py",),
    "gpiozero": ("body/pins*.py",),
    "lgpio": ("body/pins*.py",),
    "pyudev": ("body/hotplug*.py",),
    "rich": ("cli/view.py",),
}
FOR_ALL = {"cryptography"}

# A recorder that only records imports these: they cost tens of megabytes and up to a second of a small board's time.
RECORD_ONLY = ("segments", "store", "frames/packet.py", "frames/ring.py", "frames/take.py", "processes/record.py")
HEAVY = {"numpy", "cv2", "av", "rich"}

FILE_LINES = 350
FUNCTION_LINES = 60

MODULES = modules()
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.where)


def each_module_of(parts: Collection[str]) -> pytest.MarkDecorator:
    """One test for each module of these parts."""
    chosen = [module for module in MODULES if module.part in parts]
    return pytest.mark.parametrize("module", chosen, ids=lambda module: module.where)


def inner(module: Module) -> list[Import]:
    """The module's imports from our own package, those of its own part left out."""
    ours = [found for found in module.imports() if found.library == "vigil"]
    return [found for found in ours if part_of(found) != module.part]


def part_of(found: Import) -> str:
    """`segments` of `vigil.segments.age`; the top of the package, which belongs to all, is ''."""
    part = found.name.split(".")[1] if "." in found.name else ""
    return part if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file() else ""


def is_picture_word(found: Import) -> bool:
    """Whether a module is imported which says what pictures are made of."""
    return "/".join(found.name.split(".")[1:3]) + ".py" in PICTURE_WORDS


def told(module: Module, wrong: list[Import]) -> list[str]:
    """Where each wrong import is, as a person would look it up."""
    return [f"{name_of(module.path)}:{found.line} imports {found.name}" for found in wrong]


def test_there_is_something_to_check():
    parts = {module.part for module in MODULES}

    assert {"cameras", "frames", "segments", "store", "guard", "processes", "cli", "errors", "clock"} <= parts
    assert any(part_of(found) == "errors" for module in MODULES for found in inner(module))


def test_every_part_has_its_place():
    known = {*PATH, *COMMON, *APART, *ON_TOP}

    assert {module.part for module in MODULES} <= known


@each_module_of(PATH)
def test_data_never_flows_backwards(module: Module):
    before = PATH[: PATH.index(module.part)]

    wrong = [
        found for found in inner(module) if part_of(found) not in {*before, *COMMON, ""} and not is_picture_word(found)
    ]

    assert told(module, wrong) == []


def test_the_words_for_pictures_know_only_each_other():
    words = [module for module in MODULES if module.where in PICTURE_WORDS]
    assert len(words) == len(PICTURE_WORDS)

    for module in words:
        ours = [found for found in module.imports() if found.library == "vigil"]
        wrong = [found for found in ours if part_of(found) not in {*COMMON, ""} and not is_picture_word(found)]
        assert told(module, wrong) == []


@each_module_of(APART)
def test_judgement_senses_and_upkeep_know_only_the_common_words(module: Module):
    wrong = [found for found in inner(module) if part_of(found) not in {*COMMON, ""}]

    assert told(module, wrong) == []


@each_module_of(COMMON)
def test_what_is_common_knows_nothing_but_itself(module: Module):
    wrong = [found for found in inner(module) if part_of(found) not in {*COMMON, ""}]

    assert told(module, wrong) == []


def test_errors_import_nothing_of_ours():
    errors = next(module for module in MODULES if module.where == "errors.py")

    assert inner(errors) == []


@each_module
def test_nobody_imports_the_wiring_or_the_command_line(module: Module):
    wrong = [found for found in inner(module) if module.part not in ON_TOP.get(part_of(found), {module.part})]

    assert told(module, wrong) == []


@each_module
def test_each_device_library_has_one_door(module: Module):
    foreign = [
        found
        for found in module.imports()
        if found.library not in sys.stdlib_module_names and found.library not in FOR_ALL | {"vigil"}
    ]

    wrong = [f for f in foreign if not any(fnmatch(module.where, door) for door in DOORS.get(f.library, ()))]

    assert told(module, wrong) == []


def test_the_doors_are_those_of_the_page():
    page = (ROOT / "docs/design/parts.md").read_text(encoding="utf-8")
    named = {library: doors for library, doors in DOORS.items() if library != "libcamera"}  # picamera2's own ground

    missing = [word for library, doors in named.items() for word in (library, *doors) if f"`{word}`" not in page]

    assert missing == []


def test_recording_alone_loads_no_heavy_library():
    """Really imported, in a fresh Python, one after the other: what a module pulls in by detours counts too."""
    light = [m for m in MODULES if m.where in RECORD_ONLY or (m.part in RECORD_ONLY and m.part != "processes")]
    names = [module.dotted for module in light]
    program = f"""
import importlib, sys
for name in {names!r}:
    importlib.import_module(name)
    heavy = {HEAVY!r} & set(sys.modules)
    if heavy:
        sys.exit(f"{{name}} loads {{', '.join(sorted(heavy))}}")
print(len({names!r}))
"""

    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(names) > 5


def test_every_file_can_be_read_in_one_sitting():
    files = text_files("*.py")
    assert len(files) > len(MODULES)

    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}

    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_every_function_fits_a_glance():
    files = text_files("*.py")
    assert any(parse(path).body for path in files)

    assert [told for path in files for told in long_functions(path, FUNCTION_LINES)] == []
