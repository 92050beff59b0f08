"""Whose address a request comes from."""

from typing import Any

import pytest
from django.test import RequestFactory

from ciam_portal import network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "answer"),
    [
        (0, "6.6.6.6", "198.51.100.7", "198.51.100.7"),  # no proxy of ours: the header is a stranger's word
        (1, "6.6.6.6, 203.0.113.9", "10.0.0.1", "203.0.113.9"),  # only the last entry is ours
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", network.UNKNOWN),  # came past one of our proxies
        (1, "", "10.0.0.1", "127.0.0.1"),
        (1, "not an address", "10.0.0.1", network.UNKNOWN),
        (0, "", "2001:db8::1", "2001:db8::1"),
        (0, "", "", "127.0.0.1"),
    ],
)
def test_client_address(settings: Any, proxies: int, forwarded: str, remote: str, answer: str) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
    assert network.client_address(request) == answer


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
    ],
)
def test_prefix(address: str, answer: str) -> None:
    assert network.prefix(address) == answer


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::3", "2001:db8:1:3::/64"),
        (network.UNKNOWN, network.UNKNOWN),
    ],
)
def test_source(address: str, answer: str) -> None:
    assert network.source(address) == answer
