"""The units of the image, judged by the systemd that will run them: caged, without cycles, nothing missing."""

from __future__ import annotations

import configparser
import ipaddress
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import version
from vigil.config.presence_checks import HOME_NETWORKS

SYSTEM = ROOT / "image/system"
TREE = SYSTEM / "root"
UNITS = TREE / "usr/lib/systemd/system"
SYSCTL = "usr/lib/sysctl.d/60-vigil-ping.conf"
MOST_EXPOSURE = 2.0
INSTANCES = {
    "vigil-open@.service": ["state", "video"],
    "vigil-record@.service": ["front"],
    "vigil-radio@.service": ["wlan0"],
}
SERVICES = sorted(
    name.replace("@", f"@{instance}")
    for name in (path.name for path in UNITS.glob("vigil-*.service"))
    for instance in INSTANCES.get(name, [""])
)
# What the image's packages bring; only its being there matters.
PROGRAMS = [
    "/opt/vigil/bin/vigil",
    "/usr/bin/grep",
    "/usr/bin/udevadm",
    "/usr/lib/nut/upsd",
    "/usr/sbin/integritysetup",
    "/usr/sbin/nft",
    "/usr/sbin/upsdrvctl",
    "/usr/sbin/wpa_supplicant",
    "/bin/sh",
]


class CaseMatters(configparser.RawConfigParser):
    """Unit files distinguish capital letters."""

    def optionxform(self, optionstr):
        return optionstr


