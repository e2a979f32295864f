"""
The tree over a log: how one hash stands for every entry, and how little it takes to prove one of them.

This is the Merkle tree of RFC 9162 §2.1 with SHA-256. Nothing here knows where
hashes are kept: nodes are read through a callable `read(level, index)`, which
returns the root of the full subtree over the leaves from ``index << level``
to ``(index + 1) << level``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vigil.errors import Forged

NodeReader = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above `left` and `right`."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """
    The right edge of a growing tree: the roots of its full subtrees, largest first.

    There is one node for each bit set in `size`, so it stays small: 20 hashes
    for a million leaves.
    """

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[bytes]:
        """
        Take in the next leaf hash.

        Returns the subtrees that it completed: `[leaf, …]`, item *l* being the
        root over the last ``2 ** l`` leaves.
        """
        return self.append_subtree(0, leaf)

    def append_subtree(self, level: int, root: bytes) -> list[bytes]:
        """Take in the next ``2 ** level`` leaves at once; `size` must be a multiple of that. Returns as `append`."""
        if self.size % (1 << level):
            raise ValueError(f"a subtree of {1 << level} leaves cannot follow {self.size} leaves")
        done = [root]
        size = self.size >> level
        while size & 1:
            done.append(node_hash(self.nodes.pop(), done[-1]))
            size >>= 1
        self.nodes.append(done[-1])
        self.size += 1 << level
        return done

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def frontier(size: int, read: NodeReader) -> Frontier:
    """Return the right edge of the tree at `size` leaves."""
    nodes = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            nodes.append(read(level, start >> level))
            start += 1 << level
    return Frontier(size, nodes)


def root_at(size: int, read: NodeReader) -> bytes:
    """Return the root of the tree over the first `size` leaves."""
    return frontier(size, read).root()


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Return PATH(index, D_size) of RFC 9162 §2.1.3.1, nearest to the leaf first."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not among the first {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read: NodeReader) -> list[bytes]:
    """Return PROOF(old_size, D_new_size) of RFC 9162 §2.1.4.1; empty where a size is 0 or both are equal."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a log of {new_size} entries has no older state of {old_size}")
    if old_size in (0, new_size):
        return []
    proof = []
    start, end = 0, new_size
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    # Where the old tree is the left edge itself, the verifier knows its root already.
    if start > 0:
        proof.append(_range_root(start, end, read))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `Forged` unless `proof` shows that `leaf` (its hash) is entry `index` of `size` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise Forged(f"entry {index} is not among the first {size}")
    _check_lengths(leaf, root, *proof)
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Forged("the proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn or r != root:
        raise Forged(f"the proof does not lead from entry {index} to the root of {size} entries")


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `Forged` unless `proof` shows that the new tree only added to the old one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        raise Forged(f"a log of {new_size} entries has no older state of {old_size}")
    _check_lengths(old_root, new_root, *proof)
    if old_size in (0, new_size):
        # Every log continues the empty one; a tree of the same size is the same tree.
        if proof or (old_size == 0 and old_root != EMPTY_ROOT) or (old_size == new_size and old_root != new_root):
            raise Forged(f"the roots of {old_size} and {new_size} entries do not belong together")
        return
    # A complete old tree is its own first node, so the proof leaves it out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise Forged("the proof is empty")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise Forged("the proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != old_root or sr != new_root:
        raise Forged(f"the log of {new_size} entries does not continue the one of {old_size}")


def _check_lengths(*hashes: bytes) -> None:
    # Two hashes are joined before they are hashed: of other lengths, they could be read as another pair.
    if any(len(each) != 32 for each in hashes):
        raise Forged("a hash in this proof does not have 32 bytes")


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (which is at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(start: int, end: int, read: NodeReader) -> bytes:
    """Return MTH(D[start:end]); `start` is a multiple of the largest power of two in the range, as in all proofs."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_root(start, middle, read), _range_root(middle, end, read))
