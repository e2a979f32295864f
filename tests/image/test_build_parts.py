"""The builder's decisions, each by itself: partitions, wheels, modules, budgets, signatures."""

from __future__ import annotations

import ast
import hashlib
import itertools
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from builder import budgets, notes
from builder.build import code
from builder.cache import Cache, hash_of_files
from builder.config import Budget, read_image
from builder.disk import GRID_MIB, MIB, layout, make_disk, table_script
from builder.errors import BuildError
from builder.fat import make_fat
from builder.kernel import read_needs, with_needs
from builder.root import locked
from builder.run import environment
from builder.slot import SLOTS, boards_of, slot_arguments, slot_environment
from builder.verity import Verity
from builder.wheels import all_pins, name_of
from fakes.repository import ROOT

IMAGE = read_image(ROOT / "image/vigil.toml")
BUDGET = Budget(root_mib=220, compressed_mb=200, first_build_min=25, rebuild_s=90)


def test_partitions_lie_on_the_grid_and_do_not_overlap():
    parts = layout(IMAGE.disk)
    apart = [part for part in parts if part.number != 4]
    around = next(part for part in parts if part.number == 4)

    assert [(part.number, part.size_mib) for part in apart] == [(1, 256), (2, 96), (3, 96), (5, 508), (6, 508)]
    assert all(part.start_mib % GRID_MIB == 0 for part in parts)
    assert all(one.end_mib <= next_one.start_mib for one, next_one in itertools.pairwise(apart))
    # A logical partition's own table lies in the cell before it.
    assert all(around.start_mib + GRID_MIB <= part.start_mib and part.end_mib <= around.end_mib for part in apart[3:])


@pytest.mark.host
def test_the_table_is_the_one_that_was_asked_for(tmp_path: Path):
    make_disk(tmp_path / "card.img", IMAGE.disk, {})

    dump = subprocess.run(
        ["sfdisk", "--dump", tmp_path / "card.img"], capture_output=True, text=True, check=True, env=environment()
    ).stdout
    assert "label-id: 0x56494749" in dump
    kinds = [line.split("type=")[1].split(",")[0] for line in dump.splitlines() if "type=" in line]
    assert kinds == ["c", "83", "83", "f", "83", "83"]
    for part in layout(IMAGE.disk):
        assert f"start={part.start_mib * MIB // 512:>12}, size={part.size_mib * MIB // 512:>12}" in dump
    assert "bootable" in table_script(IMAGE.disk).splitlines()[4]


@pytest.mark.host
def test_what_is_larger_than_its_partition_is_refused(tmp_path: Path):
    large = tmp_path / "root.img"
    with large.open("wb") as file:
        file.truncate(509 * MIB)

    with pytest.raises(BuildError, match="p5 has 508 MiB"):
        make_disk(tmp_path / "card.img", IMAGE.disk, {5: large})


@pytest.mark.host
def test_a_fat_of_the_same_files_is_the_same_bytes(tmp_path: Path):
    files = {"b/c/deep.txt": b"deep", "a.txt": b"first", "b/d.bin": bytes(70_000)}
    for name, order in (("one", list(files)), ("two", list(reversed(files)))):
        make_fat(
            tmp_path / name,
            {path: files[path] for path in order},
            size_mib=64,
            label="T",
            serial="56494741",
            epoch=1_700_000_000,
        )

    one, two = ((tmp_path / name).read_bytes() for name in ("one", "two"))
    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()
    listed = subprocess.run(["mtype", "-i", tmp_path / "one", "::b/c/deep.txt"], capture_output=True, check=True)
    assert listed.stdout == b"deep"


def test_a_slot_names_its_root_by_the_hash_and_the_disk_by_its_signature():
    verity = Verity(root_hash="ab" * 32, hash_offset_bytes=4096, size_bytes=8192)

    said = slot_arguments(IMAGE.disk, IMAGE.boot, verity, 5)

    assert f"roothash={'ab' * 32} " in said
    assert "systemd.verity_root_data=PARTUUID=56494749-05 " in said
    assert "systemd.verity_root_options=hash-offset=4096,panic-on-corruption" in said
    assert SLOTS == {"A": (2, 5), "B": (3, 6)}


def test_a_slot_is_told_its_arguments_for_either_place():
    verity = Verity(root_hash="ab" * 32, hash_offset_bytes=4096, size_bytes=8192)

    lines = slot_environment(IMAGE.disk, IMAGE.boot, verity).decode().splitlines()

    assert [line.partition("=")[0] for line in lines] == ["slotargs_A", "slotargs_B"]
    assert [line.replace("_B=", "_A=").replace("-06 ", "-05 ") for line in lines] == [lines[0]] * 2 != lines


def test_imager_is_told_of_every_board_that_has_a_device_tree():
    assert boards_of(IMAGE.boot) == ["pi3-64bit", "pi4-64bit", "pi5-64bit"]


def test_every_library_is_pinned_once_for_the_box():
    pins = all_pins(ROOT / lock for lock in IMAGE.python.locks)
    names = [name_of(pin) for pin in pins]

    assert {"cryptography", "av", "picamera2", "lgpio", "gpiozero"} <= set(names)
    assert len(names) == len(set(names))
    assert all("--hash=sha256:" in pin and ";" not in pin for pin in pins)
    # The box has Python 3.13: of the two lines for numpy and av it gets the newer.
    assert any(pin.startswith("numpy==2.5") for pin in pins)


