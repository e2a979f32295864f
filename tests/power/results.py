"""What a campaign has found so far: a line for each state, and the table that is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from power.judge import LATE

CONTROL = "control:"
"""So begins what is said of a control, which is made to fail."""

BEGIN, END = "<!-- power cuts: the campaign's own words -->", "<!-- power cuts: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One state, judged: `key` names it for ever, `wrong` says what is not as it must be."""

    key: str
    tier: str
    workload: str
    kind: str
    wrong: tuple[str, ...]
    loss_s: float | None
    took_s: float


def is_broken(one: Result) -> bool:
    """Whether anything is wrong but how long pictures were in danger."""
    return any(not words.endswith(LATE) for words in one.wrong)


class Results:
    """The state file: what is in it is not done again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all: dict[str, Result] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            words = json.loads(line)
            one = Result(**{**words, "wrong": tuple(words["wrong"])})
            self.all[one.key] = one

    def add(self, one: Result) -> None:
        """Note a state, at once."""
        self.all[one.key] = one
        with self._path.open("a") as file:
            words = {name: getattr(one, name) for name in Result.__slots__}
            file.write(json.dumps(words) + "\n")


def table(results: Iterable[Result], footer: str) -> str:
    """Markdown: how many states of each sort passed, and how much video the worst of them cost; no control in a sum."""
    rows: dict[tuple[str, str, str], list[Result]] = {}
    for one in results:
        rows.setdefault((one.tier, one.workload, one.kind), []).append(one)
    lines = ["| opened | during | the cut | states | passed | in danger too long | failed | worst loss |"]
    lines.append("|---|---|---|--:|--:|--:|--:|--:|")
    for (tier, workload, kind), states in sorted(rows.items()):
        lines.append(f"| {tier} | {workload} | {kind} | {_counts(states)} |")
    for tier in sorted({key[0] for key in rows}):
        real = [states for key, states in rows.items() if key[0] == tier and not key[1].startswith(CONTROL)]
        if total := [one for states in real for one in states]:
            lines.append(f"| **{tier}** | all but controls | all | {_counts(total)} |")
    return "\n".join([*lines, "", footer])


def _counts(states: list[Result]) -> str:
    failed = sum(map(is_broken, states))
    late = sum(bool(one.wrong) for one in states) - failed
    losses = [one.loss_s for one in states if one.loss_s is not None]
    worst = f"{max(losses):.2f} s" if losses else "–"
    return f"{len(states)} | {len(states) - failed - late} | {late} | {failed} | {worst}"


def with_table(page: str, words: str) -> str:
    """A page whose part between the two marks is replaced. Raises `ValueError` where it has no such part."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the table")
    return f"{head}{BEGIN}\n\n{words}\n\n{END}{tail}"
