"""What others need to watch the audit: checkpoints with proofs that it only grew, and a file that proves one row."""

import importlib.util
import io
import urllib.error
import urllib.request
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from accounts.watch.tasks import verify_audit
from ciam_portal.core.audit.models import Checkpoint, Leaf
from ciam_portal.core.audit.tree import checkpoints, hashes, stored
from ciam_portal.core.crypto import notes
from ciam_portal.core.roles import Role
from tests.accounts.staff.people import Member
from tests.ciam_portal.test_months import write
from tests.ciam_portal.test_tree import _nothing_waits, rows, sealed, small, superuser
from tests.conftest import NOON
from tests.governance.rows import assess
from tests.house.test_code import ROOT

__all__ = ["_nothing_waits", "small"]
pytestmark = pytest.mark.django_db
PATH = "/.well-known/audit-checkpoint"

_spec = importlib.util.spec_from_file_location("witness", ROOT / "deploy" / "witness.py")
assert _spec
assert _spec.loader
witness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(witness)


@pytest.fixture
def kept(client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The witness's file, on a machine that reaches this portal."""

    def answer(url: str, **_: Any) -> io.BytesIO:
        found = client.get(url.removeprefix("https://id.example.com"))
        if found.status_code != HTTPStatus.OK:
            raise urllib.error.HTTPError(url, found.status_code, "no", Message(), None)
        return io.BytesIO(found.content)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    return tmp_path / "checkpoints"


def watch(kept: Path) -> str:
    said: str = witness.watch("https://id.example.com/", kept, witness.keys(checkpoints.verifiers()))
    return said


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_the_checkpoint_is_public_and_the_command_prints_the_same(client: Client) -> None:
    rows(1)
    sealed()
    answer = client.get(PATH)
    assert answer.text == run("audit", "checkpoint") == Checkpoint.objects.latest("size").note
    assert answer["Cache-Control"] == "public, max-age=5"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert run("audit", "keys").split() == checkpoints.verifiers()
    write(NOON)
    assert run("audit", "seal") == "1 rows sealed.\n"


@pytest.mark.parametrize("old", ["-1", "x", "", "01", "9" * 17, "9" * 400, "\u0661"])
def test_what_is_no_size_of_the_tree_is_refused(client: Client, old: str) -> None:
    assert client.get(PATH, {"old": old}).status_code == HTTPStatus.BAD_REQUEST


def test_before_the_first_checkpoint_there_is_none(client: Client, small: None, kept: Path) -> None:
    assert client.get(PATH).status_code == HTTPStatus.NOT_FOUND
    with pytest.raises(CommandError, match="No checkpoint"):
        run("audit", "checkpoint")


def test_a_witness_keeps_every_checkpoint_that_grew_from_the_one_before(small: None, kept: Path) -> None:
    for size in (1, 2, 3, 5, 8, 13, 21, 34):
        while stored.size() < size:
            write(NOON.replace(microsecond=stored.size()))
            sealed()
        assert watch(kept).startswith(f"{size} leaves")
        assert watch(kept) == f"{size} leaves, grown from {size}"  # nothing new: nothing more is kept
    text = kept.read_text(encoding="utf-8")
    assert [notes.read_checkpoint(each).size for each in checkpoints.found_in(text)] == [1, 2, 3, 5, 8, 13, 21, 34]


@pytest.mark.control("v5.0.0-16.4.2")
def test_a_witness_refuses_a_tree_that_was_rewritten_or_cut(small: None, kept: Path) -> None:
    rows(5)
    sealed()
    watch(kept)
    before = kept.read_text(encoding="utf-8")
    superuser("DELETE FROM audit_leaf", "DELETE FROM audit_subtree", "DELETE FROM audit_checkpoint")
    for number in range(4):
        write(NOON.replace(hour=15, microsecond=number))
    sealed()
    with pytest.raises(witness.Refused, match="no proof that the audit grew from the 5 leaves kept here"):
        watch(kept)
    for number in range(4):
        write(NOON.replace(hour=16, microsecond=number))
        sealed()
        with pytest.raises(witness.Refused, match="THE AUDIT WAS REWRITTEN"):
            watch(kept)
    assert kept.read_text(encoding="utf-8") == before


def test_a_witness_knows_its_key(settings: Any, kept: Path) -> None:
    rows(1)
    sealed()
    former = witness.keys(checkpoints.verifiers())
    settings.CHECKPOINT_KEYS = [b"n" * 32, *settings.CHECKPOINT_KEYS]
    write(NOON)
    sealed()
    witness.watch("https://id.example.com", kept, former)  # both sign
    settings.CHECKPOINT_KEYS = settings.CHECKPOINT_KEYS[:1]
    write(NOON.replace(hour=13))
    sealed()
    with pytest.raises(witness.Refused):
        witness.watch("https://id.example.com", kept, former)
    assert watch(kept)


def test_what_was_written_by_two_hands_agrees() -> None:
    """The witness takes the portal's proofs at every size, and no other."""
    leaves = [hashes.leaf(bytes([number])) for number in range(40)]

    def node(level: int, number: int) -> bytes:
        return hashes.complete(leaves[number << level : (number + 1) << level])

    roots = [hashes.root(node, size) for size in range(41)]
    for size in range(1, 41):
        for old in range(size + 1):
            proof = hashes.consistency(node, old, size)
            known, new = witness.Checkpoint(old, roots[old], ""), witness.Checkpoint(size, roots[size], "")
            assert witness.grew(known, new, proof)
            assert not witness.grew(known, new, [*proof, roots[1]])
            assert not proof or not witness.grew(known, new, proof[1:])
            assert not old or not witness.grew(known._replace(root=roots[0]), new, proof)


def test_a_file_proves_one_row_offline(tmp_path: Path) -> None:
    keys = rows(9)
    sealed()
    path = tmp_path / "proof"
    for key in keys:
        text = run("audit_proof", str(key))
        path.write_text(text, encoding="utf-8")
        said = witness.check(path, witness.keys(checkpoints.verifiers()))
        assert f'"id":"{key}"' in said
        index = Leaf.objects.get(row=key).index
        head = text.partition("\n\n")[0].split("\n")
        assert (head[0], head[1][:6], head[2]) == ("c2sp.org/tlog-proof@v1", "extra ", f"index {index}")
        for wrong in (text.replace(head[2], f"index {index - 1}"), text.replace("\n\n", f"\n{head[-1]}\n\n", 1),
                      text.replace(head[1], "extra AAAA"), text.replace(f"{head[-1]}\n", "", 1)):  # fmt: skip
            path.write_text(wrong, encoding="utf-8")
            with pytest.raises((witness.Refused, ValueError)):
                witness.check(path, witness.keys(checkpoints.verifiers()))


def test_there_is_no_proof_of_what_is_no_leaf_or_was_changed() -> None:
    with pytest.raises(CommandError, match="no leaf yet"):
        run("audit_proof", str(uuid4()))
    (key,) = rows(1)
    sealed()
    superuser(f"UPDATE audit_auditentry SET channel = 'web' WHERE id = '{key}'")  # noqa: S608  (superusers do)
    with pytest.raises(CommandError, match="does not fit the signed tree"):
        run("audit_proof", str(key))
    superuser(f"DELETE FROM audit_auditentry WHERE id = '{key}'")  # noqa: S608  (as above)
    with pytest.raises(CommandError, match="gone"):
        run("audit_proof", str(key))


# --- on the staff site


def test_staff_download_the_proof_at_a_row_once_it_is_sealed(tmp_path: Path) -> None:
    auditor = Member(Role.AUDITOR)
    sealed()
    key = write(NOON)
    page, proof = f"/staff/audit/auditentry/{key}/change/", f"/staff/audit/auditentry/{key}/proof/"
    assert "not sealed yet" in auditor.client.get(page).text
    assert "This row is not sealed yet" in auditor.client.get(proof, follow=True).text
    sealed()
    assert f'href="{proof}"' in auditor.client.get(page).text
    answer = auditor.client.get(proof)
    assert answer["Content-Disposition"] == f'attachment; filename="{key}.tlog-proof"'
    path = tmp_path / "proof"
    path.write_bytes(answer.content)
    assert str(key) in witness.check(path, witness.keys(checkpoints.verifiers()))
    superuser(f"UPDATE audit_auditentry SET channel = 'web' WHERE id = '{key}'")  # noqa: S608  (superusers do)
    assert "This row is not as it was sealed" in auditor.client.get(proof, follow=True).text
    assert Member(Role.AGENT).client.get(proof).status_code == HTTPStatus.FORBIDDEN


def test_a_decision_has_its_proof_too_but_not_for_agents(customer: User) -> None:
    row = assess()
    sealed()
    path = f"/staff/audit/decisionentry/{row.pk}/"
    assert f'href="{path}proof/"' in Member(Role.AUDITOR).client.get(f"{path}change/").text
    assert Member(Role.AUDITOR).client.get(f"{path}proof/").text.startswith("c2sp.org/tlog-proof@v1\n")
    assert Member(Role.AGENT).client.get(f"{path}proof/").status_code == HTTPStatus.FORBIDDEN


def test_a_page_says_in_plain_words_how_the_tree_stands(small: None, settings: Any) -> None:
    auditor = Member(Role.AUDITOR)
    page = auditor.client.get("/staff/audit-tree/").text
    assert "Nothing was signed yet." in page
    assert "Not yet: it happens every night." in page
    sealed()
    (key,) = rows(1)
    assert "Too long." in auditor.client.get("/staff/audit-tree/").text  # it is of NOON
    sealed()
    verify_audit()
    page = auditor.client.get("/staff/audit-tree/").text
    assert f"with {Checkpoint.objects.latest('size').size} rows" in page
    assert "All were as they were written." in page
    assert checkpoints.verifiers()[0] in page
    superuser(f"DELETE FROM audit_auditentry WHERE id = '{key}'")  # noqa: S608  (as above)
    sealed()
    verify_audit()
    assert "1 of them is not as it was written" in auditor.client.get("/staff/audit-tree/").text
    assert Member(Role.AGENT).client.get("/staff/audit-tree/").status_code == HTTPStatus.FORBIDDEN
