"""Who wants the box armed or disarmed, or its owner's word taken back: by which right, and with which PIN."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import get_args

from vigil.clock import Clock
from vigil.events import Answer, CancelTakeover, NewPin, SetArm
from vigil.guard.deeds import Arm, ArmMode, Enter
from vigil.processes.doing import Doing
from vigil.processes.hub import Peer
from vigil.processes.pin_door import Demand, PinDoor
from vigil.processes.who import may_command, name_of


class Demands:
    """Answers them; `granted` answers those about ownership, once their PIN or passphrase was right."""

    def __init__(
        self, doing: Doing, door: PinDoor, clock: Clock, granted: Callable[[CancelTakeover | NewPin], Answer]
    ) -> None:
        self._doing = doing
        self._door = door
        self._clock = clock
        self._owning = granted

    def hears(self, peer: Peer, message: SetArm) -> None:
        """Answer a demand, at once or when its PIN was tried."""
        if answer := self._asked(peer, message):
            peer.send(answer)

    def look(self) -> bool:
        """Answer those whose PINs were tried meanwhile; say whether anything came of one."""
        changed = False
        # Guessing is journaled when it begins to be locked out.
        for one in self._door.tried(self._clock.steady_us()):
            demand, answer = one.demand, Answer(ok=False, words=one.why)
            if not one.why:
                answer, changed = self._granted(demand), True
            elif one.worth_telling:
                wanted = demand.mode if isinstance(demand, SetArm) else demand.kind
                state = str(self._doing.arming.standing.state) if self._doing.arming else ""
                fields = {"state": state, "wanted": wanted, "who": demand.client, "how": demand.route}
                self._doing.do([Enter("arm.refused", {**fields, "why": "too many wrong PINs"})])
            one.peer.send(answer)
        return changed

    def _granted(self, demand: Demand) -> Answer:
        if isinstance(demand, SetArm):
            return self._demanded(demand.mode, demand.client, demand.route)
        return self._owning(demand)

    def _asked(self, peer: Peer, message: SetArm) -> Answer | None:
        """Return the answer; None where a PIN has to be tried first."""
        if message.mode not in get_args(ArmMode):
            return Answer(ok=False, words=f"there is no such mode: give {', '.join(get_args(ArmMode))}")
        if self._doing.arming is None:
            return Answer(ok=False, words="guard has just begun and does not know yet whether it is armed: ask again")
        if not message.pin and may_command(peer.uid, own_uid=os.getuid()):
            return self._demanded(message.mode, name_of(peer.uid), "command")
        if not message.pin:
            return Answer(ok=False, words="a service may not arm or disarm the box without a PIN")
        why = self._door.knock(peer, message, self._clock.steady_us())
        return Answer(ok=False, words=why) if why else None

    def _demanded(self, mode: str, who: str, how: str) -> Answer:
        arming = self._doing.arming
        assert arming
        demand = Arm(mode, who, how)  # type: ignore[arg-type]
        refusal = arming.refusal(demand)
        self._doing.do([demand])
        return Answer(ok=not refusal, words=refusal or f"the box is {arming.words(self._doing.now())}")