def test_what_is_compiled_or_left_out_is_in_a_lock():
    names = {name_of(pin) for pin in all_pins(ROOT / lock for lock in IMAGE.python.locks)}

    assert {*IMAGE.python.from_source, *IMAGE.python.left_out} <= names


def test_a_module_brings_what_it_needs_along():
    needs = read_needs("kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/c.ko\nkernel/c.ko:\nkernel/d.ko: kernel/a.ko\n")

    assert with_needs(["kernel/a.ko"], needs) == {"kernel/a.ko", "kernel/b.ko", "kernel/c.ko"}


def test_nobody_keeps_a_password():
    before = "root:$y$j9T$abc:19000:0:99999:7:::\nvigil-guard:!:20000::::::\n"

    assert locked(before) == "root:!*::0:99999:7:::\nvigil-guard:!*:::::::\n"


def test_each_budget_that_is_exceeded_is_told():
    heavy = budgets.Weight(
        root_bytes=221 << 20, compressed_bytes=201_000_000, seconds=26 * 60, cpu_seconds=30 * 60, fresh=True
    )
    fits = budgets.Weight(root_bytes=220 << 20, compressed_bytes=200_000_000, seconds=91, cpu_seconds=120, fresh=False)

    assert budgets.excesses(BUDGET, heavy, rebuild=False) == [
        "the root has 221.0 MiB; the budget is 220 MiB",
        "the compressed image has 201.0 MB; the budget is 200 MB",
        "the first build has 26.0 min; the budget is 25 min",
    ]
    assert budgets.excesses(BUDGET, fits, rebuild=False) == []
    assert budgets.excesses(BUDGET, fits, rebuild=True) == ["the rebuild has 91.0 s; the budget is 90 s"]
    # Others had the machine meanwhile.
    assert budgets.excesses(BUDGET, replace(fits, seconds=900, cpu_seconds=89), rebuild=True) == []


def test_a_signature_holds_for_its_text_alone():
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    verifier = notes.verifier_key("vigil-image", notes.public_bytes(key))
    note = notes.sign("a card\n", "vigil-image", key)

    assert notes.open_note(note, verifier) == "a card\n"
    with pytest.raises(BuildError, match="false"):
        notes.open_note(note.replace("a card", "another card"), verifier)
    other = notes.verifier_key(
        "vigil-image", notes.public_bytes(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1"))
    )
    with pytest.raises(BuildError, match="no signature"):
        notes.open_note(note, other)


def test_a_product_is_made_once_for_equal_inputs(tmp_path: Path):
    made: list[Path] = []

    def make(product: Path) -> None:
        made.append(product)
        (product / "file").write_text("x", encoding="utf-8")

    cache = Cache(tmp_path)
    first, again, other = (cache.product("step", {"input": number}, make) for number in (1, 1, 2))

    assert first == again != other
    assert len(made) == 2 and (first / "file").exists()


def nothing(_product: Path) -> None:
    """A step without a file."""


def test_a_step_that_fails_leaves_no_product(tmp_path: Path):
    def make(product: Path) -> None:
        (product / "half").write_text("x", encoding="utf-8")
        raise BuildError("no")

    cache = Cache(tmp_path)
    with pytest.raises(BuildError):
        cache.product("step", {}, make)

    assert [path.suffix for path in tmp_path.glob("step*")] == [".making"]
    cache.product("step", {"other": 1}, nothing)
    cache.sweep()
    assert [path.suffix for path in tmp_path.glob("step*")] == [""]


def test_two_builds_that_lack_the_same_product_make_it_once(tmp_path: Path):
    made: list[Path] = []
    begun, may_end = threading.Event(), threading.Event()

    def make(product: Path) -> None:
        made.append(product)
        begun.set()
        assert may_end.wait(30)

    def build() -> Path:
        return Cache(tmp_path).product("step", {}, make)

    with ThreadPoolExecutor() as builds:
        first = builds.submit(build)
        assert begun.wait(30)
        second = builds.submit(build)
        other = Cache(tmp_path)
        other.product("step", {"other": 1}, nothing)
        other.sweep()
        assert len(list(tmp_path.glob("*.making"))) == 1
        may_end.set()
        assert first.result() == second.result()

    assert len(made) == 1


def test_a_hash_of_files_sees_names_modes_and_contents_but_no_times(tmp_path: Path):
    (tmp_path / "a").write_text("x", encoding="utf-8")
    before = hash_of_files(tmp_path)
    (tmp_path / "a").touch()
    assert hash_of_files(tmp_path) == before

    (tmp_path / "a").chmod(0o755)
    assert hash_of_files(tmp_path) != before


def test_the_builders_code_counts_but_not_its_layout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("builder.build.HERE", tmp_path)
    said = []
    for text in ("x = 1\n", "# why\nx   =  1\n", "x = 2\n"):
        (tmp_path / "step.py").write_text(text, encoding="utf-8")
        said.append(code("step"))

    assert said[0] == said[1] != said[2]


def test_the_builder_needs_little_and_knows_nothing_of_the_recorder():
    files = sorted((ROOT / "image/builder").glob("*.py"))
    assert len(files) > 20

    found: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.split(".")[0])

    assert found - set(sys.stdlib_module_names) == {"boot", "cryptography", "packaging"}
