"""A service on this machine, for all tests of the folder."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.accounts.upstream.twin import Twin, running


@pytest.fixture(scope="session")
def _service() -> Iterator[Twin]:
    with running() as twin:
        yield twin


@pytest.fixture
def twin(_service: Twin, settings: Any) -> Twin:
    """As it was at first, and the only one that is offered."""
    _service.forget()
    settings.UPSTREAMS = {"acme": _service.upstream()}
    return _service
