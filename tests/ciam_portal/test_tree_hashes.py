"""Roots, proofs and signed notes: the vectors of their standards, and laws at every size that shapes a tree."""

import itertools
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.audit.tree import hashes
from ciam_portal.core.audit.tree.hashes import NotProven
from ciam_portal.core.crypto import notes
from ciam_portal.core.crypto.notes import NotANote

ENTRIES = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = {
    1: ("6e340b9c", "afa01d"),
    3: ("aeb6bcfe", "29e06e77"),
    7: ("ddb89be4", "94a74c8c"),
    8: ("5dc9da79", "f4604328"),
}
MOST = 70
LEAVES = [hashes.leaf(bytes([number])) for number in range(MOST)]
OTHER = hashes.leaf(b"other")


@cache
def node(level: int, number: int) -> bytes:
    return hashes.complete(LEAVES[number << level : (number + 1) << level])


@cache
def root(size: int) -> bytes:
    return hashes.root(node, size)


@pytest.mark.parametrize("size", ROOTS)
def test_the_classic_roots(size: int) -> None:
    begins, ends = ROOTS[size]
    found = [hashes.leaf(entry) for entry in ENTRIES[:size]]
    grown = hashes.Growing()
    for each in found:
        list(grown.add(each))
    made = hashes.root(lambda level, number: hashes.complete(found[number << level : (number + 1) << level]), size)
    assert made == grown.root()
    assert made.hex().startswith(begins)
    assert made.hex().endswith(ends)


def test_no_leaves_have_a_root_too() -> None:
    assert root(0) == hashes.Growing().root() == hashes.EMPTY
    assert hashes.EMPTY.hex().startswith("e3b0c442")


def test_the_last_leaf_is_never_doubled_and_no_subtree_is_a_leaf() -> None:
    assert root(3) != hashes.parent(node(1, 0), hashes.parent(LEAVES[2], LEAVES[2]))
    assert hashes.leaf(LEAVES[0] + LEAVES[1]) != node(1, 0)
    with pytest.raises(NotProven):
        hashes.check_inclusion(node(1, 0), 0, 4, [node(1, 1)], root(4))


def test_a_growing_tree_has_every_root_and_says_what_it_completes() -> None:
    grown = hashes.Growing()
    for size, each in enumerate(LEAVES):
        assert grown.root() == root(size)
        for level, number, found in grown.add(each):
            assert found == node(level, number)


def mutated(proof: list[bytes]) -> list[list[bytes]]:
    """All that could be made of it by one change."""
    changed = [[*proof[:at], OTHER, *proof[at + 1 :]] for at in range(len(proof))]
    turned = [[*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]] for at in range(len(proof) - 1)]
    return [*changed, *turned, [*proof, OTHER], [OTHER, *proof], *([proof[:-1], proof[1:]] if proof else [])]


def test_every_leaf_of_every_size_is_proven_and_nothing_else_is() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof, known = hashes.inclusion(node, index, size), root(size)
            hashes.check_inclusion(LEAVES[index], index, size, proof, known)
            wrong = [(LEAVES[index], index, size, each, known) for each in mutated(proof)]
            wrong += [(OTHER, index, size, proof, known), (LEAVES[index], size, size, proof, known),
                      (LEAVES[index], index, size, proof, OTHER), (LEAVES[index], -1, size, proof, known)]  # fmt: skip
            for each in wrong:
                with pytest.raises(NotProven):
                    hashes.check_inclusion(*each)


def test_every_size_is_proven_to_begin_with_every_smaller_one_and_nothing_else_is() -> None:
    for old, size in itertools.combinations_with_replacement(range(MOST + 1), 2):
        proof = hashes.consistency(node, old, size)
        hashes.check_consistency(old, size, proof, root(old), root(size))
        wrong = [(old, size, each, root(old), root(size)) for each in mutated(proof)]
        wrong += [(old, size, proof, OTHER, root(size)), (size + 1, size, proof, root(old), root(size))]
        if old:  # any tree begins with the empty one
            wrong.append((old, size, proof, root(old), OTHER))
        for each in wrong:
            with pytest.raises(NotProven):
                hashes.check_consistency(*each)


@given(st.integers(1, MOST), st.data())
def test_a_proof_is_of_one_place_and_one_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = hashes.inclusion(node, index, size)
    place, among = data.draw(st.integers(0, MOST)), data.draw(st.integers(1, MOST))
    if (place, among) != (index, size) and not (root(among) == root(size) and place == index):
        with pytest.raises(NotProven):
            hashes.check_inclusion(LEAVES[index], place, among, proof, root(among))


# --- notes

SEED, FORMER = b"s" * 32, b"f" * 32
NAME = "example.com/audit"
CHECKPOINT = notes.Checkpoint(NAME, 3, root(3))
NOTE = notes.sign(CHECKPOINT.body, NAME, [SEED])
KNOWN = {NAME: [notes.public(SEED)]}


def test_the_vector_of_a_verifiers_key() -> None:
    line = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    name, key = notes.read_verifier(line)
    assert notes.key_id(name, key).hex() == "530d903a"
    assert notes.verifier(name, key) == line


@pytest.mark.parametrize(
    "line", ["", "x", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a+b+!"]
)
def test_what_is_no_verifiers_key_is_refused(line: str) -> None:
    with pytest.raises(NotANote):
        notes.read_verifier(line)


def test_a_checkpoint_is_three_lines_and_comes_back() -> None:
    assert CHECKPOINT.body == f"{NAME}\n3\n{notes.encoded(root(3))}\n"
    assert NOTE.startswith(f"{CHECKPOINT.body}\n\u2014 {NAME} ")
    assert notes.read_checkpoint(notes.opened(NOTE, KNOWN)) == CHECKPOINT


def test_all_keys_sign_so_that_who_knows_one_can_read() -> None:
    both = notes.sign(CHECKPOINT.body, NAME, [SEED, FORMER])
    for seed in (SEED, FORMER):
        assert notes.opened(both, {NAME: [notes.public(seed)]}) == CHECKPOINT.body


def test_one_wrong_signature_of_somebody_known_spoils_the_note() -> None:
    text, _, lines = NOTE.rpartition("\n\n")
    stranger = notes.sign(CHECKPOINT.body, "example.com/other", [FORMER]).rpartition("\n\n")[2]
    assert notes.opened(NOTE + stranger, KNOWN)
    forged = f"\u2014 {NAME} {notes.encoded(notes.key_id(NAME, notes.public(FORMER)) + bytes(64))}\n"
    for note in (NOTE + forged, NOTE + lines, NOTE.replace("\n3\n", "\n4\n"), text, f"{text}\n\n{stranger}", "", "\n\n",
                 NOTE[:-1], NOTE.replace("\u2014", "-"), NOTE.replace(lines, lines[:-8] + "\n")):  # fmt: skip
        with pytest.raises(NotANote):
            notes.opened(note, {NAME: [notes.public(SEED), notes.public(FORMER)]})


@pytest.mark.parametrize("body", ["", "a\n1\n", f"a\n01\n{notes.encoded(OTHER)}\n", f"a\n-1\n{notes.encoded(OTHER)}\n",
                                  "a\n1\nAAAA\n",
                                  f"\n1\n{notes.encoded(OTHER)}\n", f"a\n1\n {notes.encoded(OTHER)}\n"])  # fmt: skip
def test_what_is_no_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(NotANote):
        notes.read_checkpoint(body)
