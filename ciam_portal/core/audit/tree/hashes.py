"""Merkle trees as RFC 9162, section 2.1, has them: roots, proofs that a leaf is in one, that one grew out of another.

Pure. Whoever holds the hashes of complete subtrees gives them as ``node(level, number)``: the subtree of ``2 ** level``
leaves that begins at leaf ``number * 2 ** level``.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

Node = Callable[[int, int], bytes]
EMPTY = hashlib.sha256(b"").digest()
SIZE = 32  # bytes of a hash


class NotProven(Exception):
    """A proof does not show what it should."""


def leaf(entry: bytes) -> bytes:
    """The hash of what stands in a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees. A leaf can never be taken for one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of subtrees alike."""
    while len(hashes) > 1:
        hashes = [parent(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def root(node: Node, size: int) -> bytes:
    """The hash over the first ``size`` leaves."""
    return _over(node, 0, size) if size else EMPTY


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of ``size`` leaves (2.1.3.1)."""
    low, high, path = 0, size, []
    while high - low > 1:
        split = low + _left(high - low)
        path.append(_over(node, split, high) if index < split else _over(node, low, split))
        low, high = (low, split) if index < split else (split, high)
    return path[::-1]


def consistency(node: Node, old: int, size: int) -> list[bytes]:
    """The proof that the tree of ``size`` leaves begins with that of ``old`` (2.1.4.1). Nothing, to the empty one."""
    if old in {0, size}:
        return []
    low, high, path = 0, size, []
    while high != old:
        split = low + _left(high - low)
        path.append(_over(node, split, high) if old <= split else _over(node, low, split))
        low, high = (low, split) if old <= split else (split, high)
    if low:
        path.append(_over(node, low, high))
    return path[::-1]


def check_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Leaf ``index`` of the tree with this root is this one (2.1.3.2). Raises NotProven, also for a hash too many."""
    if not 0 <= index < size:
        raise NotProven(f"there is no leaf {index} among {size}")
    for each, is_left in zip(proof, _sides(index, size - 1, len(proof)), strict=True):
        hashed = parent(each, hashed) if is_left else parent(hashed, each)
    if hashed != expected:
        raise NotProven("the proof leads to another root")


def check_consistency(old: int, size: int, proof: Sequence[bytes], first: bytes, second: bytes) -> None:
    """The tree of ``size`` leaves begins with that of ``old`` (2.1.4.2). Raises NotProven, also for a hash too many."""
    if not 0 <= old <= size:
        raise NotProven(f"{size} leaves do not begin with {old}")
    if old in {0, size}:
        if proof or first != (second if old else EMPTY):
            raise NotProven("the proof leads to other roots")
        return
    path = list(proof) if old & (old - 1) else [first, *proof]  # of a power of two, its root is what it begins with
    shift = (old & -old).bit_length() - 1
    was = now = path[0] if path else EMPTY
    for each, is_left in zip(path[1:], _sides(old - 1 >> shift, size - 1 >> shift, len(path) - 1), strict=True):
        was, now = (parent(each, was), parent(each, now)) if is_left else (was, parent(now, each))
    if (was, now) != (first, second):
        raise NotProven("the proof leads to other roots")


def _sides(at: int, last: int, length: int) -> Iterator[bool]:
    """For each hash on the way up from ``at``, whether it stands on the left. Raises NotProven for another length."""
    sides = []
    while last:
        if at & 1 or at == last:
            sides.append(True)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            sides.append(False)
        at, last = at >> 1, last >> 1
    if len(sides) != length:
        raise NotProven("the proof is too short" if length < len(sides) else "the proof is too long")
    return iter(sides)


class Growing:
    """A tree to which leaf after leaf is added. It keeps one hash for each complete subtree that stands apart."""

    def __init__(self, node: Node | None = None, size: int = 0) -> None:
        """Empty, or with the first ``size`` leaves of another tree."""
        self.size, self._peaks, at = size, list[bytes](), 0
        for level in reversed(range(size.bit_length())):
            if node and size >> level & 1:
                self._peaks.append(node(level, at >> level))
                at += 1 << level

    def add(self, hashed: bytes) -> Iterator[tuple[int, int, bytes]]:
        """One leaf more. The subtrees that it completes: level, number and hash."""
        at, level = self.size, 0
        self.size += 1
        while at & 1:
            hashed, at, level = parent(self._peaks.pop(), hashed), at >> 1, level + 1
            yield level, at, hashed
        self._peaks.append(hashed)

    def root(self) -> bytes:
        """The hash over all of them."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            found = parent(peak, found)
        return found


def _left(count: int) -> int:
    """How many of ``count`` leaves, at least two, stand on the left: the largest power of two below it."""
    return 1 << (count - 1).bit_length() - 1


def _over(node: Node, low: int, high: int) -> bytes:
    """The hash over these leaves, which begin where a subtree does."""
    level = (high - low - 1).bit_length()
    if high - low == 1 << level:
        return node(level, low >> level)
    split = low + _left(high - low)
    return parent(_over(node, low, split), _over(node, split, high))
