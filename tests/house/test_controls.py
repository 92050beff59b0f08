"""The marks on tests name requirements that exist, in one spelling."""

import types

import pytest

from tests import controls


def test_the_list_is_there_whole() -> None:
    assert len(controls.known()) > 800


@pytest.mark.parametrize(
    "one", ["v5.0.0-6.4.3", "63B 3.2.2/a", "RFC9700-2.1/a", "GDPR 7(3)", "PROJECT-helpdesk-no-shortcut"]
)
def test_these_are_spelled_as_in_the_list(one: str) -> None:
    assert one in controls.known()


@pytest.mark.parametrize(
    "wrong", [("63B-3.2.2",), ("v5.0.0-6.4.99",), ("ASVS 6.4.3",), ("v5.0.0-6.4.3", "nonsense"), ()]
)
def test_a_mark_that_names_nothing_stops_the_run(wrong: tuple[str, ...]) -> None:
    item = types.SimpleNamespace(nodeid="tests/x.py::test_x", iter_markers=lambda _: [pytest.mark.control(*wrong).mark])
    with pytest.raises(pytest.UsageError, match=r"tests/x\.py::test_x"):
        controls.pytest_collection_modifyitems([item])  # type: ignore[list-item]


def test_a_mark_that_names_something_does_not() -> None:
    item = types.SimpleNamespace(nodeid="x", iter_markers=lambda _: [pytest.mark.control("v5.0.0-6.4.3").mark])
    controls.pytest_collection_modifyitems([item])  # type: ignore[list-item]
