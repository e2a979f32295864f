"""Who speaks on the hub: a name proves nothing, a user does."""

from __future__ import annotations

import os
import socket

import pytest

from vigil.processes.hub import Peer
from vigil.processes.who import is_our, may_command, may_own, name_of


@pytest.mark.parametrize(
    ("uid", "may"), [(0, True), (802, True), (801, False), (804, False), (805, False), (1000, True)]
)
def test_people_root_and_guard_itself_may_arm_and_no_other_service(uid, may):
    assert may_command(uid, own_uid=802) is may


@pytest.mark.parametrize(("uid", "may"), [(0, True), (802, True), (801, False), (805, False), (1000, False)])
def test_root_and_guard_itself_may_say_whose_the_box_is_and_no_other_account(uid, may):
    assert may_own(uid, own_uid=802) is may


@pytest.mark.parametrize(
    ("uid", "name", "ours"),
    [(os.getuid(), "body", True), (0, "body", True), (54321, "body", False), (os.getuid(), "uplink", False)],
)
def test_a_process_is_ours_by_its_name_and_its_user_both(uid, name, ours):
    with socket.socket() as end:
        assert is_our(Peer(end, uid=uid, pid=1, name=name), "body") is ours


def test_who_has_no_account_any_more_is_called_by_number():
    assert name_of(0) == "root (uid 0)"
    assert name_of(54321) == "uid 54321"
