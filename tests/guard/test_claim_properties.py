"""Whatever is pressed, cut, stepped and said: nobody becomes the owner of somebody's box in less than a day."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakes.claims import HOUR, MINUTE, NEW, OLD, SECOND, ClaimedBox
from vigil.guard.deeds import Deed, Enter, Fault, Happened, Keep, Show, Tell
from vigil.guard.facts import ArmState, ClaimOpen
from vigil.guard.ownership import Owned, Ownership

DAY = 24 * HOUR
CLAIMED = Ownership(owned=Owned.CLAIMED, administrator="otto", recipients=(OLD,), how="unclaimed", taken=1)
UNKNOWN = Ownership(owned=Owned.UNKNOWN)
HARMLESS = (Enter, Keep, Fault, Show, Tell)
SAID = {
    "claim.opened", "claim.closed", "claim.refused", "claim.taken",
    "takeover.announced", "takeover.refused", "takeover.ripe", "takeover.cancelled", "takeover.completed",
}  # fmt: skip

SPANS = st.sampled_from([SECOND, 59 * SECOND, MINUTE, 9 * MINUTE, 5 * HOUR, 12 * HOUR, DAY - SECOND, DAY, DAY])
STEPS = st.one_of(
    st.tuples(st.just("holds")),
    st.tuples(st.just("holds_very_long")),
    st.tuples(st.just("takes")),
    st.tuples(st.just("cancels")),
    st.tuples(st.just("arms"), st.sampled_from([ArmState.DISARMED, ArmState.DISARMED, *ArmState])),
    st.tuples(st.just("plugs"), st.booleans()),
    st.tuples(st.just("runs"), SPANS, st.sampled_from([SECOND, 31 * SECOND, MINUTE, 7 * HOUR])),
    st.tuples(st.just("cut"), SPANS, st.booleans()),
    st.tuples(st.just("step"), st.sampled_from([-10, 10])),
    st.tuples(st.just("lost")),
)
TO_THE_END = [("holds_very_long",), ("runs", DAY, MINUTE), ("holds",), ("takes",)]

# Whatever may happen between the steps that lead to a new owner.
AMONG_THEM = st.lists(st.lists(STEPS, max_size=2), min_size=5, max_size=5).map(
    lambda others: [
        one for other, wanted in zip(others, [*TO_THE_END, ("takes",)], strict=True) for one in (*other, wanted)
    ]
)


class Witness:
    """Runs the box, and keeps what its promises speak of by its own means."""

    def __init__(self, ownership: Ownership) -> None:
        self.box = ClaimedBox(ownership, has_recipients=True)
        self.disarmed_since_us = 0
        self.announced_us: int | None = None
        self.taken = 0

    def does(self, step: tuple[object, ...]) -> None:
        name, *given_ = step
        before, said = self.box.part.ownership, len(self.box.journal)
        done = len(self.box.deeds)
        waited = before is not None and before.waiting is not None
        if name == "takes":
            self._takes(was_claimed=self.box.part.owned is not Owned.UNCLAIMED)
        elif name == "runs":
            span_us, look_us = given_
            # As often as guard looks, but not so often that the test takes hours.
            self.box.runs(int(str(span_us)), look_us=max(int(str(look_us)), int(str(span_us)) // 1500))
        elif name == "plugs":
            self.box.plugs(present=bool(given_[0]))
        elif name == "step":
            self.box.wall_us += int(str(given_[0])) * 365 * 24 * HOUR
        elif name == "cut":
            self.box.power_cut(off_us=int(str(given_[0])), journal=bool(given_[1]))
        elif name == "lost":
            self.box.file = b""
            self.box.power_cut(off_us=1)
        elif name == "arms":
            assert isinstance(given_[0], ArmState)
            self.box.arms(given_[0])
            if given_[0] is not ArmState.DISARMED:
                self.disarmed_since_us = self.box.ran_us
        else:
            getattr(self.box, str(name))()
        for kind, _ in self.box.journal[said:]:
            assert kind in SAID
            if kind == "takeover.announced":
                self.announced_us = self.box.ran_us
        if waited and name not in ("takes", "lost"):
            self._changed_nothing(before, self.box.deeds[done:])

    def _takes(self, *, was_claimed: bool) -> None:
        if self.box.takes(NEW) or not was_claimed:
            return
        self.taken += 1
        assert self.box.state is ArmState.DISARMED
        assert self.announced_us is not None
        assert self.box.ran_us - self.announced_us >= DAY
        assert self.disarmed_since_us <= self.announced_us
        self.announced_us = None

    def _changed_nothing(self, before: Ownership | None, deeds: Iterable[Deed]) -> None:
        assert before is not None
        same = before.owned, before.administrator, before.recipients, before.taken
        for deed in deeds:
            assert isinstance(deed, HARMLESS) or (isinstance(deed, Happened) and isinstance(deed.fact, ClaimOpen))
            if isinstance(deed, Keep):
                assert deed.subject == "claim"
                kept = Ownership.restored(json.dumps(deed.state).encode())
                assert (kept.owned, kept.administrator, kept.recipients, kept.taken) == same


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([CLAIMED, UNKNOWN]), st.lists(STEPS, max_size=14) | AMONG_THEM)
@example(CLAIMED, TO_THE_END)
@example(UNKNOWN, TO_THE_END)
@example(CLAIMED, [*TO_THE_END[:1], ("runs", DAY - SECOND, MINUTE), *TO_THE_END[2:]])
@example(CLAIMED, [*TO_THE_END[:1], ("runs", 12 * HOUR, MINUTE), *TO_THE_END[2:]])
@example(CLAIMED, [*TO_THE_END[:1], ("cut", DAY, True), ("step", 10), *TO_THE_END[2:]])
@example(CLAIMED, [*TO_THE_END[:2], ("cut", SECOND, True), *TO_THE_END[2:], *TO_THE_END])
@example(CLAIMED, [*TO_THE_END[:2], ("arms", ArmState.ARMED_HOME), ("arms", ArmState.DISARMED), *TO_THE_END[2:]])
def test_nobody_takes_what_is_somebodys_in_less_than_a_disarmed_day(ownership, steps):
    witness = Witness(ownership)
    for step in steps:
        witness.does(step)


def test_the_witness_sees_a_takeover_at_all():
    """Else what is above would say nothing."""
    witness = Witness(CLAIMED)
    for step in (*TO_THE_END, *TO_THE_END):
        witness.does(step)

    assert witness.taken == 2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([SECOND, 40 * SECOND, HOUR, 30 * HOUR]), SPANS), max_size=8))
def test_cuts_and_pauses_only_ever_make_it_longer(cuts):
    box = ClaimedBox(CLAIMED, has_recipients=True)
    box.holds_very_long()
    begun_us = box.ran_us
    for runs_us, off_us in cuts:
        box.runs(runs_us)
        if (waiting := box.waiting) is None:
            return
        assert waiting.waited_us <= box.ran_us - begun_us
        box.power_cut(off_us=off_us)
        assert box.waiting is None or box.waited_us <= box.ran_us - begun_us
