"""`vigil rules`: are the rules right, and what would they have done on a day that has been?"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.cli.rules_words import explained_in_words, rules_in_words
from vigil.config.model import Config
from vigil.config.read import read_strict
from vigil.config.rule_checks import known_of
from vigil.errors import ConfigError, FormatError, JournalError
from vigil.guard.replay import KINDS, Told, explain
from vigil.guard.rule_state import World
from vigil.processes.place import Place
from vigil.processes.sensing import local_time
from vigil.store.entry import read_entry
from vigil.store.journal_read import LogReader, read_logs

OK, MISTAKES, CANNOT = 0, 1, 2
"""Exit codes: all is well; the rules have mistakes; the command could not be carried out."""

_WANTED = re.compile(rb'"kind":"(?:' + b"|".join(re.escape(kind.encode()) for kind in sorted(KINDS)) + rb')"')


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `rules` and its commands."""
    rules = subparsers.add_parser("rules", help="check the rules, and try them on a day that has been")
    commands = rules.add_subparsers(metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data", metavar="DIR", type=Path, default=default_data_dir(), help="data directory (%(default)s)"
    )
    common.add_argument("file", metavar="FILE", type=Path, nargs="?", help="configuration file (DIR/vigil.toml)")
    words = "say whether every rule is right and can fire, and what each does"
    check = commands.add_parser("check", parents=[common], help=words, description=words)
    check.set_defaults(run=run_check)
    words = "put the journal of a day to the rules as they are now: what would have fired, and why, or why not"
    replay = commands.add_parser("explain", parents=[common], help=words, description=words)
    replay.add_argument("--day", metavar="DATE", help="2026-11-22, today or yesterday (today)", default="today")
    replay.add_argument("--rule", metavar="ID", help="only this rule")
    replay.set_defaults(run=run_explain)


def run_check(args: argparse.Namespace) -> int:
    """Check the rules of a file as somebody who edits it wants to know."""
    found = _read(args)
    if isinstance(found, int):
        return found
    print("\n".join(rules_in_words(found)))
    return OK


def run_explain(args: argparse.Namespace) -> int:
    """Replay a day."""
    config = _read(args)
    if isinstance(config, int):
        return config
    rules = [one for one in config.rules if one.enabled and args.rule in (None, one.id)]
    if not rules:
        print("there is no such rule, or it is not enabled" if args.rule else "there are no rules", file=sys.stderr)
        return CANNOT
    try:
        from_us, to_us = day_of(args.day, datetime.now().astimezone())
    except ValueError:
        print(f"--day {args.day}: give a date such as 2026-11-22, today or yesterday", file=sys.stderr)
        return CANNOT
    to_us = min(to_us, time.time_ns() // 1000)
    journal = Place(args.data).journal
    logs = read_logs(journal)
    if not logs:
        print(f"there is no journal in {journal}: name the data directory with --data", file=sys.stderr)
        return CANNOT
    world = World(config.location, local_time, known_of(config.sensors, config.cameras))
    lost: list[str] = []
    found = explain(rules, world, _entries(logs, lost), from_us=from_us, to_us=to_us)
    print("\n".join(explained_in_words(found, from_us=from_us, to_us=to_us, shown=_shown)))
    for words in lost:
        print(f"note: {words}", file=sys.stderr)
    return OK


def day_of(word: str, now: datetime) -> tuple[int, int]:
    """Return when a day begins and ends where the box stands (UTC microseconds). Raises `ValueError`."""
    days = {"today": 0, "yesterday": 1}
    day = now.date() - timedelta(days=days[word]) if word in days else date.fromisoformat(word)
    ends = [datetime(one.year, one.month, one.day).astimezone() for one in (day, day + timedelta(days=1))]
    return round(ends[0].timestamp() * 1_000_000), round(ends[1].timestamp() * 1_000_000)


def _shown(at_us: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at_us / 1_000_000))


def _read(args: argparse.Namespace) -> Config | int:
    """Return the configuration, or the exit code where there is none that can be used."""
    path: Path = args.file or args.data / "vigil.toml"
    try:
        return read_strict(path.read_bytes())
    except OSError as error:
        print(f"{path} cannot be read: {error.strerror}", file=sys.stderr)
        return CANNOT
    except ConfigError as error:
        count = len(error.problems)
        print(f"{path}: {count} mistake{'s'[: count != 1]}", file=sys.stderr)
        print("\n".join(f"  {problem}" for problem in error.problems), file=sys.stderr)
        return MISTAKES


def _entries(logs: list[LogReader], lost: list[str]) -> Iterator[Told]:
    """Yield what the rules need of every log, in order; appends to `lost` what could not be read."""
    for log in logs:
        if log.first_kept:
            lost.append(
                f"the words before entry {log.first_kept} of log {log.log_id} were dropped: what held is unknown"
            )
        try:
            for _, seq, line in log.lines(log.first_kept):
                # Most of a journal is about segments: looking for the kind first is ten times as fast as reading all.
                if _WANTED.search(line):
                    entry = read_entry(log.log_id, seq, line)
                    if entry.kind in KINDS:
                        yield Told(entry.at_us, entry.kind, entry.fields)
        except (FormatError, JournalError, OSError) as error:
            lost.append(f"log {log.log_id} could be read in part only: {error}")
