"""What the documents name exists: paths, links, headings, and the commands one is told to type."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fakes.repository import PACKAGE, ROOT, name_of, text_files

PAGES = [page for page in text_files("*.md") if name_of(page).startswith("docs/") or page.parent == ROOT]
each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)

TOP = {"firmware", "image", "overlays", "hw_tests", "tests", "docs", ".ci"}
# Pages speak of modules by their path below `firmware/vigil`: `cameras/rtsp.py`.
PARTS = {path.name for path in PACKAGE.iterdir() if path.is_dir()}

CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r"^( *)(```+|~~~+)(.*?)^\1\2", re.MULTILINE | re.DOTALL)
LINK = re.compile(r'!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|(?:src|href)="([^"]+)"')
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|[`;&|(] *)(?:\$ |sudo )*(?:\.venv/bin/)?vigil +([a-z][^`\n;&|<>#)(]*)", re.MULTILINE)
# At most two words are the command's own; more are the owner's: `vigil export demo`.
WORDS = re.compile(r"^[a-z][a-z-]*(?: +[a-z][a-z-]*(?= |$))?")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


@cache
def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def paths_named(page: Path) -> list[str]:
    """Every word in code quotes that looks like a path of the repository or of the package."""
    words = [word.rstrip("/") for word in CODE.findall(prose(page)) if "/" in word]
    return [word for word in words if re.fullmatch(r"[\w.*/-]+", word) and word.split("/")[0] in TOP | PARTS]


def exists(word: str) -> bool:
    """Whether a path or a glob pattern names something in the checkout or the package."""
    return any(True for top in (ROOT, PACKAGE) for _ in top.glob(word))


def slugs(page: Path) -> set[str]:
    """The names by which the page's headings can be linked to."""
    bare = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in bare}


def broken_links(page: Path) -> Iterator[str]:
    """Every relative link which leads nowhere."""
    for link in (markdown or html for markdown, html in LINK.findall(prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = page.parent / place if place else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in slugs(target)):
            yield link


def commands_named() -> dict[tuple[str, ...], set[str]]:
    """Every `vigil …` that a page tells one to type: the words up to the first argument, with the options used."""
    found: dict[tuple[str, ...], set[str]] = {}
    for page in PAGES:
        if page.name == "CHANGELOG.md":  # speaks of what was, too
            continue
        for line in _command_lines(page):
            for words in WORDS.findall(line):
                found.setdefault(tuple(words.split()), set()).update(OPTION.findall(line))
    return found


def _command_lines(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for quoted in CODE.findall(prose(page)):
        yield from COMMAND.findall(quoted)
    for block in FENCE.finditer(text):
        yield from COMMAND.findall(block[3].replace("\\\n", " "))


def help_of(words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """What the program says about a sub-command."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "COLUMNS": "200"}
    program = [sys.executable, "-m", "vigil", *words, "--help"]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


def names_of_tests(page: Path) -> list[str]:
    """Every word in code quotes that looks like the name of a test."""
    return [word for word in CODE.findall(prose(page)) if re.fullmatch(r"test_\w+", word)]


@cache
def known_tests() -> set[str]:
    """The names of all tests of the checkout."""
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "hw_tests").rglob("test_*.py")]
    return {name for file in files for name in re.findall(r"^ *def (test_\w+)", file.read_text(), re.MULTILINE)}


def test_there_are_pages():
    assert {"README.md", "CHANGELOG.md", "docs/design/parts.md"} <= {name_of(page) for page in PAGES}
    assert sum(len(paths_named(page)) for page in PAGES) > 10


@each_page
def test_every_path_named_exists(page):
    assert [word for word in paths_named(page) if not exists(word)] == []


@each_page
def test_every_test_named_exists(page):
    assert [word for word in names_of_tests(page) if word not in known_tests()] == []


def test_the_checklist_names_tests():
    assert len(names_of_tests(ROOT / "docs" / "checklist.md")) > 30


@each_page
def test_every_relative_link_leads_somewhere(page):
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("words", sorted(commands_named()), ids=" ".join)
def test_every_command_named_can_be_typed(words):
    said = help_of(words)

    assert said.returncode == 0, said.stderr
    assert {option for option in commands_named()[words] if option not in said.stdout} == set()
