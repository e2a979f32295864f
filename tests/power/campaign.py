"""
The campaign: cuts the power of the box at thousands of points, and asks after each what of its promises is left.

`python -m power.campaign` (in tests/) goes on where it was stopped: workloads that were played and states that were
judged lie in `--home` and are not done again. A larger number goes on with the same draw.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from boot.products import cache_directory
from fakes.image import built
from fakes.repository import ROOT
from power import guest_tier, uml_tier, whole_tier
from power.draw import Cut, drawn
from power.guest_tier import Job
from power.host_tier import host_tier
from power.judge import Judgement
from power.results import Result, Results, is_broken, table, with_table
from power.sessions import Session, session
from power.states import of_the_box
from power.workloads import ALWAYS, SETUP, WORKLOADS

SEEDS = {"host": 20261, "guest": 20262, "whole": 20263, "units": 20264}
PER_BOOT = 100
PER_START = 50
CONTROL = 60
PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Where everything lies, and the image that is judged."""

    image: Path
    home: Path
    results: Results

    def session(self, name: str) -> Session:
        """A workload, played."""
        return session(name, self.image, self.home)

    def pending(self, played: Session, tier: str, count: int, *, more: Sequence[Cut] = ()) -> list[Cut]:
        """The states of a draw that were not judged yet, in the order of the disk's life."""
        first = played.first if tier == "host" else 0
        log = played.log
        windows = [of_the_box(log, number) for number in range(len(log.windows))]
        cuts = [*more, *drawn(windows, count, seed=SEEDS[tier], first=first)]
        return sorted(cut for cut in cuts if self._key(played, tier, cut) not in self.results.all)

    def found(self, played: Session) -> list[Result]:
        """All that was found in a session, in earlier runs too."""
        return [one for key, one in self.results.all.items() if key.split()[1] == played.place.name]

    def add(self, played: Session, tier: str, cut: Cut, found: Judgement, began: float) -> Result:
        """Note what was found; it began to be looked for at `began` (this machine's monotonic clock)."""
        made = Result(
            key=self._key(played, tier, cut), tier=tier, workload=played.workload.what, kind=str(cut.kind),
            wrong=tuple(found.wrong), loss_s=found.loss_s, took_s=round(time.monotonic() - began, 2),
        )  # fmt: skip
        self.results.add(made)
        return made

    def _key(self, played: Session, tier: str, cut: Cut) -> str:
        return f"{tier} {played.place.name} {cut}"


def judge_here(campaign: Campaign, played: Session, count: int) -> Iterator[Result]:
    """Judge states of a session on this machine."""
    cuts = campaign.pending(played, "host", count)
    if not cuts:
        return
    with played.scratch() as scratch, host_tier(scratch / "mounted") as tier:
        rolling = played.rolling_video(scratch / "rolling.img")
        for number, cut in enumerate(cuts):
            began = time.monotonic()
            # A name of its own: the loop device of another state must never be taken for this one's.
            state = scratch / f"{number}-{cut.window}.img"
            rolling.leave(cut, state)
            found = tier.judge(state, played.asked(cut.window))
            state.unlink()
            yield campaign.add(played, "host", cut, found, began)


def judge_in_guests(campaign: Campaign, played: Session, count: int) -> Iterator[Result]:
    """Judge states of a session in emulated boxes, `PER_BOOT` in each boot."""
    start = partial(guest_tier.judged, campaign.image, setup=SETUP)
    return _many_in_a_start(campaign, played, "guest", start, count=count, most=PER_BOOT)


def judge_under_units(campaign: Campaign, played: Session, count: int) -> Iterator[Result]:
    """Judge states of a session in user-mode Linux, `PER_START` each time it is started."""
    return _many_in_a_start(campaign, played, "units", uml_tier.judged, count=count, most=PER_START)


