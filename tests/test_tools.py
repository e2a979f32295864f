"""The project's linters, each as a test, so that pytest is the only command to remember."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.repository import ROOT, name_of, shell_scripts, text_files

pytestmark = pytest.mark.host  # the tools are installed beside the host's Python only

# The tests' own functions carry no return types, and pytest's fixtures reach them untyped; all else is checked.
RELAXED = (
    "--cache-dir=.mypy_cache/tests",
    *("--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls", "--allow-untyped-decorators"),
    *("--allow-any-generics", "--implicit-reexport", "--no-warn-return-any", "--no-warn-unused-ignores"),
    "--allow-subclassing-any",
    *("--disable-error-code=var-annotated", "--disable-error-code=comparison-overlap"),
)


def tool(name: str) -> str:
    """Where the tool is: beside this Python first. Missing ones skip on a laptop and fail where nobody looks."""
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not installed; `make setup` installs it")
    pytest.skip(f"{name} is not installed; `make setup` installs it")


def assert_content(*command: str) -> None:
    """Run a tool over the checkout, and show what it says where it is not content."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{Path(command[0]).name}:\n{done.stdout}{done.stderr}"


def test_ruff_finds_nothing_to_say():
    assert_content(tool("ruff"), "check", "--quiet", ".")


def test_every_file_has_the_one_format():
    assert_content(tool("ruff"), "format", "--check", "--quiet", "--diff", ".")


def test_every_type_in_the_product_fits():
    assert_content(tool("mypy"), "--no-error-summary")


def test_the_tests_use_the_product_as_it_is_typed():
    tests = [name for path in text_files("*.py") if (name := name_of(path)).startswith(("tests/", "hw_tests/"))]
    assert "tests/test_tools.py" in tests

    assert_content(tool("mypy"), *RELAXED, "--explicit-package-bases", "--no-error-summary", *tests)


def test_shellcheck_has_no_objection():
    scripts = [name_of(path) for path in shell_scripts()]
    assert ".ci/run" in scripts and "tests/ground/setup.sh" in scripts

    assert_content(tool("shellcheck"), "--external-sources", *scripts)


def test_shell_scripts_can_be_run():
    plain = [name_of(path) for path in shell_scripts() if not os.access(path, os.X_OK)]

    assert plain == []


def test_words_are_spelt_as_words_are():
    prose = [name_of(path) for path in text_files("*.md", "*.py", "*.sh", "*.toml", "*.txt", "Makefile", "run")]
    words = [name for name in prose if not name.startswith(("firmware/locks/", "tests/vectors/"))]
    assert "README.md" in words

    assert_content(tool("codespell"), *words)
