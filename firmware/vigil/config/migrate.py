"""
Files of older schemas become files of this one: each step a pure function from document to document.

A step carries over what the newer schema can say and notes what it cannot.
Values it does not understand go on unchanged, so that reading reports them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vigil.config.model import SCHEMA
from vigil.config.redact import shown
from vigil.config.schema0 import from_schema_0
from vigil.config.syntax import Document
from vigil.errors import ConfigError

STEPS: dict[int, Callable[[Document, list[str]], Document]] = {0: from_schema_0}
"""By the schema a step starts from; it returns a new document of the next schema and appends its notes."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A document of this version's schema, and what was not carried over."""

    document: Document
    notes: list[str] = field(default_factory=list)


def schema_of(document: Document) -> int:
    """Return the schema a document was written for. Raises `ConfigError` where it does not say."""
    if "schema" not in document:
        # Before there were numbers, cameras were [[cameras]]; nothing since has that table.
        if "cameras" in document and "camera" not in document:
            return 0
        raise ConfigError([f"schema: missing; write schema = {SCHEMA} as the first line"])
    schema = document["schema"]
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 0:
        raise ConfigError([f"schema = {shown(schema)}: give {SCHEMA}"])
    return schema


def newer(schema: int) -> str:
    """Say that a file was written for a version after this one."""
    return (
        f"schema = {shown(schema)}: written for a newer version of Vigil than this one, which knows {SCHEMA}; "
        "update Vigil, or give a file of that schema"
    )


def forward(document: Document, schema: int) -> Forwarded:
    """Carry a document from `schema` (at most ours) to ours, step by step."""
    notes: list[str] = []
    for step in range(schema, SCHEMA):
        document = STEPS[step](document, notes)
    return Forwarded(document, notes)
