"""Who is at home, as far as the box knows."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.data_dir import default_data_dir
from vigil.errors import PeerError
from vigil.processes.panorama_lines import clean

if TYPE_CHECKING:
    from vigil.events import MemberKnown

_PATIENCE_S = 5.0
_SECOND_US = 1_000_000
_HOW = {"ping": "answered a ping", "neighbours": "answered the network"}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `presence`."""
    command = subparsers.add_parser("presence", help="who is at home, since when, and how the box knows")
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )
    command.set_defaults(run=_show)


def _show(given: argparse.Namespace) -> int:
    from vigil.events import AskPresence, MemberKnown, PresenceKnown
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    path = Place(given.data.absolute()).hub
    client = HubClient(path, "cli")
    if not client.connect() or not client.send(AskPresence()):
        raise PeerError(f"guard does not answer at {path}: is Vigil running?")
    members: list[MemberKnown] = []
    for message in client.listen(timeout_s=_PATIENCE_S):
        if isinstance(message, MemberKnown):
            members.append(message)
        elif isinstance(message, PresenceKnown):
            client.close()
            print(f"presence: {clean(message.state)}" + (f" ({clean(message.why)})" if message.why else ""))
            for member in members:
                print(line_of(member))
            return 1 if message.why else 0
    client.close()
    raise PeerError(f"guard said nothing for {_PATIENCE_S:g} s")


def line_of(member: MemberKnown) -> str:
    """Say in a line how one member is."""
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(member.since_us / _SECOND_US)) if member.since_us else ""
    words = f"{clean(member.member)} ({clean(member.role)}): {clean(member.state)}"
    if since and member.state != "unknown":
        words += f" since {since}"
    if member.seen_age_us < 0:
        return f"{words}; has not answered yet"
    return f"{words}; {_HOW.get(member.how, 'answered')} {span(member.seen_age_us)} ago"


def span(age_us: int) -> str:
    """Say how long: seconds, or minutes, or hours."""
    age_s = age_us // _SECOND_US
    if age_s < 120:
        return f"{age_s} s"
    return f"{age_s // 60} min" if age_s < 7200 else f"{age_s // 3600} h"