pytestmark = pytest.mark.skipif(
    version() < 257, reason="the image's systemd is 257; `tests/ground/trixie.sh unit` runs this under it"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root as systemd sees it: Debian's units with ours laid over them, what is to be enabled enabled."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/usr/lib/systemd", root / "usr/lib/systemd", symlinks=True, ignore_dangling_symlinks=True)
    shutil.copytree(TREE, root, symlinks=True, dirs_exist_ok=True)
    for program in PROGRAMS:
        path = root / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    theirs = root / "usr/lib/systemd/system"
    # Of packages that the test system does not have.
    for name in ("nftables", "systemd-resolved", "systemd-timesyncd"):
        if not (theirs / f"{name}.service").exists():
            text = "[Service]\nExecStart=/bin/sh\n[Install]\nWantedBy=sysinit.target\n"
            (theirs / f"{name}.service").write_text(text)
    run("systemctl", f"--root={root}", "enable", *enabled())
    return root


def run(*command, check=True):
    return subprocess.run(command, capture_output=True, text=True, check=check)


def enabled():
    lines = (SYSTEM / "enable").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def settings(unit):
    """What a service of ours is set to, the common cage and its own file included; the last word counts."""
    merged: dict[str, str] = {}
    name = re.sub("@.*[.]", "@.", unit)
    parts = [UNITS / name, *sorted([*(UNITS / "vigil-.service.d").iterdir(), *(UNITS / f"{name}.d").iterdir()],
                                   key=lambda path: path.name)]  # fmt: skip
    for path in parts:
        parser = CaseMatters(strict=False, interpolation=None)
        parser.read(path)
        for section in parser.sections():
            merged |= parser.items(section)
    return merged


def test_there_is_something_to_judge():
    assert len(SERVICES) >= 8 and "vigil-record@front.service" in SERVICES
    assert "vigil.target" in enabled()


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_caged(root, service):
    done = run("systemd-analyze", "security", "--offline=true", f"--root={root}", "--no-pager", service)

    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSURE, done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_limits(service):
    own = settings(service)

    assert own["ProtectSystem"] == "strict" and own["SystemCallArchitectures"] == "native"
    assert {"MemoryMax", "TasksMax", "CapabilityBoundingSet", "DevicePolicy"} <= own.keys()
    assert own.get("Type") in ("notify", "oneshot", "exec")
    if own["Type"] == "notify" and service != "vigil-signer.service":
        assert "WatchdogSec" in own
    if own["Type"] == "oneshot":
        assert "TimeoutStartSec" in own


@pytest.mark.parametrize("target", ["multi-user.target", "shutdown.target", "reboot.target"])
def test_there_is_no_cycle_and_no_mistake(root, target):
    names = [str(root / "usr/lib/systemd/system" / name) for name in (target, *SERVICES)]
    done = run(
        "systemd-analyze", f"--root={root}", "--man=no", "--generators=no", "--recursive-errors=yes", "verify",
        *names, check=False,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "vigil" in line or "cycle" in line or "boot.mount" in line]

    assert said == [], done.stderr


def test_a_recorder_needs_nobody():
    for unit in ("vigil-record@front.service", "vigil-record.service"):
        own = settings(unit)
        assert not {"Requires", "Requisite", "BindsTo", "PartOf", "RequiresMountsFor"} & own.keys()
        assert {"vigil-video.mount", "vigil-signer.socket"} <= set(own["Wants"].split())
        assert "vigil-video.mount" in own["After"]


def test_body_alone_has_the_lines_of_the_header_and_needs_nobody():
    own = settings("vigil-body.service")
    rules = (TREE / "usr/lib/udev/rules.d/72-vigil-lines.rules").read_text()

    assert own["User"] == "vigil-body" and own["DeviceAllow"] == "char-gpiochip rw"
    assert 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", OWNER="vigil-body", MODE="0600"' in rules
    assert not {"Requires", "Requisite", "BindsTo", "PartOf", "RequiresMountsFor"} & own.keys()
    assert re.search(r"^Wants=.*\bvigil-body\.service\b", (UNITS / "vigil.target").read_text(), re.MULTILINE)
    # lgpio makes a pipe where it is told, and the root is read-only.
    assert own["Environment"] == f"LG_WD=/run/{own['RuntimeDirectory']}"


def test_lookout_alone_may_ping_and_reaches_homes_alone(root):
    own = settings("vigil-lookout.service")
    run("systemd-sysusers", f"--root={root}")
    groups = {line.split(":")[0]: line.split(":")[2] for line in (root / "etc/group").read_text().splitlines()}
    [line] = [line for line in (TREE / SYSCTL).read_text().splitlines() if line.startswith("net")]

    assert own["User"] == "vigil-lookout" and own["CapabilityBoundingSet"] == ""
    assert own["SupplementaryGroups"] == "vigil-ping"
    assert line == f"net.ipv4.ping_group_range = {groups['vigil-ping']} {groups['vigil-ping']}"
    # Debian's own file, which grants pings to everybody, is read before it.
    assert Path(SYSCTL).name > "50-default.conf"
    others = [service for service in SERVICES if "vigil-ping" in settings(service).get("SupplementaryGroups", "")]
    assert others == ["vigil-lookout.service"]
    allowed = [ipaddress.ip_network(one) for one in own["IPAddressAllow"].split() if one != "localhost"]
    assert set(allowed) == set(HOME_NETWORKS) and own["IPAddressDeny"] == "any"
    assert not {"Requires", "Requisite", "BindsTo", "PartOf", "RequiresMountsFor"} & own.keys()
    # It is started where there is anybody to look for, and not with the box.
    assert "vigil-lookout" not in (UNITS / "vigil.target").read_text()


def test_users_of_the_units_are_made(root):
    run("systemd-sysusers", f"--root={root}")

    known = {line.split(":")[0] for line in (root / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0] for line in (root / "etc/group").read_text().splitlines()}
    assert {settings(service)["User"] for service in SERVICES if "User" in settings(service)} <= known
    assert "vigil" in groups


def test_nobody_is_let_in():
    system = TREE / "etc/systemd/system"
    for name in ("getty@.service", "serial-getty@.service", "debug-shell.service"):
        assert (system / name).readlink() == Path("/dev/null")
    assert not [name for name in enabled() if "ssh" in name or "getty" in name]


def test_the_firewall_lets_in_what_is_promised_and_no_more():
    rules = (TREE / "etc/nftables.conf").read_text()

    assert "hook input priority filter; policy drop;" in rules
    assert re.findall(r"dport (\{[^}]*\}|\S+) accept", rules) == ["{ 80, 443 }", "5353", "546"]


def test_every_link_of_the_tree_leads_where_it_should():
    links = {str(path.relative_to(TREE)): str(path.readlink()) for path in TREE.rglob("*") if path.is_symlink()}

    assert links["vigil/run"] == "/run/vigil"
    assert links["vigil/vigil.toml"] == "state/vigil.toml"
    assert (TREE / "etc/machine-id").read_bytes() == b""
