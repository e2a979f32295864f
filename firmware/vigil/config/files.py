"""
Which file counts: the owner's, this version's own copy of an older one, or the last that was applied well.

    DIR/vigil.toml                     the owner's file; never written here
    DIR/vigil.schema1.toml             this version's own copy, where vigil.toml is of an older schema
    DIR/state/applied.schema1.toml     what was last applied well

Names carry the schema, so that a version that is rolled back finds its own.
Reading and writing are handed in; neither this module nor its callers in a
booting recorder can fail for what the files hold.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vigil.config.migrate import newer, schema_of
from vigil.config.model import SCHEMA, Config
from vigil.config.read import Salvage, TakenFrom, read_lenient
from vigil.config.syntax import parse
from vigil.config.write import written
from vigil.digest import sha256
from vigil.errors import ConfigError, VigilError

Read = Callable[[Path], bytes]
Write = Callable[[Path, bytes], None]

_ORIGIN = re.compile(rb"^# made from .* sha256 ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """The three files of one data directory."""

    owners: Path
    own_copy: Path
    applied: Path

    @classmethod
    def below(cls, data_dir: Path) -> ConfigFiles:
        """Return the files of a data directory. Where vigil.toml is a link, its own copy lies where that leads."""
        owners = data_dir / "vigil.toml"
        owners = owners.parent / owners.readlink() if owners.is_symlink() else owners
        return cls(
            owners,
            owners.with_name(f"vigil.schema{SCHEMA}.toml"),
            data_dir / "state" / f"applied.schema{SCHEMA}.toml",
        )


def boot(files: ConfigFiles, read: Read, write: Write) -> Salvage:
    """
    Return the configuration to go on with; makes the own copy where it is due. Never raises for what files hold.

    `read` raises `StoreFault` or `OSError` where it cannot (errno says why); `write`
    puts bytes at a path durably, so that the old or the new content is found.
    """
    faults: list[str] = []
    data, applied = _read(files.owners, read, faults), _read(files.applied, read, faults)
    copy = _read(files.own_copy, read, faults)
    schema = _schema(data)
    if data is not None and schema is not None and schema < SCHEMA:
        salvage = _older(files, data, copy, applied, write)
    elif copy and schema is not None and schema > SCHEMA:
        faults += [f"{files.owners.name}: {newer(schema)}", f"used instead: {TakenFrom.OWN_COPY.value}"]
        salvage = _from_copy(read_lenient(copy, applied))
    else:
        salvage = read_lenient(data, applied)
    return replace(salvage, faults=(*faults, *salvage.faults))


def remember_applied(files: ConfigFiles, config: Config, write: Write) -> None:
    """Keep `config` as the last that was applied well. Raises what `write` raises; its directory must exist."""
    write(files.applied, written(config, head="what was last applied well; kept by Vigil, edit vigil.toml instead"))


def _older(files: ConfigFiles, data: bytes, copy: bytes | None, applied: bytes | None, write: Write) -> Salvage:
    """Use the copy made from exactly this file (it may have been edited since); make it where there is none."""
    digest = sha256(data).hex()
    origin = _ORIGIN.search(copy) if copy else None
    if origin and origin[1].decode() == digest:
        return _from_copy(read_lenient(copy, applied))
    salvage = read_lenient(data, applied)
    if salvage.faults:
        # A copy would freeze what only stands in for mistakes; so the old file is read until it is corrected.
        return salvage
    head = f"made from {files.owners.name}, which is left as it is for older versions; sha256 {digest}"
    try:
        write(files.own_copy, written(salvage.config, head=head))
    except (VigilError, OSError) as error:
        return replace(salvage, faults=(f"this version's own copy of the configuration is not kept: {error}",))
    if copy:
        told = f"{files.owners.name} was edited after {files.own_copy.name} was made, so that was made again from it"
        return replace(salvage, notes=(*salvage.notes, told))
    return salvage


def _from_copy(salvage: Salvage) -> Salvage:
    return replace(salvage, taken_from=TakenFrom.OWN_COPY) if salvage.taken_from is TakenFrom.FILE else salvage


def _read(path: Path, read: Read, faults: list[str]) -> bytes | None:
    """Return the bytes, None where there is no such file, and no bytes (which is a fault) where it cannot be read."""
    try:
        return read(path)
    except (VigilError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOENT:
            return None
        faults.append(f"{path.name} cannot be read: {error}")
        return b""


def _schema(data: bytes | None) -> int | None:
    try:
        return None if data is None else schema_of(parse(data))
    except ConfigError:
        return None
