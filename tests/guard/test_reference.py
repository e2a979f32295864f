"""docs/ref/faults.md says every fault there is, and what the code says of it."""

from __future__ import annotations

import re

import pytest

from fakes.repository import ROOT
from vigil.guard.faults import Blink, Level
from vigil.guard.probes import FAULTS, PROBES
from vigil.guard.reference import reference_tables

PAGE = (ROOT / "docs" / "ref" / "faults.md").read_text(encoding="utf-8")


def section(probe: str) -> str:
    """The part of the page under the heading of this probe."""
    found = re.search(rf"^## `{probe}`[^\n]*\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no heading names {probe}"
    return found[1]


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
def test_every_fault_stands_in_the_page_as_the_code_has_it(probe: str):
    rows = "".join(f"{line}\n" for line in section(probe).splitlines() if line.startswith("|"))

    assert rows == reference_tables()[probe]


def test_the_page_has_no_fault_that_the_code_has_not():
    assert set(re.findall(r"^\| `([a-z]+\.[a-z-]+)` \|", PAGE, re.MULTILINE)) == set(FAULTS)


def test_the_page_says_what_the_lamp_counts_out_and_every_level():
    counted = {int(number) for number in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)}
    levels = re.findall(r"^\| (ok|notice|warning|unknown|failed) \|", PAGE, re.MULTILINE)

    assert counted == {blink.value for blink in Blink}
    assert levels == [str(level) for level in Level]
