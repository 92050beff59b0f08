"""What leaves of a person leaves by one door: only ``consent.use.fields`` reads it for an answer, once it is released.

A static rule, so that a new reader fails here: in whatever answers machines, nobody reads a personal column of a
person or a session, and nobody but the one flow says that something was released.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import Session, User
from ciam_portal.core import categories
from tests.house.test_code import ROOT, SOURCES, tree

ANSWERING = ("consent/release", "consent/exchange", "consent/device", "consent/use", "consent/data_use",
             "ciam_portal/oauth", "ciam_portal/gateway", "ciam_portal/signals", "ciam_portal/decisions")  # fmt: skip
DOOR, FLOW = "consent/use/fields.py", "consent/use/flows.py"
TOLD_OF = {"customer", "user", "person", "who", "owner", "session", "subject", "login"}
"""How code names a person or a session of theirs."""
NEVER = {"pseudonym", "choice"}  # a number, and what they said themselves
PERSONAL = {
    column.name
    for model in (User, Session)
    for column in categories.of_model(model)
    if column.category.code not in NEVER
} | {"shown_email"}  # fmt: skip
# Read for something else than an answer to a machine.
ALLOWED = {
    ("ciam_portal/oauth/models.py", "email"): "mail to who answers for an app",
    ("ciam_portal/signals/flows.py", "email"): "compared with what another was known by; sealed, and asked when told",
    ("ciam_portal/signals/flows.py", "phone"): "the same",
    ("consent/use/identity.py", "name"): "as they have shown it; asked by the door alone",
}


def readers(source: ast.Module) -> Iterator[tuple[str, int]]:
    """Personal columns that are read of a person or a session here, and where."""
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in PERSONAL:
            of = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if of in TOLD_OF:
                yield node.attr, node.lineno


def is_answering(path: Path) -> bool:
    return str(path.relative_to(ROOT)).startswith(ANSWERING)


@pytest.mark.parametrize("path", [*filter(is_answering, SOURCES)], ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_reads_a_person_for_an_answer(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    found = set(readers(tree(path)))
    wrong = {(what, line) for what, line in found if (name, what) not in ALLOWED}
    assert name == DOOR or not wrong, f"{name} reads {wrong}: release it with consent.use.flows, read it in {DOOR}"


def test_every_exception_is_one() -> None:
    found = {(str(path.relative_to(ROOT)), what) for path in SOURCES for what, _line in readers(tree(path))}
    assert ALLOWED.keys() <= found


def test_a_new_reader_is_found() -> None:
    seeded = 'def answer(access):\n    return {"mail": access.customer.email, "name": user.name, "app": partner.name}'
    assert list(readers(ast.parse(seeded))) == [("email", 2), ("name", 2)]


def test_only_the_flow_says_that_something_was_released() -> None:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Released" and node.args:
                assert str(path.relative_to(ROOT)) == FLOW
