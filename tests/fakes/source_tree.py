"""What the product's source says about itself, read from its syntax: who imports whom, and how long things are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fakes.repository import PACKAGE, name_of


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the dotted name that is imported, and the line where it is."""

    name: str
    line: int

    @property
    def library(self) -> str:
        """The top of the name: `numpy` of `numpy.lib.stride_tricks`."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package."""

    path: Path

    @property
    def where(self) -> str:
        """The path below `firmware/vigil`, as docs/design/parts.md writes it: `cameras/rtsp.py`."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def part(self) -> str:
        """The folder directly below the package, or the file's stem: `cameras`, `errors`, `__main__`."""
        return self.where.partition("/")[0].removesuffix(".py")

    @property
    def dotted(self) -> str:
        """The name Python imports it by: `vigil.cameras.rtsp`."""
        return "vigil." + self.where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imports(self) -> list[Import]:
        """Every import in the file: also those inside functions, and those that only type checkers follow."""
        return [found for node in ast.walk(parse(self.path)) for found in _imports_of(node, self._package())]

    def _package(self) -> list[str]:
        names = self.where.split("/")[:-1]
        return ["vigil", *names]


def modules() -> list[Module]:
    """Every module below a part of the package, and the top-level files beside them."""
    return [Module(path) for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def long_functions(path: Path, most: int) -> Iterator[str]:
    """Name each function that is longer than `most` lines, its docstring not counted."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            if length > most:
                yield f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def _imports_of(node: ast.AST, package: list[str]) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*origin, *([node.module] if node.module else [])])
        # `from vigil.segments import age` imports a module, `from vigil.errors import Forged` a name in one:
        # written out in full, both begin with the module that is meant.
        yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        match node.args:
            case [ast.Constant(value=str(name)), *_]:
                yield Import(name, node.lineno)
