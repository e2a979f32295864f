"""A home network on this machine, in namespaces of its own: a box, a router, phones that answer, sleep or are away."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BOX, ROUTER = "10.77.0.2", "10.77.0.1"
_NS = ("ip", "netns")


def can() -> str:
    """Return why this machine cannot have such a network, or nothing."""
    if os.geteuid() != 0:
        return "making a network needs root"
    if not shutil.which("ip"):
        return "ip is missing: apt-get install iproute2"
    made = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False)
    return "" if made.returncode == 0 else "no network namespaces here"


@dataclass(frozen=True)
class Household:
    """Two namespaces on one cable: `box`, and `others`, in which router and phones each have a device of their own."""

    box: str
    others: str

    def at_box(self, *command: str) -> list[str]:
        """A command as it is run on the box."""
        return [*_NS, "exec", self.box, *command]

    def comes(self, address: str) -> None:
        """Somebody with this address is in the network; both ping and ARP are answered."""
        phone = f"phone{address.rpartition('.')[2]}"
        self._run("link", "add", phone, "address", hardware_of(address), "link", "home", "type", "macvlan")
        self._run("addr", "add", f"{address}/24", "dev", phone)
        self._run("link", "set", phone, "up")

    def goes(self, address: str) -> None:
        self._run("link", "del", f"phone{address.rpartition('.')[2]}")

    def sleeps(self) -> None:
        """Nobody but the radios answers: ARP goes on, pings do not."""
        _sysctl(self.others, "net.ipv4.icmp_echo_ignore_all=1")

    def wakes(self) -> None:
        _sysctl(self.others, "net.ipv4.icmp_echo_ignore_all=0")

    def cable(self, *, plugged: bool) -> None:
        """The other end of the box's cable is up, or down."""
        self._run("link", "set", "home", "up" if plugged else "down")

    def answered_for(self, address: str) -> None:
        """The router answers ARP for an address that is nobody's, as repeaters do."""
        self._run("addr", "add", f"{address}/32", "dev", "home")

    def packets(self) -> int:
        """How many packets the box has sent so far, of any kind."""
        shown = subprocess.run(
            self.at_box("cat", "/sys/class/net/home/statistics/tx_packets"), check=True, capture_output=True, text=True
        )
        return int(shown.stdout)

    def _run(self, *words: str) -> None:
        subprocess.run(["ip", "-n", self.others, *words], check=True, capture_output=True)


@contextmanager
def household(name: str, *, pings: str = "0 0") -> Iterator[Household]:
    """A network for as long as it lasts; `pings` are the groups that may ping in it (ping_group_range)."""
    made = Household(f"vigil-{name}-box", f"vigil-{name}-others")
    try:
        for one in (made.box, made.others):
            _do(*_NS, "add", one)
        _do("ip", "-n", made.box, "link", "add", "home", "type", "veth", "peer", "home", "netns", made.others)
        for one, address in ((made.box, BOX), (made.others, ROUTER)):
            _do("ip", "-n", one, "addr", "add", f"{address}/24", "dev", "home")
            _do("ip", "-n", one, "link", "set", "home", "up")
            _do("ip", "-n", one, "link", "set", "lo", "up")
        _do("ip", "-n", made.box, "route", "add", "default", "via", ROUTER)
        # Each device answers for its own address alone.
        _sysctl(made.others, "net.ipv4.conf.all.arp_ignore=1")
        _sysctl(made.box, f"net.ipv4.ping_group_range={pings}")
        yield made
    finally:
        for one in (made.box, made.others):
            subprocess.run([*_NS, "del", one], capture_output=True, check=False)


def hardware_of(address: str) -> str:
    """The hardware address of the phone with that address."""
    return f"02:00:00:00:00:{int(address.rpartition('.')[2]):02x}"


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)


def _sysctl(namespace: str, setting: str) -> None:
    key, _, value = setting.partition("=")
    path = "/proc/sys/" + key.replace(".", "/")
    program = f"echo '{value}' > {path}"
    _do(*_NS, "exec", namespace, "sh", "-c", program)
