"""The tree: against the published vectors, and against the definition of RFC 9162 written down naively."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.errors import Forged
from vigil.store import merkle

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/journal/merkle.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
counts = st.integers(1, 600)


def mth(leaves):
    """RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole):
    """RFC 9162 §2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def leaves_of(count):
    return [b"entry %d" % n for n in range(count)]


def reader_of(leaves):
    """Read nodes of a tree held in memory; a node that is not full cannot be read."""

    def read(level, index):
        covered = leaves[index << level : (index + 1) << level]
        assert len(covered) == 1 << level
        return mth(covered)

    return read


def grown(leaves):
    tree = merkle.Frontier()
    for leaf in leaves:
        tree.append(merkle.leaf_hash(leaf))
    return tree


def test_the_published_roots_come_out():
    assert len(LEAVES) == 8
    for size, root in enumerate(VECTORS["roots"]):
        assert grown(LEAVES[:size]).root().hex() == root
        assert merkle.root_at(size, reader_of(LEAVES)).hex() == root


def test_the_published_inclusion_proofs_come_out():
    assert VECTORS["inclusion"]
    for case in VECTORS["inclusion"]:
        proof = merkle.inclusion_proof(case["index"], case["size"], reader_of(LEAVES))

        assert [each.hex() for each in proof] == case["proof"]


def test_the_published_consistency_proofs_come_out():
    assert VECTORS["consistency"]
    for case in VECTORS["consistency"]:
        proof = merkle.consistency_proof(case["old"], case["new"], reader_of(LEAVES))

        assert [each.hex() for each in proof] == case["proof"]


@given(counts, st.data())
def test_an_inclusion_proof_is_the_rfcs_and_verifies(size, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, reader_of(leaves))

    assert proof == path(index, leaves)
    merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, mth(leaves))


@given(counts, st.data())
def test_a_consistency_proof_is_the_rfcs_and_verifies(new, data):
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, reader_of(leaves))

    assert proof == subproof(old, leaves, True)
    merkle.verify_consistency(old, new, mth(leaves[:old]), mth(leaves), proof)


@given(counts)
def test_growing_gives_the_root_and_every_subtree_once(size):
    leaves = leaves_of(size)
    tree = merkle.Frontier()
    for n, leaf in enumerate(leaves):
        done = tree.append(merkle.leaf_hash(leaf))
        assert done[-1] == mth(leaves[n + 1 - (1 << len(done) - 1) : n + 1])

    assert tree.root() == mth(leaves)
    assert tree == merkle.frontier(size, reader_of(leaves))


@given(st.integers(2, 70), st.data())
def test_a_changed_proof_proves_nothing(size, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, reader_of(leaves))
    wrong = data.draw(
        st.sampled_from([proof[:-1], [*proof, proof[0]], [bytes(32), *proof[1:]], [proof[0][:31], *proof[1:]]])
    )
    with pytest.raises(Forged):
        merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, wrong, mth(leaves))


@given(st.integers(2, 70), st.data())
def test_no_proof_joins_a_rewritten_log(new, data):
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:changed], b"never happened", *leaves[changed + 1 :]]
    proof = merkle.consistency_proof(old, new, reader_of(rewritten))

    with pytest.raises(Forged):
        merkle.verify_consistency(old, new, mth(leaves[:old]), mth(rewritten), proof)


def test_an_empty_log_is_continued_by_all_and_equals_itself():
    root = mth(LEAVES)
    merkle.verify_consistency(0, 8, merkle.EMPTY_ROOT, root, [])
    merkle.verify_consistency(8, 8, root, root, [])
    for old, new, old_root, new_root, proof in [
        (0, 8, root, root, []),
        (0, 0, root, root, []),
        (8, 8, root, mth(LEAVES[:7]), []),
        (8, 8, root, root, [root]),
        (9, 8, root, root, []),
        (3, 8, mth(LEAVES[:3]), root, []),
    ]:
        with pytest.raises(Forged):
            merkle.verify_consistency(old, new, old_root, new_root, proof)


def test_what_is_outside_the_tree_is_refused():
    with pytest.raises(ValueError, match="not among the first 8"):
        merkle.inclusion_proof(8, 8, reader_of(LEAVES))
    with pytest.raises(ValueError, match="no older state"):
        merkle.consistency_proof(9, 8, reader_of(LEAVES))
    with pytest.raises(Forged):
        merkle.verify_inclusion(bytes(32), 8, 8, [], bytes(32))
    with pytest.raises(ValueError, match="cannot follow"):
        merkle.Frontier(3, grown(LEAVES[:3]).nodes).append_subtree(1, bytes(32))


def test_a_proof_in_a_long_log_reads_few_nodes():
    read = []

    def count(level, index):
        read.append((level, index))
        return bytes(32)

    merkle.inclusion_proof(123_456, 1_000_003, count)
    assert len(read) <= 2 * 20
    read.clear()
    merkle.consistency_proof(123_457, 1_000_003, count)
    assert len(read) <= 2 * 20
