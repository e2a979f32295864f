"""What ships is compared with what Debian has since: an old version is found, and so is a package that has gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder import outdated
from builder.apt import private_apt
from builder.errors import BuildError
from fakes.archives import make_archive

# apt is asked, in directories of its own.
pytestmark = pytest.mark.host

SHIPPED = {"openssl": "3.5.1-1", "systemd": "257.9-1", "linux-binary-7.3.4+deb13-arm64": "7.3.4-1"}


def bill(place: Path, packages: dict[str, str]) -> Path:
    parts = [{"name": n, "version": v, "purl": f"pkg:deb/debian/{n}@{v}"} for n, v in packages.items()]
    parts.append({"name": "av", "version": "17", "purl": "pkg:pypi/av@17"})
    path = place / "vigil-1-debian.bill.cdx.json"
    path.write_text(json.dumps({"components": parts}), encoding="utf-8")
    return path


def compared(place: Path, there: dict[str, str]) -> outdated.Found:
    with private_apt([make_archive(place / "archive", there, release="trixie-security")]) as apt:
        return outdated.compare(outdated.debian_packages(bill(place, SHIPPED)), apt)


def test_an_old_version_is_found(tmp_path: Path):
    found = compared(tmp_path, SHIPPED | {"openssl": "3.5.1-1+deb13u2"})

    assert found.newer == {"openssl": ("3.5.1-1", "3.5.1-1+deb13u2")}
    assert not found.is_clean
    assert "openssl: 3.5.1-1 ships, 3.5.1-1+deb13u2 is there" in outdated.report(found, "bill")


def test_a_kernel_that_has_gone_from_the_archive_is_found(tmp_path: Path):
    found = compared(tmp_path, {"openssl": "3.5.1-1", "systemd": "257.9-1", "linux-binary-7.4.0+deb13-arm64": "7.4-1"})

    assert (dict(found.newer), dict(found.gone)) == ({}, {"linux-binary-7.3.4+deb13-arm64": "7.3.4-1"})
    assert not found.is_clean


def test_nothing_is_outstanding_where_all_is_as_it_was_or_the_archive_is_behind(tmp_path: Path):
    found = compared(tmp_path, SHIPPED | {"systemd": "257.8-1"})

    assert found.is_clean and found.compared == 3
    said = outdated.report(found, "bill")
    assert "Nothing is outstanding." in said
    assert "  trixie-security: Sun, 22 Nov 2026 00:00:00 UTC\n" in said
    assert "Not asked: the security tracker" in said


@pytest.mark.parametrize("text", ["", "[]", '{"components": []}', '{"components": [{"name": "x"}]}'])
def test_what_is_no_bill_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "bill"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BuildError, match="bill"):
        outdated.debian_packages(path)


def test_a_bill_that_is_not_there_is_asked_for(tmp_path: Path):
    with pytest.raises(BuildError, match="make image"):
        outdated.debian_packages(tmp_path / "none")
