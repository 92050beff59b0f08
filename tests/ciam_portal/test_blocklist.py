"""The blocklist: read whole or not at all, asked in memory, followed by running processes, part of a visit."""

import ipaddress
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Session, User
from ciam_portal.core import places
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.places import folder
from ciam_portal.core.places.blocklist import Blocklist
from ciam_portal.core.policy.decision import Risk
from tests.factories import PASSWORD, at_home, pass_challenge

LIST = "# what attacked us\n192.0.2.7\n198.51.100.0/24  # a whole network\n\n2001:db8::/32\nAS64500\nas64501\n"


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is not there yet, and is looked at on every question."""
    monkeypatch.setattr(folder, "LOOK_SECONDS", 0.0)
    settings.NETWORK_DATA_DIR = tmp_path / "data"
    return tmp_path / "data"


def load(tmp_path: Path, text: str | bytes) -> str:
    file, out = tmp_path / "list", StringIO()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    call_command("load_blocklist", str(file), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "asn", "listed"),
    [
        ("192.0.2.7", None, True),
        ("192.0.2.8", None, False),
        ("198.51.100.0", None, True),
        ("198.51.100.255", None, True),
        ("198.51.101.0", None, False),
        ("::ffff:192.0.2.7", None, True),
        ("2001:db8:ffff::1", None, True),
        ("2001:db9::", None, False),
        ("8.8.8.8", 64500, True),
        ("8.8.8.8", 64501, True),
        ("8.8.8.8", 64502, False),
        ("no address", None, None),
        ("", 64500, None),
    ],
)
def test_what_is_listed(tmp_path: Path, address: str, asn: int | None, listed: bool | None) -> None:
    assert places.blocklisted(address, asn) is None
    assert "3 addresses and networks, 2 AS numbers" in load(tmp_path, LIST)
    assert places.blocklisted(address, asn) is listed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("192.0.2.7\n192.0.2\n", "line 2: '192.0.2' is neither"),
        ("# fine\n\n192.0.2.7/24", "line 3: '192.0.2.7/24' is no network"),
        ("0.0.0.0/0", "line 1: '0.0.0.0/0' is too wide: at least /8"),
        ("::/0", "line 1: '::/0' is too wide: at least /16"),
        ("AS0", "line 1: 'AS0' is no AS number"),
        ("AS4294967296", "line 1"),
        ("64500", "line 1: '64500' is neither"),
        ("192.0.2.7, 192.0.2.8", "line 1"),
        ("\u0661.2.3.4", "line 1"),
        ("192.0.2.7\n\x00", "line 2: control characters"),
        (b"192.0.2.7\n\xff\xfe", "line 2: not UTF-8"),
        ("1" * 2000, "line 1: longer than"),
        ("# nothing\n", "no address, network or AS number"),
        ("", "empty"),
    ],
)
def test_a_list_with_a_mistake_changes_nothing(tmp_path: Path, data: Path, text: str | bytes, words: str) -> None:
    load(tmp_path, LIST)
    with pytest.raises(CommandError, match="Nothing was changed") as failed:
        load(tmp_path, text)
    assert words in str(failed.value)
    assert [path.name for path in data.iterdir()] == ["blocklist.txt"]
    assert (data / "blocklist.txt").read_text() == LIST
    assert places.blocklisted("192.0.2.7", None) is True
    assert AuditEntry.objects.filter(name="network_data.blocklist_loaded").count() == 1


def test_a_file_that_is_not_there(tmp_path: Path, data: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        call_command("load_blocklist", str(tmp_path / "nowhere"))
    assert not data.exists()


@pytest.mark.django_db
def test_loading_is_recorded_without_addresses(tmp_path: Path, data: Path) -> None:
    load(tmp_path, LIST)
    assert AuditEntry.objects.get(name="network_data.blocklist_loaded").data == {"networks": 3, "asns": 2}
    assert (data / "blocklist.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.django_db
def test_a_running_process_follows(tmp_path: Path, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(tmp_path, "192.0.2.7\n")
    assert places.blocklisted("192.0.2.8", None) is False
    load(tmp_path, "192.0.2.8\n")
    assert (places.blocklisted("192.0.2.7", None), places.blocklisted("192.0.2.8", None)) == (False, True)
    (data / "blocklist.txt").write_text("nonsense, written past the command")
    assert places.blocklisted("192.0.2.8", None) is True
    assert "The blocklist cannot be used: line 1" in caplog.text
    (data / "blocklist.txt").unlink()
    assert places.blocklisted("192.0.2.8", None) is None


def test_it_is_not_read_again_while_nothing_changes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.mkdir()
    (data / "blocklist.txt").write_text(LIST)
    assert places.blocklisted("192.0.2.7", None) is True
    monkeypatch.setattr(folder, "Blocklist", None)
    assert places.blocklisted("192.0.2.7", None) is True


NETWORKS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)), min_size=1, max_size=30)


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_it_finds_what_looking_at_each_line_finds(tmp_path_factory: Any, blocks: list[Any], number: int) -> None:
    networks = [ipaddress.ip_network((start, length), strict=False) for start, length in blocks]
    path = tmp_path_factory.getbasetemp() / "networks"
    path.write_text("\n".join(map(str, networks)))
    found = Blocklist(path)
    for ip in (ipaddress.IPv4Address(number), *(edge for each in networks for edge in (each[0], each[-1]))):
        assert found.has(ip, None) == any(ip in network for network in networks)


def test_a_long_list_is_asked_fast(data: Path) -> None:
    data.mkdir()
    lines = (f"{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}.1" for number in range(1 << 14))
    (data / "blocklist.txt").write_text("\n".join(lines))
    assert places.blocklisted("0.0.0.1", None) is True
    known = folder.current().blocked
    assert known is not None
    assert known[1] is not None
    ip, began = ipaddress.ip_address("0.63.255.2"), time.perf_counter()
    for _ in range(1000):
        known[1].has(ip, 64500)
    assert time.perf_counter() - began < 0.5  # a walk through the list would take seconds


@pytest.mark.django_db
@pytest.mark.parametrize(("entry", "listed"), [(None, None), ("192.0.2.0/24", False), ("127.0.0.1", True)])
def test_a_sign_in_from_a_listed_address_is_asked_for_more_and_its_session_carries_it(
    client: Client, customer: User, tmp_path: Path, entry: str | None, listed: bool | None
) -> None:
    at_home(client, customer)
    for _ in range(2):  # a first sign-in has no history to compare with
        client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
        client.post("/sign-out/")
    if entry:
        load(tmp_path, entry)
    answer = client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    decided = DecisionEntry.objects.filter(action="sign_in").latest("at")
    assert decided.inputs[1]["signals"]["blocklisted"] is listed
    assert answer["Location"] == ("/sign-in/prove/" if listed else "/")
    if listed:
        assert ["blocklisted_address", 3.0] in decided.findings
        client.get("/sign-in/prove/")
        pass_challenge(client)
    assert Session.objects.latest("started_at").risk == (Risk.MODERATE if listed else Risk.LOW)


@pytest.mark.django_db
def test_asking_costs_no_statement(tmp_path: Path) -> None:
    load(tmp_path, LIST)
    with CaptureQueriesContext(connection) as asked:
        assert places.blocklisted("192.0.2.7", None) is True
    assert len(asked) == 0
