"""
The vectors of the journal, made anew from fixed keys, a fixed clock and fixed dice.

`write_all(directory)` writes one folder a case: `journal/` as a disk would hold
it, and `expect.json`. Run as a program it replaces those in tests/vectors.
"""

import json
import shutil
import tempfile
from pathlib import Path

from fakes.journals import DEVICE, Bench, Dice, happened, signer_of
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.segments.note import sign_note
from vigil.store import merkle
from vigil.store.journal_read import LogReader

CASES = {}


def case(comment, **expected):
    """Register a function that turns a good log into a case; `expected` is the verdict on its only log."""

    def register(make):
        CASES[make.__name__.replace("_", "-")] = (comment, make, expected)
        return make

    return register


def write_all(directory):
    for name, (comment, make, expected) in CASES.items():
        with tempfile.TemporaryDirectory() as scratch:
            bench, log = good(Path(scratch))
            outside = make(bench, log) or []
            wanted = {"verdict": "ok", "first_bad": None, "anchored": None, "unseen": 0, **expected}
            content = {"comment": comment, "keys": [bench.signer.key.text()], "outside": outside, **wanted}
            target = directory / name
            shutil.copytree(bench.directory, target / "journal", ignore=shutil.ignore_patterns("lock"))
            (target / "expect.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def good(root):
    """A log of 13 entries with checkpoints at 1, 5, 9 and 13, and the place it lies in."""
    bench = Bench(root, seed="vectors")
    with bench.open() as journal:
        for number in range(12):
            bench.clock.forward_us(1_500_000)
            kind, fields = happened(number)
            journal.append(kind, fields, clock_trust="synced")
            if number % 4 == 3:
                journal.checkpoint()
        return bench, journal.directory


def entries_of(log):
    return (log / "entries/00000000.jsonl").read_bytes().splitlines()


def put_entries(log, lines):
    (log / "entries/00000000.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def put_tiles(log, lines):
    (log / "tiles/0/00000000").write_bytes(b"".join(merkle.leaf_hash(line) for line in lines))


def put_checkpoints(log, lines, sizes, signer):
    """Sign the log as it is now at these sizes."""
    origin = (log / "origin").read_text().split("\n")[0]
    notes = [sign_note(Checkpoint(origin, size, root_of(lines[:size])).text(), signer) for size in sizes]
    (log / "checkpoints").write_text("".join(note + "\n" for note in notes))


def root_of(lines):
    tree = merkle.Frontier()
    for line in lines:
        tree.append(merkle.leaf_hash(line))
    return tree.root()


def edited(lines, seq=4):
    """The lines with entry `seq` telling of another camera."""
    return [line.replace(b'"door"', b'"yard"') if n == seq else line for n, line in enumerate(lines)]


def notes_of(log):
    return LogReader(log).notes()


@case("thirteen entries, four checkpoints; nobody else holds one")
def whole(bench, log):
    pass


@case("the same, and somebody holds the checkpoint of nine entries", anchored=9)
def anchored(bench, log):
    return [notes_of(log)[2]]


@case("a line and a note were being written when the power went: both are ignored")
def torn(bench, log):
    for path in (log / "entries/00000000.jsonl", log / "checkpoints"):
        path.write_bytes(path.read_bytes() + path.read_bytes()[:90])


@case("the hashes are gone, but they follow from the entries")
def no_tiles(bench, log):
    shutil.rmtree(log / "tiles")


@case("bodies before entry 6 were dropped on purpose, and entry 13 says so", unseen=6, anchored=13)
def pruned(bench, log):
    notes = notes_of(log)
    with bench.open() as journal:
        journal.prune(6, clock_trust="synced")
    return notes[-1:]


@case("an entry was changed", verdict="LogDamaged", first_bad=4)
def entry_edited(bench, log):
    put_entries(log, edited(entries_of(log)))


@case("an entry was changed into something that is no entry", verdict="FormatError", first_bad=4)
def entry_not_canonical(bench, log):
    lines = entries_of(log)
    lines[4] = lines[4].replace(b'":"', b'": "', 1)
    put_entries(log, lines)


@case("an entry was taken out", verdict="LogDamaged", first_bad=4, unseen=1)
def entry_dropped(bench, log):
    lines = entries_of(log)
    put_entries(log, lines[:4] + lines[5:])


@case("an entry was taken out, its hash too, and the rest counted anew", verdict="LogDamaged", first_bad=1)
def entry_dropped_and_renumbered(bench, log):
    lines = entries_of(log)
    rest = [line.replace(b'"seq":%d}' % n, b'"seq":%d}' % (n - 1)) for n, line in enumerate(lines)][5:]
    put_entries(log, lines[:4] + rest)
    put_tiles(log, lines[:4] + rest)


@case("two entries changed places", verdict="LogDamaged", first_bad=4, unseen=1)
def entries_swapped(bench, log):
    lines = entries_of(log)
    lines[4], lines[5] = lines[5], lines[4]
    put_entries(log, lines)


@case("an entry stands twice", verdict="LogDamaged", first_bad=5)
def entry_doubled(bench, log):
    lines = entries_of(log)
    put_entries(log, [*lines[:5], lines[4], *lines[5:]])


@case("the last entries are gone", verdict="LogDamaged", first_bad=10, unseen=3)
def tail_lost(bench, log):
    put_entries(log, entries_of(log)[:10])


@case("the last entries and their hashes are gone; the checkpoint is not", verdict="LogDamaged", first_bad=10)
def tail_and_hashes_lost(bench, log):
    put_entries(log, entries_of(log)[:10])
    put_tiles(log, entries_of(log))


@case("an entry and its hash were changed: the roots from there on are others", verdict="LogDamaged", first_bad=1)
def entry_and_hash_edited(bench, log):
    lines = edited(entries_of(log))
    put_entries(log, lines)
    put_tiles(log, lines)


@case("bodies were dropped, and no entry says so", verdict="LogDamaged", first_bad=0, unseen=3)
def pruned_without_a_word(bench, log):
    put_entries(log, entries_of(log)[3:])
    (log / "pruned").write_text("3\n")


@case("a checkpoint names another root than the log has", verdict="LogDamaged", first_bad=5)
def root_not_matching(bench, log):
    lines = entries_of(log)
    put_checkpoints(log, edited(lines, 7), [1, 5, 9], bench.signer)


@case("the checkpoints go back", verdict="LogDamaged", first_bad=5)
def checkpoints_out_of_order(bench, log):
    put_checkpoints(log, entries_of(log), [1, 9, 5, 13], bench.signer)


@case("one letter of a signature was changed", verdict="Forged")
def note_forged(bench, log):
    path = log / "checkpoints"
    good_note = notes_of(log)[-1]
    at = len(good_note) - 40
    letter = "A" if good_note[at] != "A" else "B"
    path.write_text(path.read_text().replace(good_note, good_note[:at] + letter + good_note[at + 1 :]))


@case("a checkpoint is signed by a key that nobody vouches for", verdict="Forged")
def note_by_a_stranger(bench, log):
    put_checkpoints(log, entries_of(log), [1, 5, 9, 13], signer_of("stranger"))


@case("a checkpoint of another log lies among ours", verdict="LogDamaged")
def note_of_another_log(bench, log):
    note = sign_note(Checkpoint(f"vigil/{DEVICE}/{Dice('other')(16).hex()}", 13, bytes(32)).text(), bench.signer)
    (log / "checkpoints").write_text((log / "checkpoints").read_text() + note + "\n")


@case("the log was put back to an older copy of itself; somebody knows better", verdict="LogFork", first_bad=9)
def rolled_back(bench, log):
    newest = notes_of(log)[-1]
    lines = entries_of(log)[:9]
    put_entries(log, lines)
    put_tiles(log, lines)
    put_checkpoints(log, lines, [1, 5, 9], bench.signer)
    return [newest]


@case("the same older copy, and nobody knows better: not anchored, never proven")
def rolled_back_unseen(bench, log):
    rolled_back(bench, log)


@case("the past was written anew with the right key; somebody holds a checkpoint", verdict="LogFork", first_bad=0)
def rewritten(bench, log):
    held = notes_of(log)[2]
    lines = edited(entries_of(log))
    put_entries(log, lines)
    put_tiles(log, lines)
    put_checkpoints(log, lines, [1, 5, 9, 13], bench.signer)
    return [held]


@case("the same, and nobody holds a checkpoint: not anchored")
def rewritten_unseen(bench, log):
    rewritten(bench, log)


@case("the log is another one than somebody holds a checkpoint of", verdict="LogFork")
def log_gone(bench, log):
    held = peek_checkpoint(notes_of(log)[-1])
    return [sign_note(Checkpoint(held.origin[:-1] + "x", held.size, held.root).text(), bench.signer)]


if __name__ == "__main__":
    logs = Path(__file__).parents[1] / "vectors/journal/logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    write_all(logs)
