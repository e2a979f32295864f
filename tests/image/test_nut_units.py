"""NUT's driver and server as the image's units and systemd start them: they find their files and each other."""

from __future__ import annotations

import shutil

from fakes.nut import FULL, free_port, with_nut
from fakes.repository import ROOT
from fakes.systemd_here import Tree, as_pid_1
from vigil.body.nut_files import Device, files

UNITS = ROOT / "image/system/root/usr/lib/systemd/system"
NAMES = ("vigil-nut-driver.service", "vigil-nut-server.service")

# What the box does before: tmpfiles.d makes the directory, and systemd hands over the files. It does so in namespaces
# of its own, which cannot be had here, and neither can the cage: that is judged in test_units.py.
PLACE = """#!/bin/sh
install -d -o 808 -g 800 -m 700 /run/vigil-nut
for unit in vigil-nut-driver vigil-nut-server; do
    place=/run/credentials/$unit.service
    install -d -o 808 -m 500 "$place"
    for file in $(sed -n 's|^LoadCredential=.*:||p' /usr/lib/systemd/system/$unit.service); do
        install -o 808 -m 400 "$file" "$place"
    done
done
"""
ASK = """#!/bin/sh
until upsc ups@127.0.0.1:$1 2>/dev/null | grep -q battery.charge; do sleep 0.2; done
upsc ups@127.0.0.1:$1 >/said
ps -o user:20=,args= -C upsd,dummy-ups >/who
systemctl --force --force reboot
"""

pytestmark = [as_pid_1, with_nut]


def test_they_read_what_find_wrote_and_tell_it_on_the_loopback(tmp_path):
    tree, port = Tree(tmp_path), free_port()
    root = tmp_path / "root"
    nut = root / "vigil/state/nut"
    nut.mkdir(parents=True)
    for name, text in files(Device("dummy-ups", "0000", "0000"), name="ups", port=port, password="secret").items():
        # dummy-ups knows of no USB, and wants a file.
        lines = [line.replace("port = auto", "port = /ups.dev") for line in text.splitlines() if "id = " not in line]
        (nut / name).write_text("\n".join([*lines, ""]))
    (root / "ups.dev").write_text("".join(f"{name}: {value}\n" for name, value in FULL.items()))
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nvigil-nut:x:808:800::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nvigil:x:800:\n")
    # There is no journal: what they say goes where it can be read if they do not get so far.
    (tmp_path / "etc/systemd/system.conf.d/said.conf").write_text("[Manager]\nDefaultStandardOutput=tty\n")
    for name in NAMES:
        shutil.copy(UNITS / name, tree.units)
    for name, text in (("place", PLACE), ("ask", ASK)):
        (tmp_path / "usr/lib/vigil" / name).write_text(text)
        (tmp_path / "usr/lib/vigil" / name).chmod(0o755)
    one = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/lib/vigil/"
    (tree.units / "place.service").write_text(f"[Unit]\nBefore={' '.join(NAMES)}\n{one}place\n")
    (tree.units / "ask.service").write_text(f"[Unit]\nAfter=vigil-nut-server.service\n{one}ask {port}\n")
    (tree.units / "box.target").write_text(
        f"[Unit]\nDefaultDependencies=no\nWants=place.service {' '.join(NAMES)} ask.service\n"
    )

    ended, said = tree.start("box.target")

    assert ended, said
    assert f"battery.charge: {FULL['battery.charge']}" in (root / "said").read_text()
    who = (root / "who").read_text().splitlines()
    assert len(who) >= 2 and all(line.startswith("vigil-nut ") for line in who), who
