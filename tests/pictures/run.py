"""
Makes docs/pictures/run.png: a real `vigil run` in a real terminal, photographed.

    .venv/bin/python tests/pictures/run.py

Needs tmux and chromium. Takes three minutes, as the page shows the last one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from rich.ansi import AnsiDecoder  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.terminal_theme import TerminalTheme  # noqa: E402

from fakes.tmux import Screen  # noqa: E402

DATA = Path("/tmp/vigil")
WIDTH, HEIGHT = 136, 32
CAMERAS = """
[[camera]]
id = "front-door"
source = "synthetic"
width = 1280
height = 720
fps = 15
bit_rate_kbps = 2000

[[camera]]
id = "garden"
source = "synthetic"
mode = "motion"
width = 960
height = 540
fps = 10
bit_rate_kbps = 1000

[[camera]]
id = "drive"
source = "rtsp"
url = "rtsp://127.0.0.1:9/stream1"

[[camera]]
id = "living-room"
source = "synthetic"
record = false
width = 640
height = 360
fps = 10
"""

# Colours of a calm dark terminal: black, red, green, yellow, blue, magenta, cyan, white; then the bright ones.
NORMAL = [(30, 33, 42), (240, 113, 120), (166, 209, 137), (231, 197, 123), (124, 165, 245), (203, 153, 240), (120, 205, 214), (205, 211, 224)]  # fmt: skip # noqa: E501
THEME = TerminalTheme((22, 24, 32), (208, 213, 226), NORMAL, NORMAL)

PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
html {{ background: transparent }}
body {{ margin: 0; padding: 24px; display: inline-block }}
div {{ border-radius: 12px; background: #161820; box-shadow: 0 6px 22px #0006; padding: 0 22px 18px; }}
p {{ margin: 0; padding: 12px 0 10px; font: 13px "DejaVu Sans", sans-serif; color: #8a90a3; text-align: center }}
p i {{ float: left; width: 12px; height: 12px; border-radius: 6px; margin: 2px 8px 0 0 }}
pre {{ margin: 0; font: 14px/17px "DejaVu Sans Mono", monospace; color: #d0d5e2; font-variant-ligatures: none }}
</style><body><div><p><i style="background:#f07178"></i><i style="background:#e7c57b"></i>
<i style="background:#a6d189"></i>vigil run</p><pre>{code}</pre></div>"""


def main() -> int:
    """Run, look, photograph."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=170, help="how long it runs before the picture is taken")
    words.add_argument("--out", type=Path, default=ROOT / "docs/pictures/run.png")
    given = words.parse_args()
    if DATA.exists():
        words.error(f"{DATA} exists: it may be somebody's, so move it away first")
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        page = place / "page.html"
        page.write_text(html(watch(place / "tmux", given.seconds)), encoding="utf-8")
        photograph(page, given.out)
    shutil.rmtree(DATA)
    print(f"{given.out}: {given.out.stat().st_size} bytes")
    return 0


def watch(socket: Path, seconds: float) -> str:
    """Let `vigil run` make its configuration, give it more cameras, run it; return its screen with colours."""
    vigil = [sys.executable, "-m", "vigil", "run", "--data", str(DATA)]
    environment = {"PYTHONPATH": str(ROOT / "firmware")}
    subprocess.run([*vigil, "--plain", "--for", "1"], env=environment, check=True, capture_output=True)
    file = DATA / "vigil.toml"
    head = file.read_text().partition("[[camera]]")[0]
    file.write_text(head + CAMERAS)
    shutil.rmtree(DATA / "video")
    shutil.rmtree(DATA / "state")
    screen = Screen(socket, vigil, width=WIDTH, height=HEIGHT, environment=environment)
    try:
        screen.until_text("Ctrl-C seals and stops")
        time.sleep(seconds)
        shown = screen.text(colours=True)
        screen.type("C-c")
        screen.until(lambda _: screen.dead())
        print(screen.text())
        return shown
    finally:
        screen.close()


def html(screen: str) -> str:
    """Draw a captured screen as a page."""
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, file=nowhere, width=WIDTH, height=HEIGHT, force_terminal=True)
        # A style goes on over the line's end: the lines are decoded as the one stream that they are.
        for line in AnsiDecoder().decode(screen.rstrip("\n")):
            console.print(line, soft_wrap=True)
        return console.export_html(theme=THEME, code_format=PAGE, inline_styles=True)


def photograph(page: Path, out: Path) -> None:
    """Have Chromium draw the page at twice its size,."""
    width, height = round(WIDTH * 8.43) + 92, HEIGHT * 17 + 105
    out.parent.mkdir(parents=True, exist_ok=True)
    flags = [f"--screenshot={out}", f"--window-size={width},{height}", "--force-device-scale-factor=1.4"]
    subprocess.run(
        [*chromium(page.parent), *flags, "--default-background-color=00000000", page.as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip


def chromium(profile: Path) -> list[str]:
    """The browser, without anything that it does of its own accord."""
    return [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={profile / 'profile'}",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
