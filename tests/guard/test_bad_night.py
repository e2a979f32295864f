"""A whole night of misfortunes, as a text that one can read: what happens, and what guard makes of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from fakes.health import DISK, MIDNIGHT_US, SECOND, camera
from vigil.clock.trust import Trust
from vigil.guard.deeds import Enter
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.health_memory import Past, restored, saved
from vigil.guard.moment import Moment
from vigil.guard.probes import FAULTS
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.clock import ClockSeen
from vigil.guard.probes.configuration import ConfigurationSeen
from vigil.guard.probes.journal import JournalSeen
from vigil.guard.probes.keys import KeysSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.processes.panorama_words import counted

NIGHT = Path(__file__).parent / "scenarios" / "bad-night.txt"
HAPPENS = re.compile(r"(\d\d):(\d\d):(\d\d)  (\w+)(?: (\w+))?: (.+)")
CAMERAS = ("gate", "yard")
EXPECTED = [
    *(("camera", name) for name in CAMERAS),
    *(("process", f"record@{name}") for name in CAMERAS),
    *((name, "") for name in ("disk", "card", "clock", "keys", "configuration", "journal")),
]
WORDS: dict[str, object] = {
    "card: is well": CardSeen(),
    "card: goes bad": CardSeen(complaint="it goes bad: it refuses to read"),
    "clock: is synced": ClockSeen(trust=Trust.SYNCED, was_synced=True),
    "clock: is unsynced": ClockSeen(trust=Trust.UNSYNCED, was_synced=True),
    "disk: is well": DISK,
    "journal: is written": JournalSeen(open=True),
    "settings: are well": ConfigurationSeen(),
}


class Night:
    """A box and what happens to it; `seconds` count from noon."""

    def __init__(self) -> None:
        self.seconds = 0
        self.said: dict[str, object] = {}
        self.signer_answers = self.certified = False
        self.gone_s: dict[str, int] = {}
        self.diagnosis: Diagnosis | None = None
        self.memory = b""
        self.verdict = ""

    @property
    def now(self) -> Moment:
        return Moment(self.seconds * SECOND, MIDNIGHT_US + self.seconds * SECOND, Trust.SYNCED)

    def happens(self, subject: str, name: str, what: str) -> None:
        """Let something happen."""
        if subject == "guard":
            self.guard(what)
        elif subject == "camera":
            self.said[f"camera {name}"] = camera(name, what, fault="nothing answers" if what == "lost" else "")
            if what == "silent":
                del self.said[f"camera {name}"]
        elif subject == "recorder":
            self.gone_s.pop(name, None)
            if what == "is gone":
                self.gone_s[name] = self.seconds
        elif subject == "signer":
            self.signer_answers = what == "answers"
        else:
            self.said[subject] = WORDS[f"{subject}: {what}"]

    def guard(self, what: str) -> None:
        """Kill or start it; what it keeps on the disk is all that it knows then."""
        if what == "is killed":
            assert self.diagnosis
            self.memory = json.dumps(saved(Past(boot="one"), self.diagnosis.standing)).encode()
            self.diagnosis = None
        else:
            carried = restored(self.memory, FAULTS, boot="one", now=self.now)[1] if self.memory else []
            self.diagnosis = Diagnosis(self.now, expected=EXPECTED, carried=carried)
            self.certified = False

    def live(self, until_s: int) -> Iterator[str]:
        """Let time pass; yield what guard makes of it. It looks every second, or every five in the midst of a pause."""
        begun_s = self.seconds
        while self.seconds < until_s:
            if self.diagnosis:
                yield from self.look(self.diagnosis)
            quiet = self.seconds - begun_s >= 120 and until_s - self.seconds > 20
            self.seconds += 5 if quiet else 1

    def look(self, diagnosis: Diagnosis) -> Iterator[str]:
        self.certified = self.certified or self.signer_answers
        refusal = "" if self.signer_answers else "the signer does not answer"
        away = [(name, self.seconds - self.gone_s.get(name, self.seconds)) for name in CAMERAS]
        for said in (
            *self.said.values(),
            *(ProcessSeen(name=f"record@{name}", away_s=seconds) for name, seconds in away),
            KeysSeen(certified=self.certified, refusal=refusal),
        ):
            diagnosis.hear(said, self.now)
        for deed in diagnosis.look(self.now):
            assert isinstance(deed, Enter)
            flaps = f", came back {counted(deed.fields['flaps'], 'time')}" if "flaps" in deed.fields else ""
            told = f"{deed.fields['id']} {deed.fields.get('subject', '')}".rstrip()
            yield self.line(f"{deed.kind.removeprefix('fault.'):8} {told}{flaps}")
        verdict = diagnosis.verdict
        words = f"{verdict.level}, {counted(verdict.blinks, 'blink')}" if verdict.blinks else str(verdict.level)
        if words != self.verdict:
            self.verdict = words
            yield self.line(f"verdict  {words}")

    def line(self, words: str) -> str:
        hours, rest = divmod((self.seconds + 12 * 3600) % 86_400, 3600)
        return f"    {hours:02}:{rest // 60:02}:{rest % 60:02}  {words}"


def told(text: str) -> str:
    """Return the text with what guard makes of it, whatever stood there before."""
    night, lines = Night(), list[str]()
    waiting: list[str] = []
    for line in [*(one for one in text.splitlines() if not one.startswith("    ")), "07:30:00  guard: is killed"]:
        if match := HAPPENS.fullmatch(line):
            at_s = (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) - 12 * 3600) % 86_400
            lines += [*night.live(at_s), *waiting]
            waiting = []
            night.seconds = max(night.seconds, at_s)
            night.happens(match[4], match[5] or "", match[6])
            lines.append(line)
        else:
            waiting.append(line)
    return "\n".join(lines[:-1]) + "\n"


def test_a_bad_night_is_judged_as_the_text_says():
    """With VIGIL_WRITE_SCENARIOS=1 the text is written anew: read what has changed before you keep it."""
    written = NIGHT.read_text(encoding="utf-8")

    found = told(written)

    if os.environ.get("VIGIL_WRITE_SCENARIOS"):
        NIGHT.write_text(found, encoding="utf-8")
    assert found == written


def test_the_night_has_what_a_bad_night_needs():
    written = NIGHT.read_text(encoding="utf-8")

    for word in (
        "camera.lost yard",
        "card.failing",
        "clock.lost",
        "keys.signer",
        "camera.unknown gate",
        "process.away",
    ):
        assert f"raised   {word}" in written
    assert written.count("raised   card.failing") == 1, "though guard was started again"
