"""A box that is asked to start over: directories for its partitions, the table of a card, and cuts at any operation."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from functools import cache, cached_property

from fakes.configs import KEYS
from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.errors import DeviceError
from vigil.processes.first_boot import FirstBoot
from vigil.processes.place import Place
from vigil.processes.reset import EverythingAskedOnCard, SettingsReset
from vigil.processes.settings import load
from vigil.processes.tellings import left
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import Card
from vigil.upkeep.partition_table import read_table
from vigil.upkeep.setup_file import TAKEN

SETUP = f"""owner_recipient = "{KEYS[0]}"
hostname = "garage"

[network]
wifi_name = "home"
wifi_password = "correct horse"

[[camera]]
id = "door"
source = "rtsp"
url = "rtsp://me:secret@door/"
"""


class Sectors(Card):
    """A card of which only the table is there. From the `fails_at`th write on it takes none, for so many."""

    def __init__(self, path, *, fails_at=0, fails=1):
        super().__init__(path)
        self.writes, self.fails_at, self.fails = 0, fails_at, fails

    def write_sectors(self, writes):
        for one in writes:
            self.writes += 1
            if self.fails_at and self.fails_at <= self.writes < self.fails_at + self.fails:
                raise DeviceError(f"{self.device} cannot be written: Input/output error")
            super().write_sectors([one])


class PowerCut(BaseException):
    """The plug was pulled."""


class Cut(FaultyCalls):
    """No handler of the program sees this failure."""

    def _refuse(self):
        raise PowerCut


class Box:
    """A box that was set up and has recorded."""

    def __init__(self, root, *, setup=SETUP):
        self.root = root
        self.place = Place(root / "vigil")
        self.boot = root / "boot"
        self.refuses = False
        for directory in (self.boot, self.place.state, self.place.video):
            directory.mkdir(parents=True)
        (self.place.data / "vigil.toml").symlink_to("state/vigil.toml")
        self.setup = self.boot / "vigil.toml"
        self.setup.write_text(setup)
        self.reset = self.boot / "reset.txt"
        self.start()

    @cached_property
    def card(self):
        return Sectors(card_at(self.root / "card.img"))

    @contextmanager
    def writable(self, directory):
        assert directory == self.boot
        if self.refuses:
            raise DeviceError("mount failed with 32")
        yield

    def start(self, disk=None):
        """As `vigil-firstboot` does; returns its faults."""
        disk = disk or Disk(FaultyCalls(0))
        forget = SettingsReset(self.place, disk, HandClock(), boot=self.boot, writable=self.writable).run
        first = FirstBoot(
            self.place, disk, setup=self.setup, writable=self.writable, is_there=lambda _: True, forget=forget
        )
        first.run()
        return first.faults

    def begin(self, disk=None):
        """As `vigil-reset` does."""
        return EverythingAskedOnCard(
            self.card, disk or Disk(FaultyCalls(0)), boot=self.boot, writable=self.writable, taken=lambda: self.taken
        ).run()

    @property
    def taken(self):
        return (self.place.state / TAKEN).read_text().strip()

    @property
    def stages(self):
        table = read_table(self.card.read_sector)
        return table[7].type, table[8].type

    @property
    def config(self):
        return load(self.place.data, Disk()).salvage.config

    @property
    def told(self):
        return [(one.kind, dict(one.fields)) for one in left(Disk(), self.place.tellings)]


@cache
def table():
    """The first sectors of a card as `make_missing` leaves it, both data partitions in use."""
    script = "label: dos\nlabel-id: 0x56494749\nunit: sectors\n"
    script += "1 : start=2048, size=4096, type=c\n4 : start=8192, size=17000, type=f\n"
    for number, start in ((5, 10_240), (6, 14_336), (7, 18_432), (8, 22_528)):
        script += f"{number} : start={start}, size=2048, type=83\n"
    with tempfile.NamedTemporaryFile() as card:
        card.truncate(26_000 * 512)
        subprocess.run(["sfdisk", "-q", card.name], input=script, text=True, check=True, capture_output=True)
        return {at: data for at in range(26_000) if (data := os.pread(card.fileno(), 512, at * 512)).strip(b"\0")}


def card_at(path):
    """A card of which only the table is written."""
    with path.open("wb") as card:
        for at, data in table().items():
            os.pwrite(card.fileno(), data, at * 512)
    return path
