"""A reference is short, reads aloud, and leads back to the end of its id however it is typed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core import reference
from ciam_portal.core.crypto import codes


@given(st.uuids())
def test_it_leads_back_to_the_id(key: UUID) -> None:
    said = reference.of(key)
    assert len(said) == len("7KQ4-M2XR")
    assert not set("IO01") & set(said)
    for typed in (said, said.lower(), said.replace("-", ""), f" {said.replace('-', ' ')} "):
        assert key.hex.endswith(reference.end_of(typed))
        assert len(reference.end_of(typed)) == 10


@pytest.mark.parametrize("typed", ["", "7KQ4-M2X", "7KQ4-M2XRA", "7KQ4-M2X0", "7KQ4-M2X%", "ada@example.com", "é" * 8])
def test_anything_else_is_none(typed: str) -> None:
    assert reference.end_of(typed) == ""


def test_an_id_says_when_it_was_made() -> None:
    made = codes.moment_of(codes.new_id())
    assert made is not None
    assert codes.moment_of(UUID(int=0)) is None
    assert codes.moment_of(UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")) is None
