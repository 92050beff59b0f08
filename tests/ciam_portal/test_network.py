"""Whose address a request comes from."""

from ipaddress import IPv6Address, ip_network
from typing import Any

import pytest
from allauth.core.internal.ratelimit import get_ip as allauth_address
from axes.helpers import get_client_ip_address as axes_address
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Alert
from accounts.watch.admin import MEANINGS
from accounts.watch.tasks import watch_proxies
from ciam_portal.core import network

NOTATIONS = [
    # text                              the address that it means
    ("203.0.113.7", "203.0.113.7"),
    ("203.0.113.7:41000", "203.0.113.7"),
    (" \t203.0.113.7 ", "203.0.113.7"),
    ('"203.0.113.7:41000"', "203.0.113.7"),
    ("203.0.113.7:", "203.0.113.7"),
    ("2001:db8::7", "2001:db8::7"),
    ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
    ("2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
    ("[2001:db8::7]", "2001:db8::7"),
    ("[2001:db8::7]:41000", "2001:db8::7"),
    ('"[2001:DB8::7]:41000"', "2001:db8::7"),
    ("fe80::7%eth0", "fe80::7"),
    ("[fe80::7%25eth0]:41000", "fe80::7"),
    # an IPv4 address inside an IPv6 one
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("::FFFF:cb00:7107", "203.0.113.7"),
    ("[::ffff:203.0.113.7]:41000", "203.0.113.7"),
    ("64:ff9b::203.0.113.7", "203.0.113.7"),  # NAT64
    ("64:ff9b:1::cb00:7107", "64:ff9b:1::cb00:7107"),  # a network's own translation: where IPv4 stands is its secret
    ("2002:cb00:7107::1", "203.0.113.7"),  # 6to4
    ("2002:cb00:7107:ffff::2", "203.0.113.7"),
    ("2001:0:4136:e378:8000:63bf:34ff:8ef8", "203.0.113.7"),  # Teredo, whose clients would all be one /64
    # no address
    ("", network.UNKNOWN),
    ("unknown", network.UNKNOWN),
    ("_hidden", network.UNKNOWN),
    ("not an address", network.UNKNOWN),
    ("203.0.113.007", network.UNKNOWN),  # octal to some
    ("203.0.113.7.8", network.UNKNOWN),
    ("203.0.113", network.UNKNOWN),
    ("203.0.113.7:41000:1", network.UNKNOWN),
    ("203.0.113.7:http", network.UNKNOWN),
    ("[203.0.113.7", network.UNKNOWN),
    ("[]:80", network.UNKNOWN),
    (":80", network.UNKNOWN),
    ("203.0.113.0/24", network.UNKNOWN),
    ("3405803783", network.UNKNOWN),
    ("0.0.0.0", network.UNKNOWN),  # noqa: S104  (no socket)
    ("::", network.UNKNOWN),
    ("::ffff:0.0.0.0", network.UNKNOWN),
    ("224.0.0.1", network.UNKNOWN),
    ("ff02::1", network.UNKNOWN),
    ("x" * 5000, network.UNKNOWN),
    ("\u0662\u0660\u0663.0.113.7", network.UNKNOWN),  # digits of another script
]


def request_of(remote: str = "10.0.0.1", **headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)


@pytest.mark.parametrize(("text", "answer"), NOTATIONS)
def test_every_notation_is_the_address_that_is_meant(text: str, answer: str) -> None:
    assert network.canonical(text) == answer


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "answer"),
    [
        (0, "6.6.6.6", "198.51.100.7", "198.51.100.7"),  # no proxy of ours: the header is a stranger's word
        (0, None, "[2001:db8::1]:80", "2001:db8::1"),
        (0, None, "", network.UNKNOWN),  # a socket of this machine: a proxy stands before it that nobody told us of
        (1, "6.6.6.6, 203.0.113.9", "10.0.0.1", "203.0.113.9"),  # only the last entry is ours
        (1, "6.6.6.6,203.0.113.9:41000", "10.0.0.1", "203.0.113.9"),
        (1, "203.0.113.9, [2001:db8::1]:41000", "10.0.0.1", "2001:db8::1"),
        (1, None, "10.0.0.1", network.UNKNOWN),  # never the proxy
        (1, "", "10.0.0.1", network.UNKNOWN),
        (1, " ", "10.0.0.1", network.UNKNOWN),
        (1, "203.0.113.9,", "10.0.0.1", network.UNKNOWN),
        (1, "203.0.113.9", "", "203.0.113.9"),
        (1, "not an address", "10.0.0.1", network.UNKNOWN),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", network.UNKNOWN),  # came past one of our proxies
        (2, ", 203.0.113.9", "10.0.0.1", network.UNKNOWN),
    ],
)
def test_client_address(settings: Any, proxies: int, forwarded: str | None, remote: str, answer: str) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = request_of(remote, **headers)
    assert network.client_address(request) == answer
    assert axes_address(request) == answer


