"""Recordings on a stick: when they are copied, what the lamp says, and when the stick can be taken out."""

from __future__ import annotations

from vigil.clock.trust import Trust
from vigil.config.model_panel import Button
from vigil.guard.deeds import Deed, Enter, Export, Fault, Happened, Show, Tell
from vigil.guard.facts import ClaimAsked, ClaimOpen, ExportAsked, ExportTold, Fact, Gesture, Plugged
from vigil.guard.moment import Moment
from vigil.guard.panel import Presses
from vigil.guard.sticks import Sticks

SECOND = 1_000_000
IN = Plugged("0781:5581-X", "stick", present=True)
OUT = Plugged("0781:5581-X", "stick", present=False)
ASKED = ExportAsked("button panel")


class Hall:
    """The part with a clock moved by hand."""

    def __init__(self, *facts: Fact, claimed: bool = True) -> None:
        self.us = 100 * SECOND
        self.part = Sticks(claimed=claimed)
        self.lamp = ""
        for fact in facts:
            self.hear(fact)

    def hear(self, fact: Fact) -> list[Deed]:
        return self._did(self.part.hear(fact, Moment(self.us, self.us, Trust.SYNCED)))

    def wait(self, seconds: int) -> list[Deed]:
        self.us += seconds * SECOND
        return self._did(self.part.look(Moment(self.us, self.us, Trust.SYNCED)))

    def _did(self, deeds: list[Deed]) -> list[Deed]:
        for deed in deeds:
            if isinstance(deed, Show):
                assert deed.lamp == "status"
                self.lamp = deed.pattern
        return deeds


def test_a_hold_asks_for_an_export_unless_the_owner_mapped_it_otherwise():
    now = Moment(0, 0, Trust.SYNCED)

    assert Presses(Button()).hear(Gesture("panel", "hold"), now)[1:] == [
        Happened(ClaimAsked(ASKED.who)),
        Happened(ASKED),
    ]
    assert Presses(Button(hold="export")).hear(Gesture("panel", "hold"), now)[1:] == [Happened(ASKED)]
    assert Presses(Button(hold="nothing")).hear(Gesture("panel", "hold"), now)[1:] == []


def test_an_export_is_journaled_begun_shown_and_ended():
    hall = Hall(IN)

    began = hall.hear(ASKED)
    shown = [hall.hear(ExportTold(state="running", done_pm=done)) and hall.lamp for done in (120, 530, 999, 1000)]
    ended = hall.hear(ExportTold(state="complete", segments=12, bytes=5_000_000, stick="ab"))

    assert began == [
        Enter("export.began", {"who": "button panel", "stick": IN.device}), Fault("stick", ""), Export("button panel"),
        Show("status", "filling-0"),
    ]  # fmt: skip
    assert hall.lamp == "safe"
    assert shown[:2] == ["filling-1", "filling-5"]
    entry = ended[0]
    assert isinstance(entry, Enter) and entry.kind == "export.ended"
    assert entry.fields == {
        "who": "button panel", "stick": "ab", "ended": "complete", "why": "", "segments": 12, "bytes": 5_000_000,
    }  # fmt: skip


def test_the_lamp_says_safe_until_the_stick_is_out():
    hall = Hall(IN, ASKED, ExportTold(state="complete"))
    hall.wait(3600)
    assert hall.lamp == "safe"

    hall.hear(OUT)

    assert hall.lamp == ""


def test_without_a_stick_the_lamp_says_no_for_a_moment_and_nothing_is_begun():
    hall = Hall()

    deeds = hall.hear(ASKED)

    assert [type(deed) for deed in deeds] == [Show, Tell] and hall.lamp == "refused"
    assert hall.part.due_us == hall.us + 3 * SECOND
    hall.wait(3)
    assert hall.lamp == "" and hall.part.due_us is None


def test_a_box_without_an_owner_leaves_the_hold_to_others():
    assert Hall(IN, claimed=False).hear(ASKED) == []


def test_a_second_hold_changes_nothing():
    assert Hall(IN, ASKED).hear(ASKED) == []


def test_a_full_stick_says_so_and_can_be_taken_out():
    hall = Hall(IN, ASKED)

    deeds = hall.hear(ExportTold(state="full", segments=3, bytes=9, why="the stick is full"))

    assert hall.lamp == "refused"
    assert isinstance(deeds[0], Enter) and deeds[0].fields["ended"] == "full"
    assert Fault("stick", "") in deeds, "a full stick is no fault of the box"
    hall.hear(OUT)
    assert hall.lamp == ""


def test_a_stick_that_is_pulled_out_meanwhile_is_a_failure_told_by_whoever_copies():
    hall = Hall(IN, ASKED)
    assert hall.hear(OUT) == []

    deeds = hall.hear(ExportTold(state="failed", why="the stick is gone"))

    assert Fault("stick", "the stick is gone") in deeds and hall.lamp == "refused"
    hall.wait(3)
    assert hall.lamp == ""


def test_whoever_falls_silent_has_failed():
    hall = Hall(IN, ASKED)
    assert hall.wait(29) == []

    deeds = hall.wait(1)

    assert isinstance(deeds[0], Enter) and deeds[0].fields["ended"] == "failed" and hall.lamp == "refused"
    assert hall.hear(ExportTold(state="complete")) == [], "what comes later is of an export that is over"


def test_an_export_that_was_begun_by_hand_is_shown_and_journaled_too():
    hall = Hall(IN)
    began = hall.hear(ExportTold(state="running", done_pm=300, stick="ab"))
    assert began[0] == Enter("export.began", {"who": "somebody on the box", "stick": "ab"})
    assert hall.lamp == "filling-3"

    assert any(isinstance(deed, Enter) for deed in hall.hear(ExportTold(state="complete")))


def test_a_hold_that_opened_the_box_for_claiming_is_not_told_that_there_is_no_stick():
    hall = Hall(ClaimOpen(is_open=True))

    assert hall.hear(ASKED) == [] and hall.lamp == ""

    hall.hear(ClaimOpen(is_open=False))
    hall.hear(ASKED)
    assert hall.lamp == "refused"


def test_the_lamp_goes_on_with_an_export_when_claiming_closes():
    hall = Hall(ClaimOpen(is_open=True), IN, ASKED, ExportTold(state="running", done_pm=500))

    assert hall.hear(ClaimOpen(is_open=False)) == [Show("status", "filling-5")]
