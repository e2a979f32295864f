"""`vigil claim` and `vigil takeover`: whose box this is, taking it, and saying no to somebody who wants it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.data_dir import default_data_dir
from vigil.errors import PeerError, VigilError
from vigil.processes.panorama_lines import clean

if TYPE_CHECKING:
    from vigil.events import Message, Ownership

_PATIENCE_S = 5.0
_APPLIED = Path("/run/vigil-applied.json")
"""Where the units of the image run, and can be told to begin anew."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `claim` and `takeover`."""
    claim = subparsers.add_parser("claim", help="whose box this is, and taking it while its button lets you")
    commands = claim.add_subparsers(metavar="COMMAND", required=True)
    _add(commands, "status", _status, "say whose box this is, and whether it can be claimed now")
    _add(commands, "open", _open, "let a box that nobody has claimed be claimed, as a hold of its button does")
    words = "take the box: while claiming is open, and once"
    take = _add(commands, "take", _take, words)
    take.add_argument("--administrator", required=True, metavar="NAME", help="what you are called, for the journal")
    take.add_argument(
        "--recipient", action="append", default=[], metavar="age1…",
        help="who may open recordings from now on (`vigil keys new` makes a key); may be given more than once",
    )  # fmt: skip
    takeover = subparsers.add_parser("takeover", help="somebody without credentials wants the box: see, or say no")
    answers = takeover.add_subparsers(metavar="COMMAND", required=True)
    _add(answers, "status", _status, "say whether a takeover is announced, and how long it still waits")
    _add(answers, "cancel", _cancel, "say no: the box stays whose it is")


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str,
    run: Callable[[argparse.Namespace], int], words: str,
) -> argparse.ArgumentParser:  # fmt: skip
    command = commands.add_parser(name, help=words, description=words)
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )
    command.set_defaults(run=run)
    return command


def _status(given: argparse.Namespace) -> int:
    from vigil.events import Ownership, Watch
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    path = Place(given.data.absolute()).hub
    client = HubClient(path, "cli")
    if not client.connect() or not client.send(Watch()):
        raise PeerError(f"guard does not answer at {path}: is Vigil running?")
    for message in client.listen(timeout_s=_PATIENCE_S):
        if isinstance(message, Ownership) and message.owned:
            print("\n".join(clean(line) for line in lines(message)))
            client.close()
            return 0
    client.close()
    raise PeerError(f"guard did not say whose the box is within {_PATIENCE_S:g} s: ask again")


def lines(said: Ownership) -> list[str]:
    """Return for people what guard says."""
    whose = {
        "unclaimed": "nobody's: hold its button for ten seconds, or `vigil claim open`",
        "prepared": "nobody has claimed it; it seals for whom its settings name. Hold its button for ten seconds",
        "claimed": f"claimed by {said.administrator or 'somebody'}",
        "unknown": "not known any more, so it is taken for somebody's (docs/guide/claiming.md)",
    }
    told = [f"owner: {whose.get(said.owned, said.owned)}"]
    if said.open_for:
        told.append(f"claiming: open for {said.open_left_s} s more ({said.open_for})")
    else:
        told.append("claiming: closed")
    if said.takeover == "waiting":
        told.append(f"takeover: announced, {span(said.takeover_left_s)} to go; `vigil takeover cancel` says no")
    elif said.takeover == "ripe":
        told.append(f"takeover: hold the button for ten seconds to claim; it lapses in {span(said.takeover_left_s)}")
    else:
        told.append("takeover: none")
    if said.last:
        told.append(f"last: {said.last}: {said.words}")
    return told


def span(seconds: int) -> str:
    """Return a span in hours and minutes, the running time of the box being meant."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min of running time"


def _open(given: argparse.Namespace) -> int:
    from vigil.events import OpenClaim

    return _asked(given, OpenClaim())


def _cancel(given: argparse.Namespace) -> int:
    from vigil.events import CancelTakeover

    return _asked(given, CancelTakeover())


def _take(given: argparse.Namespace) -> int:
    """Guard judges; what it may not write is done here, and otherwise at the next start of the box."""
    from vigil.events import TakeClaim
    from vigil.processes.new_owner import follow
    from vigil.processes.place import Place
    from vigil.store.disk import Disk

    if code := _asked(given, TakeClaim(administrator=given.administrator, recipients=given.recipient)):
        return code
    try:
        claim = follow(Place(given.data.absolute()), Disk())
    except (VigilError, OSError) as error:
        print(f"Its settings do not follow yet; they will when the box starts again: {error}")
        return 1
    if claim and claim.recipients:
        _begin_anew(given.data.absolute())
    print("Now set a PIN (`vigil config set-pin`), and seal your key under a password (`vigil config set-password`).")
    return 0


def _begin_anew(data: Path) -> None:
    if not _APPLIED.exists():
        print("It records for the new key when it is started again.")
        return
    from vigil.processes.apply import Host
    from vigil.processes.settings import load
    from vigil.store.disk import Disk

    Host().apply(load(data, Disk()).salvage.config)
    print("It records for the new key from now on.")


def _asked(given: argparse.Namespace, message: Message) -> int:
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    client = HubClient(Place(given.data.absolute()).hub, "cli")
    try:
        (answer,) = client.ask(message)
    finally:
        client.close()
    print(clean(answer.words))
    return 0 if answer.ok else 1
