"""Where an address is: readers, bad files, addresses that are none, files that change while a process runs."""

import ipaddress
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from ciam_portal.core import network, places
from ciam_portal.core.places import folder
from ciam_portal.core.places.ranges import Ranges

COUNTRIES = "1.0.0.0,1.0.0.255,AU\n8.8.8.0,8.8.8.255,NO\n2a02:c0::,2a02:c0:ffff:ffff:ffff:ffff:ffff:ffff,SE\n"
NUMBERS = '8.8.8.0,8.8.8.255,15169,Google LLC\n9.9.9.0,9.9.9.255,AS19281,"Quad9, of Zürich"\n'


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    """An empty folder of network data, of this test alone."""
    settings.NETWORK_DATA_DIR = tmp_path / "data"
    settings.NETWORK_DATA_DIR.mkdir()
    return tmp_path / "data"


def database(path: Path, networks: dict[str, dict[str, Any]], ip_version: int = 6) -> Path:
    writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type="Test")
    for block, record in networks.items():
        writer.insert_network(IPSet([block]), record)
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is looked at on every question, not every few seconds."""
    monkeypatch.setattr(folder, "LOOK_SECONDS", 0.0)


def test_without_a_file_countries_come_from_the_registries(data: Path) -> None:
    assert places.lookup("8.8.8.8") == places.Place("US", None)
    assert places.lookup("2a02:c0::1") == places.Place("NO", None)
    assert places.lookup("::ffff:8.8.8.8").country == "US"


def test_a_missing_folder_is_an_empty_one(settings: Any, tmp_path: Path) -> None:
    settings.NETWORK_DATA_DIR = tmp_path / "nowhere"
    assert places.lookup("8.8.8.8").country == "US"


@pytest.mark.parametrize(
    "address",
    [
        "", "10.1.2.3", "127.0.0.1", "100.64.0.1", "169.254.1.1", "192.0.2.1", "224.0.0.251", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "2a02:c0::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "8.8.8", "8.8.8.8 ", "8.8.8.8\n", "08.8.8.8", "8.8.8.8/32", "134744072", "٨.8.8.8",
        "8.8.8.8\x00", "\ud800", "8" * 100_000, "localhost", "198.51.100.7, 8.8.8.8", network.UNKNOWN,
    ],
)  # fmt: skip
def test_whatever_is_no_public_address_is_nowhere(data: Path, address: str) -> None:
    (data / "country.csv").write_text("0.0.0.0,255.255.255.255,NO\n::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,NO\n")
    (data / "asn.csv").write_text("0.0.0.0,255.255.255.255,1\n::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,1\n")
    assert places.lookup("8.8.8.8") == places.Place("NO", 1)
    assert places.lookup(address) == places.UNKNOWN


@given(st.text() | st.ip_addresses().map(str))
def test_no_text_raises(text: str) -> None:
    place = places.lookup(text)
    assert place.country == "" or (len(place.country) == 2 and place.country.isupper())
    assert place.asn is None or place.asn > 0


def test_csv_of_countries_and_numbers(data: Path) -> None:
    (data / "country.csv").write_text(COUNTRIES)
    (data / "asn.csv").write_text(NUMBERS)
    assert places.lookup("8.8.8.8") == places.Place("NO", 15169)
    assert places.lookup("8.8.9.0") == places.UNKNOWN  # the file's silence counts, no second source is asked
    assert places.lookup("9.9.9.255") == places.Place("", 19281)
    assert places.lookup("2a02:c0::1") == places.Place("SE", None)
    assert places.lookup("2a02:c1::") == places.UNKNOWN


def test_a_file_of_one_ip_version_leaves_the_other_to_the_next_source(data: Path) -> None:
    (data / "country-ipv6.csv").write_text("2a02:c0::,2a02:c0::ffff,SE\n")
    assert places.lookup("2a02:c0::1").country == "SE"
    assert places.lookup("8.8.8.8").country == "US"


def test_unknown_values_of_a_csv_stay_unknown(data: Path) -> None:
    (data / "country.csv").write_text("1.0.0.0,1.0.0.255,EU\n8.8.8.0,8.8.8.255,-\n9.9.9.0,9.9.9.9,CH\n")
    (data / "asn.csv").write_text("8.8.8.0,8.8.8.255,0,Not routed\n9.9.9.0,9.9.9.9,19281\n")
    assert places.lookup("1.0.0.1") == places.lookup("8.8.8.8") == places.UNKNOWN
    assert places.lookup("9.9.9.9") == places.Place("CH", 19281)


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"country_code": "NO"}, places.Place("NO", None)),
        ({"country": {"iso_code": "NO", "names": {"en": "Norway"}}}, places.Place("NO", None)),
        ({"country": "Norway", "country_code": "NO", "asn": "AS2116"}, places.Place("NO", 2116)),
        ({"country": "no", "asn": 2116}, places.Place("NO", 2116)),
        ({"autonomous_system_number": 2116, "autonomous_system_organization": "x"}, places.Place("", 2116)),
        ({"country": {"iso_code": "EU"}, "asn": "AS0"}, places.UNKNOWN),
        ({"country": {"names": "Norway"}, "asn": "AS2116x"}, places.UNKNOWN),
        ({"country_code": "\u00c5\u00c5", "asn": "9" * 400}, places.UNKNOWN),
    ],
)
def test_the_forms_of_mmdb_records(data: Path, record: dict[str, Any], place: places.Place) -> None:
    for name in ("country.mmdb", "asn.mmdb"):
        database(data / name, {"8.8.8.0/24": record, "2a02:c0::/32": record})
    assert places.lookup("8.8.8.8") == places.lookup("2a02:c0::1") == places.lookup("::ffff:8.8.8.8") == place
    assert places.lookup("9.9.9.9") == places.UNKNOWN


@pytest.mark.parametrize("content", [COUNTRIES, "8.8.8.0,8.8.8.255,NO\n8.8.8.0,8.8.8.255,NO\n"])
def test_a_file_under_a_wrong_name_or_a_broken_one_is_passed_over(
    data: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (data / "asn.csv").write_text(content)
    (data / "country.mmdb").write_text("no database")
    assert places.lookup("8.8.8.8") == places.Place("US", None)
    assert len(caplog.records) == 2
    places.lookup("8.8.8.8")
    assert len(caplog.records) == 2  # said once for each file


@pytest.mark.usefixtures("look_at_once")
def test_a_running_process_sees_new_changed_and_removed_files(data: Path) -> None:
    assert places.lookup("8.8.8.8").country == "US"
    file, new = data / "country.csv", data / ".new"
    file.write_text("8.8.8.0,8.8.8.255,NO\n")
    assert places.lookup("8.8.8.8").country == "NO"
    new.write_text("8.8.8.0,8.8.8.255,SE\n")
    new.replace(file)
    assert places.lookup("8.8.8.8").country == "SE"
    new.write_text("8.8.8.0,8.8.8.255,SE\nbroken\n")
    new.replace(file)
    assert places.lookup("8.8.8.8").country == "SE"  # what was read before goes on
    file.unlink()
    assert places.lookup("8.8.8.8").country == "US"


@pytest.mark.usefixtures("look_at_once")
def test_a_database_in_use_may_be_replaced(data: Path) -> None:
    file, new = data / "country.mmdb", data / ".new"
    for code in ("NO", "SE", "DK"):
        database(new, {"8.8.8.0/24": {"country_code": code}})
        new.replace(file)
        assert places.lookup("8.8.8.8").country == code


def test_the_folder_is_looked_at_within_a_minute_but_not_each_time(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert places.lookup("8.8.8.8").country == "US"
    (data / "country.csv").write_text("8.8.8.0,8.8.8.255,NO\n")
    assert places.lookup("8.8.8.8").country == "US"
    now += 60
    assert places.lookup("8.8.8.8").country == "NO"


def test_only_the_first_question_waits_for_a_file(
    data: Path, monkeypatch: pytest.MonkeyPatch, run_beside: Callable[..., Any]
) -> None:
    monkeypatch.setattr(folder, "LOOK_SECONDS", 0.0)
    assert places.lookup("8.8.8.8").country == "US"
    (data / "country.csv").write_text("8.8.8.0,8.8.8.255,NO\n")
    answers = []

    def read_slowly(path: Path) -> Ranges:
        answers.append(run_beside(places.lookup, "8.8.8.8"))  # another thread asks while this one reads
        return Ranges(path)

    monkeypatch.setattr(folder, "Ranges", read_slowly)
    assert places.lookup("8.8.8.8").country == "NO"
    assert answers == [places.Place("US", None)]


@pytest.fixture
def run_beside() -> Callable[..., Any]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    def run(call: Callable[..., Any], *args: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(call, *args).result(timeout=10)

    return run


def test_a_lookup_is_far_below_a_tenth_of_a_millisecond(data: Path) -> None:
    base = int(ipaddress.ip_address("2a02::"))
    wide = "".join(f"{base + n * 1000},{base + n * 1000 + 900},{n + 1}\n" for n in range(50_000))
    (data / "asn.csv").write_text("".join(f"{n * 4096},{n * 4096 + 4000},{n}\n" for n in range(4096, 54_096)) + wide)
    asked = [str(ipaddress.ip_address(n * 40_960 + 5)) for n in range(410, 5410)]
    asked += [str(ipaddress.ip_address(base + n * 10_000)) for n in range(5000)]
    places.lookup(asked[0])  # reads the file
    started = time.process_time()
    found = [places.lookup(address).asn for address in asked]
    each = (time.process_time() - started) / len(asked)
    assert sum(number is not None for number in found) > 7000
    assert each < 1e-4