@pytest.mark.parametrize(
    ("forwarded", "remote", "answer"),
    [
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2:80, [fd00::1]:80", "10.0.0.1", "203.0.113.9"),  # however many of ours
        ("6.6.6.6, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),  # a stranger's entry stands further left
        ("6.6.6.6, 10.0.0.2", "203.0.113.9", "203.0.113.9"),  # past our proxies: nothing of it is believed
        ("203.0.113.9", "", "203.0.113.9"),  # a socket of this machine
        (None, "10.0.0.1", network.UNKNOWN),  # never the proxy
        ("10.0.0.3, 10.0.0.2", "10.0.0.1", network.UNKNOWN),
        ("203.0.113.9, nonsense, 10.0.0.2", "10.0.0.1", network.UNKNOWN),
        (None, "203.0.113.9", "203.0.113.9"),
        (None, "nonsense", network.UNKNOWN),
    ],
)
def test_client_address_behind_proxies_whose_networks_are_named(
    settings: Any, forwarded: str | None, remote: str, answer: str
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert network.client_address(request_of(remote, **headers)) == answer


class TestWhetherTheProxiesAreThoseThatAreNamed:
    @pytest.fixture(autouse=True)
    def _anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(network, "CHAIN", network.Chain())

    def ask(self, times: int, forwarded: str | None = None) -> None:
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        for _ in range(times):
            network.client_address(request_of(**headers))

    @pytest.mark.parametrize(
        ("named", "entries", "usual"),
        [
            (2, "203.0.113.9", 1),  # one too many: who adds an entry of their own chooses their address
            (1, "203.0.113.9, 10.0.0.2", 2),  # one too few: all customers are 10.0.0.2
            (0, "203.0.113.9", 1),
            (1, None, 0),
        ],
    )
    def test_one_too_many_or_too_few_is_said(
        self, settings: Any, named: int, entries: str | None, usual: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.TRUSTED_PROXY_COUNT = named
        self.ask(network.Chain.LOOKED_AT - 10, entries)
        assert network.CHAIN.misfit() == {}
        self.ask(10, ", ".join(["6.6.6.6"] * named))  # an attacker's look as they should
        assert network.CHAIN.misfit() == {"requests": 200, "as_set": 10, "usual_entries": usual}
        assert f"usually has {usual} entries" in caplog.text

    def test_what_strangers_add_is_no_reason(self, settings: Any) -> None:
        settings.TRUSTED_PROXY_COUNT = 1
        for _ in range(3):
            self.ask(150, "6.6.6.6, 203.0.113.9")
            self.ask(50, "203.0.113.9")
        assert network.CHAIN.misfit() == {}

    def test_a_proxy_that_was_not_named(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = [ip_network("192.0.2.0/24")]
        self.ask(200, "203.0.113.9")
        assert network.CHAIN.misfit()["as_set"] == 0

    @pytest.mark.django_db
    def test_staff_hear_of_it_once(self, settings: Any) -> None:
        settings.TRUSTED_PROXY_COUNT = 2
        watch_proxies()
        assert not Alert.objects.exists()
        self.ask(400, "203.0.113.9")
        for _ in range(2):
            watch_proxies()
        (alert,) = Alert.objects.all()
        assert (alert.kind, alert.numbers["usual_entries"]) == ("proxies", 1)
        assert alert.kind in MEANINGS


@given(st.ip_addresses(), st.integers(0, 65535), st.sampled_from(["{}", "{}:{}", "[{}]:{}", '"{}"', "{}%1"]))
def test_a_port_a_bracket_or_a_zone_changes_nothing(address: Any, port: int, notation: str) -> None:
    if ":" in str(address):
        notation = notation.replace("{}:{}", "[{}]:{}").replace("[[", "[").replace("]]", "]")
    plain = network.canonical(str(address))
    assert network.canonical(notation.format(str(address).upper(), port)) == plain
    assert network.canonical(plain) == plain
    assert network.canonical(address.exploded) == plain


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_one_source_however_it_is_wrapped(address: Any) -> None:
    number = int(address)
    wrapped = [
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"{IPv6Address(0x2002 << 112 | number << 80 | 5)}",
        f"{IPv6Address(0x20010000 << 96 | 1 << 64 | number ^ 0xFFFFFFFF)}",
    ]
    assert {network.canonical(text) for text in wrapped} == {network.canonical(str(address))}


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (network.UNKNOWN, ""),
    ],
)
def test_a_source_is_what_one_customer_has(address: str, answer: str) -> None:
    assert network.source(address) == answer


@pytest.mark.parametrize("forwarded", ["", "unknown", "x, y"])
def test_of_unknown_address_nobody_uses_up_what_is_anothers(
    settings: Any, forwarded: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    request = request_of(**{"X-Forwarded-For": forwarded})
    assert len({network.bucket(request) for _ in range(40)}) == 40
    assert "TRUSTED_PROXY_COUNT=1" in caplog.text
    assert allauth_address(request) != allauth_address(request)
    assert len(caplog.records) == 1
    settings.TRUSTED_PROXY_COUNT = 0
    request = request_of()
    assert network.bucket(request) == allauth_address(request) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        (network.UNKNOWN, "unknown"),
    ],
)
def test_prefix(address: str, answer: str) -> None:
    assert network.prefix(address) == answer
