"""Whose box it is, at guard: what is asked for is answered, what is left of earlier is found, who watches is told."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vigil.clock import Clock
from vigil.errors import VigilError
from vigil.events import Answer, CancelTakeover, Message, NewPin, OpenClaim, Ownership, TakeClaim
from vigil.guard.claim_table import Hold
from vigil.guard.claiming import SUBJECT, Claiming
from vigil.guard.deeds import Deed, Enter
from vigil.guard.moment import Moment
from vigil.guard.ownership import Found, goes_on, resumed
from vigil.processes.arm_state import Newest
from vigil.processes.hub import HubServer, Peer
from vigil.processes.kept import written_state
from vigil.processes.pin_door import Demand
from vigil.processes.settings import Settings
from vigil.processes.who import is_our, may_command, may_own, name_of
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_PATIENCE_US = 30_000_000
"""So long the journal is waited for before a lost memory is told as unknown."""

MESSAGES = (OpenClaim, TakeClaim, CancelTakeover, NewPin)


class Owning:
    """`do` does deeds, in their order; `knock` lets the PIN of a demand be tried, or says why not."""

    def __init__(
        self, settings: Settings, *, disk: Disk, clock: Clock, hub: HubServer, do: Callable[[Iterable[Deed]], None],
        knock: Callable[[Peer, Demand, int], str],
    ) -> None:  # fmt: skip
        self.part = Claiming(has_recipients=bool(settings.recipients))
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._hub = hub
        self._do = do
        self._knock = knock
        self._began_us = clock.steady_us()

    def hears(self, peer: Peer, message: Message, now: Moment) -> bool:
        """Answer what concerns ownership; say whether it did. What needs a PIN is answered later."""
        if not isinstance(message, MESSAGES):
            return False
        if answer := self._asked(peer, message, now):
            peer.send(answer)
        self.tell(now)
        return True

    def tried(self, demand: CancelTakeover | NewPin) -> Answer:
        """Return what follows where the PIN, or the passphrase, was right."""
        if isinstance(demand, CancelTakeover):
            return self._cancelled(demand.client, demand.route)
        self._do([Enter("pin.changed", {"who": demand.client, "how": f"recovery passphrase, {demand.route}"})])
        return Answer(
            ok=True, words="the new PIN is set; its passphrase is used up: `vigil config set-pin` makes another"
        )

    def look(self, newest: Newest | None, now: Moment, *, arm_is_known: bool) -> None:
        """Begin as soon as that is possible, and tell who watches; to be called every second."""
        if self.part.ownership is None and arm_is_known:
            self._begin(newest, now)
        self.tell(now)

    def tell(self, now: Moment) -> None:
        """Tell everybody who watches."""
        said = self._said(now)
        for peer in self._hub.peers:
            if peer.watching:
                peer.send(said)

    def _begin(self, newest: Newest | None, now: Moment) -> None:
        path = self._place.state_file(SUBJECT)
        try:
            kept = (self._disk.read_unless_lost(path) or b"") if path.exists() else None
        except (VigilError, OSError) as error:
            log.error("whose the box is cannot be read: %s", error)
            kept = b""
        if newest is None and now.steady_us - self._began_us < _PATIENCE_US:
            return  # the journal will be opened in a moment, and knows how a takeover went
        found = Found(kept=kept, newest=_newest_of(newest), of_takeover=_takeover_of(newest))
        ownership, complaint = resumed(found)
        new = kept is None and not complaint
        self._do(self.part.begin(ownership, complaint, now, waits_on=goes_on(found.of_takeover), new=new))

    def _asked(self, peer: Peer, message: Message, now: Moment) -> Answer | None:
        if isinstance(message, OpenClaim):
            return self._opened(peer, now)
        if isinstance(message, TakeClaim):
            return self._took(peer, message)
        if isinstance(message, CancelTakeover) and not message.pin:
            if may_command(peer.uid, own_uid=os.getuid()) and not message.client:
                return self._cancelled(name_of(peer.uid), "command")
            if is_our(peer, "serve") and message.client:
                return self._cancelled(message.client, "page")
            return Answer(ok=False, words="a service needs the PIN to cancel a takeover")
        assert isinstance(message, CancelTakeover | NewPin)
        why = self._knock(peer, message, now.steady_us)
        return Answer(ok=False, words=why) if why else None

    def _opened(self, peer: Peer, now: Moment) -> Answer:
        if not may_own(peer.uid, own_uid=os.getuid()):
            return Answer(ok=False, words="only root may do that without standing before the box: hold its button")
        deeds, why = self.part.ask(Hold.COMMAND, name_of(peer.uid), "command", now)
        self._do(deeds)
        return Answer(ok=not why, words=why or "claiming is open for ten minutes")

    def _took(self, peer: Peer, message: TakeClaim) -> Answer:
        by_page = is_our(peer, "serve")
        if not (by_page or may_own(peer.uid, own_uid=os.getuid())):
            return Answer(ok=False, words="only root, or the box's own page, may claim it")
        who, how = (message.client or "somebody", "page") if by_page else (name_of(peer.uid), "command")
        taken = self.part.take(message.administrator, message.recipients, who, how)
        if isinstance(taken, str):
            return Answer(ok=False, words=taken)
        # What a power cut could take back is not granted.
        if why := written_state(self._disk, self._place, SUBJECT, taken.ownership.saved()):
            return Answer(ok=False, words=f"the box cannot remember whose it would be: {why}")
        self.part.took(taken)
        self._do(taken.deeds)
        return Answer(ok=True, words=f"the box is {message.administrator}'s")

    def _cancelled(self, who: str, how: str) -> Answer:
        deeds, why = self.part.cancel(who, how)
        self._do(deeds)
        return Answer(ok=not why, words=why or "the takeover is cancelled")

    def _said(self, now: Moment) -> Ownership:
        part = self.part
        if part.ownership is None:
            return Ownership(owned="")
        opened, waiting = part.opened, part.ownership.waiting
        kind, words = part.last
        return Ownership(
            owned=str(part.owned), administrator=part.ownership.administrator, taken=part.ownership.taken,
            open_for=opened.why if opened else "",
            open_left_s=max(0, opened.until_us - now.steady_us) // 1_000_000 if opened else 0,
            takeover=("ripe" if waiting.ripe else "waiting") if waiting else "",
            takeover_left_s=waiting.left_us // 1_000_000 if waiting else 0, last=kind, words=words,
        )  # fmt: skip


def _newest_of(newest: Newest | None) -> Mapping[str, Any] | None:
    """Return who claimed the box last, as far as the journal tells: None where it begins after a loss."""
    try:
        if newest is None:
            return None
        if found := newest("claim.taken", "reset.done"):
            return found
        opened = newest("journal.opened")
        is_whole = opened is not None and not opened.get("loss") and not newest("journal.pruned")
        return {} if is_whole else None
    except (VigilError, OSError) as error:
        log.error("the journal cannot be asked whose the box is: %s", error)
        return None


def _takeover_of(newest: Newest | None) -> str | None:
    kinds = ("takeover.announced", "takeover.ripe", "takeover.cancelled", "takeover.completed", "reset.done")
    try:
        found = newest(*kinds) if newest else None
    except (VigilError, OSError) as error:
        log.error("the journal cannot be asked how a takeover went: %s", error)
        return None
    return str(found["kind"]) if found else None
