"""
A box that was claimed follows its new owner: configuration and secrets become what guard has decided.

Guard may write neither. What is here is done as root, at once by `vigil claim
take` and at each start of the box, once for each claim; a cut in between only
makes it be done again (docs/design/claiming.md, *What a claim does*).
"""

from __future__ import annotations

import logging
import os
import pwd
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vigil.config.files import boot
from vigil.config.model import Owner
from vigil.config.secrets import SecretFiles
from vigil.config.write import written
from vigil.errors import FormatError, StoreFault
from vigil.guard.claiming import SUBJECT
from vigil.guard.ownership import Owned, Ownership
from vigil.processes.group import share_with_ours
from vigil.processes.place import Place
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_GUARD = "vigil-guard"


def follow(place: Place, disk: Disk) -> Ownership | None:
    """
    Do what the newest claim asks for, where that is not done; return it, None where there was nothing to do.

    Raises `StoreError` where the disk refuses (the next start tries again),
    `FormatError` for a state file that is not guard's, or is none.
    """
    claim = _claim(disk, place.state_file(SUBJECT))
    secrets = SecretFiles.below(place.data)
    if claim is None or claim.owned is not Owned.CLAIMED or claim.taken == _followed(disk, secrets.settled):
        return None
    if claim.recipients:
        _seal_for(claim.recipients, place, disk)
    disk.make_directory(secrets.directory)
    if claim.how == "takeover":
        _put_aside(secrets, disk, claim.taken)
    disk.replace(secrets.settled, f"{claim.taken}\n".encode())
    log.info("the box follows its new owner %s (claim %d, %s)", claim.administrator, claim.taken, claim.how)
    return claim


def _claim(disk: Disk, path: Path) -> Ownership | None:
    """Everybody of our group makes files beside it: only guard's own word counts."""
    if not path.exists():
        return None
    ours = {0, os.geteuid()}
    with suppress(KeyError):
        ours.add(pwd.getpwnam(_GUARD).pw_uid)
    if path.stat(follow_symlinks=False).st_uid not in ours:
        raise FormatError(f"{path.name} was not written by guard: nobody follows it")
    try:
        return Ownership.restored(disk.read_bytes(path))
    except ValueError as error:
        raise FormatError(f"{path.name} cannot be read, so nobody follows it: {error}") from error


def _followed(disk: Disk, path: Path) -> int:
    try:
        return int(disk.read_bytes(path))
    except (StoreFault, ValueError):
        return 0


def _seal_for(recipients: tuple[str, ...], place: Place, disk: Disk) -> None:
    """Write the configuration that is in force, for other recipients; what its owner wrote stays beside it."""
    files = place.config_files
    config = boot(files, disk.read_bytes, lambda _path, _data: None).config
    if config.owner.recipients == recipients:
        return
    if files.owners.exists():
        before = files.owners.with_name(f"{files.owners.name}.before-claim")
        disk.replace(before, disk.read_unless_lost(files.owners) or b"")
        share_with_ours(before, 0o640)
    head = f"with the recipients of a claim; what it was before is in {files.owners.name}.before-claim"
    disk.replace(files.owners, written(replace(config, owner=Owner(recipients=recipients)), head=head))
    share_with_ours(files.owners, 0o640)


def _put_aside(secrets: SecretFiles, disk: Disk, taken: int) -> None:
    """What the owner of before knew opens nothing here any more; his identity stays, for his recordings."""
    if secrets.sealed_identity.exists():
        aside = secrets.sealed_identity.with_name(f"{secrets.sealed_identity.name}.before-{taken}")
        disk.replace(aside, disk.read_bytes(secrets.sealed_identity))
        aside.chmod(0o600)
        disk.unlink(secrets.sealed_identity)
    for path in (secrets.pin, secrets.pin_recovery):
        if path.exists():
            disk.unlink(path)
            disk.sync_directory(path.parent)
    disk.sync_directory(secrets.directory)
