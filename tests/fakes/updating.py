"""A box that takes updates, without a card: slot files, a state directory, and the pretend RAUC of `fakes/bin`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from builder.publisher import Publisher, make_publisher
from fakes.repository import ROOT
from vigil.clock import HandClock
from vigil.processes.place import Place
from vigil.processes.rauc import Rauc
from vigil.processes.update import Here, Updates
from vigil.store.disk import Disk
from vigil.upkeep.bundle import Running
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, give_up, try_next

PRETEND = ROOT / "tests/fakes/bin/rauc"
KEYS: dict[str, Publisher] = {}


def key_of(name: str) -> Publisher:
    """A key by its owner's name; made once."""
    return KEYS.setdefault(name, make_publisher(name, bits=2048))


def signer_line(publisher: Publisher) -> str:
    """By what the pretend RAUC knows a certificate."""
    return publisher.certificates.decode().splitlines()[4]


def pretend_bundle(
    path: Path, *, version: str = "2.0.0", board: str = "debian", signer: Publisher | None = None, fails: str = ""
) -> Path:
    """A file that looks like a bundle from outside, and says inside what it is."""
    said = {
        "update": {"compatible": f"vigil-{board}", "version": version},
        "images": [{"slot-class": "boot", "size": 10}, {"slot-class": "root", "size": 20}],
    }
    lines = ["", json.dumps(said), f"signer={signer_line(signer)}" if signer else "", f"fails={fails}", ""]
    head = (b"hsqs".ljust(40, b"\0") + (4000).to_bytes(8, "little")).ljust(96, b"\0")
    content = (head + "\n".join(lines).encode()).ljust(8192, b"\n")
    path.write_bytes(content + (1000).to_bytes(8, "big"))
    return path


class SlotWriter(Rauc):
    """Does to the slots what RAUC does, in its order; `between` is called before each step."""

    def __init__(self, boot: Path, between: Callable[[str], None]) -> None:
        super().__init__(words=(str(PRETEND),))
        object.__setattr__(self, "boot", boot)
        object.__setattr__(self, "between", between)

    def install(self, source: str, progress: Callable[[int, str], None]) -> None:
        boot, between = self.boot, self.between  # type: ignore[attr-defined]
        between("give up")
        write_slots(boot, give_up(read_slots(boot).state, Slot.B))
        between("write")
        super().install(source, progress)
        between("activate")
        write_slots(boot, try_next(read_slots(boot).state, Slot.B))
        between("end")


class UpdatedBox:
    """A box that runs version 1.0.0 from slot A."""

    def __init__(self, place: Path, *, disk: Disk | None = None, between: Callable[[str], None] = lambda _: None):
        self.place = Place(place / "vigil")
        self.boot = place.parent / f"{place.name}-boot"
        self.built_in = place.parent / f"{place.name}-built-in"
        for directory in (self.boot, self.built_in):
            directory.mkdir(exist_ok=True)
        if not (self.boot / "slots.env").exists():
            write_slots(self.boot, SlotState())
        (self.built_in / "publishers.pem").write_bytes(key_of("publisher").certificates)
        self.has_network = True
        self.updates = Updates(
            self.place, disk or Disk(), HandClock(), rauc=SlotWriter(self.boot, between), here=self.look,
            built_in=self.built_in, scratch=place.parent / f"{place.name}-scratch",
        )  # fmt: skip

    @property
    def state(self) -> SlotState:
        return read_slots(self.boot).state

    def look(self) -> Here:
        running = Running(compatible="vigil-debian", version="1.0.0", rooms={"boot": 10, "root": 20})
        return Here(slot=Slot.A, running=running, state=self.state, has_network=self.has_network)

    def install(self, source: Path) -> list[tuple[int, str]]:
        """Install; what was said on the way."""
        said: list[tuple[int, str]] = []
        self.updates.install(str(source), lambda percent, words: said.append((percent, words)))
        return said

    def told(self) -> list[str]:
        """The kinds of events that wait for the journal, oldest first."""
        files = sorted(self.place.tellings.glob("*.json"))
        return [json.loads(path.read_bytes())["kind"] for path in files]
