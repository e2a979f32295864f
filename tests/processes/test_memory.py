"""Memory that a process does not keep."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fakes.repository import PACKAGE

PROGRAM = """
import ctypes, sys, tempfile, threading
from vigil.processes.memory import spare

if "spare" in sys.argv:
    spare()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = ctypes.c_char_p, ctypes.c_char_p
libc.malloc_info.argtypes = ctypes.c_int, ctypes.c_void_p
libc.fclose.argtypes = (ctypes.c_void_p,)
together = threading.Barrier(4)

def allocate():
    together.wait()
    libc.malloc(1000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as told:
    file = libc.fopen(told.name.encode(), b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(told.read().count(b"<heap nr="))
"""


@pytest.mark.parametrize(("words", "heaps"), [(["spare"], [1]), ([], range(2, 99))])
def test_the_threads_of_a_spare_process_share_one_heap(words: list[str], heaps: list[int]):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert int(done.stdout) in heaps


LOADER = """
import os
from vigil.processes.memory import spare

spare()
import numpy
print(len(os.listdir("/proc/self/task")))
"""


def test_numpy_starts_no_threads_in_a_spare_process():
    """Where there is a single core it would start none anyway."""
    command = [sys.executable, "-c", LOADER]
    done = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True)

    assert int(done.stdout) == 1


HOLDER = """
from pathlib import Path
from vigil.processes.memory import hold

allowed = hold()
locked = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck")]
print(allowed, int(locked[0]) > 4000)
"""


def test_what_a_process_has_used_stays_in_memory():
    """A limit that forbids it is told by `hold`, and nothing is locked then."""
    command = [sys.executable, "-c", HOLDER]
    said = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True)

    assert said.stdout.split() in (["True", "True"], ["False", "False"])
