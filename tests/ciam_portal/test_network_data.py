"""``manage.py network_data``: files are checked whole, come in at once or not at all, and leave a trace."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from ciam_portal.core import places
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.places import folder
from ciam_portal.management.commands import network_data
from tests.ciam_portal.test_places import COUNTRIES, NUMBERS, database

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is not there yet, and is looked at on every question."""
    monkeypatch.setattr(folder, "LOOK_SECONDS", 0.0)
    settings.NETWORK_DATA_DIR = tmp_path / "deep" / "data"
    return tmp_path / "deep" / "data"


def manage(*args: object) -> str:
    out = StringIO()
    call_command("network_data", *map(str, args), stdout=out)
    return out.getvalue()


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def names(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir()) if data.exists() else []


def test_files_come_into_use_under_fixed_names(data: Path, tmp_path: Path) -> None:
    said = manage("load", written(tmp_path / "a", COUNTRIES), written(tmp_path / "b", NUMBERS))
    assert "3 entries with countries (IPv4 and IPv6)" in said
    assert "in use as asn-ipv4.csv, replaces nothing" in said
    assert names(data) == ["asn-ipv4.csv", "country.csv"]
    assert (data / "country.csv").read_text() == COUNTRIES
    assert {path.stat().st_mode & 0o777 for path in data.iterdir()} == {0o644}
    assert places.lookup("8.8.8.8") == places.Place("NO", 15169)
    assert "country: NO\nAS number: 15169\n" in manage("show", "8.8.8.8")
    assert "country: unknown\nAS number: unknown\n" in manage("show", "10.0.0.1")
    assert "country.csv  since 20" in manage("status")


def test_loading_is_recorded_without_addresses(data: Path, tmp_path: Path) -> None:
    manage("load", written(tmp_path / "a", COUNTRIES))
    entry = AuditEntry.objects.get(name="network_data.loaded")
    assert entry.data == {"kind": "country", "entries": 3}


def test_a_newer_file_replaces_what_it_covers(data: Path, tmp_path: Path) -> None:
    manage("load", written(tmp_path / "a", "8.8.8.0,8.8.8.255,NO\n"))
    manage("load", written(tmp_path / "b", "2a02:c0::,2a02:c0::ffff,SE\n"))
    assert names(data) == ["country-ipv4.csv", "country-ipv6.csv"]
    whole = database(tmp_path / "c", {"8.8.8.0/24": {"country_code": "DK"}, "2a02:c0::/32": {"country_code": "DK"}})
    said = manage("load", whole)
    assert "in use as country.mmdb, replaces country-ipv4.csv, country-ipv6.csv" in said
    assert names(data) == ["country.mmdb"]
    assert places.lookup("2a02:c0::1").country == places.lookup("8.8.8.8").country == "DK"
    manage("load", written(tmp_path / "d", "8.8.8.0,8.8.8.255,FI\n"))
    assert (places.lookup("8.8.8.8").country, places.lookup("2a02:c0::1").country) == ("FI", "DK")
    assert "replaces country-ipv4.csv" in manage("load", written(tmp_path / "d", "8.8.8.0,8.8.8.255,IS\n"))
    assert places.lookup("8.8.8.8").country == "IS"


def test_a_database_of_both_kinds_serves_both(data: Path, tmp_path: Path) -> None:
    record = {"country_code": "NO", "asn": "AS2116"}
    manage("load", database(tmp_path / "a", {"8.8.8.0/24": record}, 4))
    assert names(data) == ["asn-ipv4.mmdb", "country-ipv4.mmdb"]
    assert places.lookup("8.8.8.8") == places.Place("NO", 2116)
    assert AuditEntry.objects.filter(name="network_data.loaded").count() == 2


@pytest.mark.parametrize("bad", ["8.8.8.255,8.8.8.0,NO\n", "", "\x00\x01", "8.8.8.0,8.8.8.255,NO," + "x" * 100_000])
def test_a_broken_file_is_refused_and_the_old_one_stays(data: Path, tmp_path: Path, bad: str) -> None:
    manage("load", written(tmp_path / "a", "8.8.8.0,8.8.8.255,SE\n"))
    good, broken = written(tmp_path / "good", NUMBERS), written(tmp_path / "broken", bad)
    with pytest.raises(CommandError, match=r"broken: .*\. Nothing was changed\.$"):
        manage("load", good, broken)
    assert names(data) == ["country-ipv4.csv"]
    assert places.lookup("8.8.8.8") == places.Place("SE", None)
    assert AuditEntry.objects.filter(name="network_data.loaded").count() == 1


def test_what_is_no_file_is_refused(data: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CommandError, match="no such file"):
            manage("load", path)
    assert names(data) == []


def test_two_files_for_the_same_are_refused(data: Path, tmp_path: Path) -> None:
    one, two = written(tmp_path / "one", COUNTRIES), written(tmp_path / "two", "8.8.8.0,8.8.8.255,NO\n")
    with pytest.raises(CommandError, match=r"two and .*one hold the same, countries of IPv4"):
        manage("load", one, two)
    assert names(data) == []


def test_what_cannot_be_recorded_does_not_come_in(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(network_data, "record", fail)
    with pytest.raises(DatabaseError):
        manage("load", written(tmp_path / "a", COUNTRIES))
    assert names(data) == []


def test_status_names_a_broken_file(data: Path) -> None:
    data.mkdir(parents=True)
    written(data / "asn.csv", "8.8.8.255,8.8.8.0,1\n")
    assert "cannot be used: line 1: the range ends before it starts" in manage("status")
