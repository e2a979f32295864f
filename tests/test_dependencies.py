"""What Vigil depends on is locked by hash, and no file says where packages come from."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from fakes.repository import ROOT, name_of, text_files

LOCKS = sorted((ROOT / "firmware" / "locks").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Written in two halves, so that this file does not name them either.
ADDRESS = re.compile(
    "|".join(
        [
            r"--(extra-)?index" + "-url",
            r"--find" + "-links",
            r"--trusted" + "-host",
            r"https?://\S*(pypi" + r"\.|python" + r"hosted|/sim" + "ple/)",
            r"registry\.npm" + r"js|static\.cra" + r"tes\.io",
        ]
    )
)

# The machines and Pythons that a lock must serve: Debian 12 and 13, on a PC and on a Raspberry Pi.
ENVIRONMENTS = [
    {**default_environment(), "python_version": short, "python_full_version": full, "platform_machine": machine}
    for short, full in (("3.11", "3.11.2"), ("3.13", "3.13.5"))
    for machine in ("x86_64", "aarch64")
]

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)


def locked(lock) -> list[tuple[Requirement, list[str]]]:
    """Each pinned package of a lock with its hashes."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))
    split = [line.split(" --hash=") for line in text.splitlines() if line.strip()]
    return [(Requirement(first), [digest.strip() for digest in hashes]) for first, *hashes in split]


def asked(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for: to run, and in the named groups and those they include."""
    wanted = [*PROJECT["project"]["dependencies"]] if not groups else []
    for group in groups:
        for entry in PROJECT["dependency-groups"][group]:
            if isinstance(entry, str):
                wanted.append(entry)
            else:
                wanted += [str(found) for found in asked(entry["include-group"])]
    return [Requirement(entry) for entry in wanted]


def assert_locked(lock_name: str, wanted: list[Requirement], environment: dict) -> None:
    """Each wanted package has exactly one pin that holds there, and the pin is a version that was asked for."""
    here = [pin for pin, _ in locked(ROOT / "firmware" / "locks" / lock_name) if holds(pin, environment)]
    for requirement in wanted:
        pins = [pin for pin in here if pin.name == requirement.name]
        assert len(pins) == 1, f"{lock_name} has {len(pins)} pins for {requirement.name}; run `make lock`"
        version = next(iter(pins[0].specifier)).version
        assert requirement.specifier.contains(version), f"{lock_name} has {pins[0]}, {requirement} is asked for"


def holds(pin: Requirement, environment: dict) -> bool:
    """Whether a pin is meant for that machine and Python."""
    return pin.marker is None or pin.marker.evaluate(environment)


def test_there_are_locks_and_things_to_lock():
    assert [lock.name for lock in LOCKS] == ["runtime.txt", "tests.txt", "torture.txt"]
    assert [len(locked(lock)) > 5 for lock in LOCKS] == [True, True, False]
    assert asked() and asked("tests") and asked("torture")


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: f"{e['python_version']}-{e['platform_machine']}")
def test_all_that_is_asked_for_is_locked(environment):
    assert_locked("runtime.txt", asked(), environment)
    assert_locked("tests.txt", [*asked(), *asked("tests")], environment)
    assert_locked("torture.txt", [one for one in asked("torture") if holds(one, environment)], environment)


@each_lock
def test_every_package_is_pinned_by_hashes(lock):
    for pin, hashes in locked(lock):
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), f"{pin} is not one version"
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), f"{pin}: {hashes}"


@each_lock
def test_no_package_is_pinned_twice_for_one_machine(lock):
    for environment in ENVIRONMENTS:
        names = Counter(pin.name for pin, _ in locked(lock) if holds(pin, environment))

        assert [name for name, count in names.items() if count > 1] == []


def test_what_is_tested_is_what_ships():
    tested = {str(pin): hashes for pin, hashes in locked(ROOT / "firmware/locks/tests.txt")}

    for pin, hashes in locked(ROOT / "firmware/locks/runtime.txt"):
        assert tested.get(str(pin)) == hashes


@each_lock
def test_a_lock_names_no_address(lock):
    assert "://" not in lock.read_text(encoding="utf-8")


def test_no_file_says_where_packages_come_from():
    files = text_files("*")
    assert files

    found = [
        f"{name_of(path)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ADDRESS.search(line)
    ]

    assert found == []


def test_every_debian_package_has_its_reason():
    lines = (ROOT / "tests/ground/apt.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages

    assert [line for line in packages if not re.fullmatch(r"[a-z0-9.+-]+ +# \S.*", line)] == []
