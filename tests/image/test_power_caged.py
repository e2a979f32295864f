"""The units of power in their cages, by the image's systemd on a kernel of its own: files, users, and the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.nut import FULL
from fakes.repository import ROOT
from power import uml_tier
from power.states import sparse
from vigil.body.nut_files import Device, files

# A kernel that runs as a program takes half a minute to start, and ten times that beside others.
pytestmark = [pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(1800)]

# Debian's dummy-ups, which cuts the power when it is told to, and tells it on the console.
DRIVER = """#!/bin/sh
case " $* " in *" -k "*) echo "inside: cut by $(id -un): $*" >/dev/console; exit 0 ;; esac
exec /usr/lib/nut/dummy-ups "$@"
"""
ASKED = """#!/bin/sh
echo "inside: started"
systemd-tmpfiles --create vigil.conf
systemctl start vigil-nut-driver vigil-nut-server
until upsc ups 2>/dev/null | grep -q battery.charge; do sleep 0.5; done
echo "inside: read $(upsc ups battery.charge 2>/dev/null) %"
for unit in vigil-nut-driver vigil-nut-server; do
    pid=$(systemctl show --value --property=MainPID $unit)
    # What it sees of p7, from inside its cage.
    seen=$(nsenter --target "$pid" --mount ls -A /vigil 2>&1 | tr '\\n' ' ')
    echo "inside: $unit is $(ps -o user:20= -p "$pid") and sees of us: $seen."
done
install -d -o vigil-guard -g vigil -m 750 /run/vigil-guard
systemctl start vigil-power-off.path
install -o vigil-guard -g vigil -m 660 /opt/inside/note /run/part && mv /run/part /run/vigil-guard/power-off
echo "inside: asked"
"""


def over(place: Path) -> None:
    """What comes on top of the image's files: a UPS that is a file, what asks, and no partitions."""
    written = {
        "etc/systemd/system/judges.service": "[Service]\nExecStart=/opt/inside/asked\nStandardInput=tty-force\n"
        "StandardOutput=tty\nStandardError=tty\nTTYPath=/dev/console\n",
        "etc/systemd/system.conf.d/zz-no-watchdog.conf": uml_tier.NO_WATCHDOG.decode(),
        "opt/inside/asked": ASKED,
        "opt/inside/ups.dev": "".join(f"{name}: {value}\n" for name, value in FULL.items()),
        "opt/inside/drivers/dummy-ups": DRIVER,
        "opt/inside/note": "kill-power\n",
        # The image is without it (image/layers/base.toml).
        "usr/lib/systemd/system-shutdown/nutshutdown": "#!/bin/sh\n",
    }
    for name, text in files(Device("dummy-ups", "0000", "0000"), name="ups", port=3493, password="secret").items():
        # dummy-ups knows of no USB, and wants a file.
        lines = [line.replace("port = auto", "port = /opt/inside/ups.dev") for line in text.splitlines()]
        kept = [line for line in lines if "id = " not in line]
        head = ['driverpath = "/opt/inside/drivers"'] if name == "ups.conf" else []
        written[f"vigil/state/nut/{name}"] = "\n".join([*head, *kept, ""])
    for name, text in written.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
        (place / name).chmod(0o755 if text.startswith("#!") else 0o644)
    for name in ("boot.mount", "vigil-state.mount", "vigil-firstboot.service"):
        (place / "etc/systemd/system" / name).symlink_to("/dev/null")
    for name in ("boot", "vigil/video", f"usr/lib/modules/{uml_tier.its_modules().name}"):
        (place / name).mkdir(parents=True)


def test_nut_runs_in_its_cages_and_the_ups_hears_of_it_when_all_has_ended(tmp_path):
    if lack := uml_tier.missing():
        pytest.skip(lack)
    assert (ROOT / "image/system/root/usr/lib/systemd/system/vigil-power-off.path").exists()
    over(tmp_path / "over")

    with uml_tier.started(tmp_path, sparse(tmp_path / "disk", 1 << 20)) as box:
        box.wait_for("inside: started", limit_s=900)
        box.wait_for(f"inside: read {FULL['battery.charge']} %", limit_s=600)
        for unit in ("vigil-nut-driver", "vigil-nut-server"):
            said = box.wait_for(rf"inside: {unit} is (\S+) and sees of us: (.*)\.", limit_s=300)
            assert said[1] == "vigil-nut" and not {"state", "video"} & set(said[2].split()), said[0]
        box.wait_for("inside: asked", limit_s=300)
        cut = box.wait_for(r"inside: cut by (\S+): (.*)", limit_s=900)

    # Written as guard writes it, by modes and owners: the unit that reads it has no capabilities.
    assert cut[1] == "root" and {"-a", "ups", "-k"} <= set(cut[2].split())
