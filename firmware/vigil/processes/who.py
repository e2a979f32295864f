"""Who speaks on the hub, and what its user may ask for: as the kernel says, never as it calls itself."""

from __future__ import annotations

import os
import pwd

from vigil.processes.hub import Peer

_PERSONS = 1000
"""Debian gives people user ids from here on; below are services, which may not disarm."""


def is_our(peer: Peer, name: str) -> bool:
    """Say whether it is this process of ours: by the name it gives, and by its user where it has one of its own."""
    uids = {0, os.getuid()}
    try:
        uids.add(pwd.getpwnam(f"vigil-{name}").pw_uid)
    except KeyError:
        pass  # a plain host: all processes are of one user
    return peer.name == name and peer.uid in uids


def may_command(uid: int, *, own_uid: int) -> bool:
    """Say whether this user may arm and disarm: whoever has an account on the box may, its other services may not."""
    return may_own(uid, own_uid=own_uid) or uid >= _PERSONS


def may_own(uid: int, *, own_uid: int) -> bool:
    """Say whether this user may say whose the box is: root, who could write it anyway, and guard's own."""
    return uid in (0, own_uid)


def name_of(uid: int) -> str:
    """Return what a user is called, for the journal."""
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