def _many_in_a_start(
    campaign: Campaign,
    played: Session,
    tier: str,
    start: Callable[[Path, Sequence[Job]], Iterator[Judgement]],
    *,
    count: int,
    most: int,
) -> Iterator[Result]:
    """Judge states in a box that opens up to `most` of them, one after the other, each time it is started."""
    cuts = iter(campaign.pending(played, tier, count))
    while some := list(islice(cuts, most)):
        with played.scratch() as scratch:
            rolling = played.rolling(scratch / "rolling.img")
            jobs = [Job(partial(rolling.leave, cut), played.asked(cut.window)) for cut in some]
            began = time.monotonic()
            for cut, found in zip(some, start(scratch, jobs), strict=True):
                yield campaign.add(played, tier, cut, found, began)
                began = time.monotonic()


def boot_whole(campaign: Campaign, played: Session, count: int) -> Iterator[Result]:
    """Boot states of a session: `count` drawn ones, and every write of slot state whole and torn."""
    cuts = campaign.pending(played, "whole", count, more=played.slot_cuts() if count else ())
    if not cuts:
        return
    with played.scratch() as scratch:
        rolling = played.rolling_whole(scratch / "rolling.img")
        for cut in cuts:
            began = time.monotonic()
            card = scratch / "card.img"
            rolling.leave(cut, card)
            yield campaign.add(played, "whole", cut, whole_tier.judged(card, played.asked(cut.window), ALWAYS), began)
            card.unlink()


def tell(results: Iterator[Result]) -> None:
    """Judge, and print how it goes."""
    failed = count = 0
    began = time.monotonic()
    for count, one in enumerate(results, 1):
        failed += bool(one.wrong)
        if one.wrong:
            print(f"✗ {one.key}: {'; '.join(one.wrong)}", flush=True)
        if count % 50 == 0:
            print(f"  {count} states, {failed} failed, {(time.monotonic() - began) / count:.2f} s each", flush=True)


def footer(campaign: Campaign, states: int) -> str:
    """Where and when."""
    return (
        f"{states} states, {datetime.now(UTC):%Y-%m-%d}, {platform.machine()} with QEMU, "
        f"card {campaign.image.parent.name.removeprefix('card-')}."
    )


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; the exit code is 1 where a state failed, or the control did not."""
    parser = argparse.ArgumentParser(prog="python -m power.campaign", description="Cuts the power, and counts.")
    parser.add_argument("--host", type=int, default=2000, help="states of each workload judged here (%(default)s)")
    parser.add_argument("--guest", type=int, default=300, help="states of each workload judged in guests (%(default)s)")
    parser.add_argument("--uml", type=int, default=300, help="states of each judged in user-mode Linux (%(default)s)")
    parser.add_argument("--whole", type=int, default=30, help="states of each workload that are booted (%(default)s)")
    parser.add_argument("--only", choices=WORKLOADS, action="append", help="these workloads")
    parser.add_argument("--home", type=Path, default=cache_directory() / "power-cuts", help="(%(default)s)")
    parser.add_argument("--image", type=Path, help="the card to judge (this checkout's)")
    parser.add_argument("--page", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    given = parser.parse_args(arguments)
    if given.uml and (lack := uml_tier.missing()):
        print(f"nothing is judged in user-mode Linux: {lack}")
        given.uml = 0
    # Emulators end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given.home.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(
        image=given.image or built().image, home=given.home, results=Results(given.home / "results.jsonl")
    )
    of_this_image: list[Result] = []
    bad = 0
    for name in given.only or WORKLOADS:
        played = campaign.session(name)
        print(f"{name}: {len(played.log.windows)} flushes", flush=True)
        if played.workload.is_control:
            tell(judge_here(campaign, played, min(given.host, CONTROL)))
        else:
            tell(judge_here(campaign, played, given.host))
            tell(judge_under_units(campaign, played, given.uml))
            tell(judge_in_guests(campaign, played, given.guest))
            tell(boot_whole(campaign, played, given.whole))
        found = campaign.found(played)
        # Being slow is no failure of the kind that a control is there for.
        bad += not any(map(is_broken, found)) if played.workload.is_control else any(one.wrong for one in found)
        of_this_image += found
    words = table(of_this_image, footer(campaign, len(of_this_image)))
    print(words)
    if given.page:
        PAGE.write_text(with_table(PAGE.read_text(), words))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
