"""What proves to somebody else that a row stands in the tree, and that the tree only grew."""

from uuid import UUID

from ciam_portal.core.audit.tree import checkpoints, hashes, leaves, stored
from ciam_portal.core.audit.tree.models import Checkpoint, Leaf
from ciam_portal.core.crypto import notes

_MAGIC = "c2sp.org/tlog-proof@v1"


class NoProof(Exception):
    """There is none. Says why."""


class NotYet(NoProof):
    """There will be one in a moment."""


def last() -> Checkpoint | None:
    """The checkpoint that was signed last."""
    return Checkpoint.objects.order_by("-size").first()


def of(row: UUID) -> str:
    """The proof of a row (C2SP tlog-proof): the row as it is hashed, the way up, the signed root. Raises NoProof."""
    leaf, checkpoint = Leaf.objects.filter(row=row).first(), last()
    if leaf is None or checkpoint is None or checkpoint.size <= leaf.index:
        raise NotYet("This row is no leaf yet. See: manage.py audit seal, manage.py verify_audit")
    table = leaves.tables().get(leaf.kind)
    values = table.read([leaf]).get(leaf.row) if table else None
    if table is None or values is None:
        raise NoProof("The row is gone.")
    entry = table.entry(values)
    try:
        path = hashes.inclusion(stored.Stored(), leaf.index, checkpoint.size)
        root = checkpoints.opened(checkpoint.note).root
        hashes.check_inclusion(hashes.leaf(entry), leaf.index, checkpoint.size, path, root)
    except (notes.NotANote, hashes.NotProven, stored.Torn) as error:
        raise NoProof(f"The row does not fit the signed tree: {error}") from error
    return f"{_MAGIC}\nextra {notes.encoded(entry)}\nindex {leaf.index}\n{_lines(path)}\n{checkpoint.note}"


def growth(old: int) -> str:
    """From a tree of ``old`` leaves to the last checkpoint, as C2SP witnesses read it. Raises NoProof."""
    checkpoint = last()
    if checkpoint is None or not 0 <= old <= checkpoint.size:
        raise NoProof("There was no tree of so many leaves.")
    try:
        path = hashes.consistency(stored.Stored(), old, checkpoint.size)
    except stored.Torn as torn:
        raise NoProof("The tree is torn.") from torn
    return f"old {old}\n{_lines(path)}\n{checkpoint.note}"


def _lines(path: list[bytes]) -> str:
    return "".join(f"{notes.encoded(each)}\n" for each in path)
