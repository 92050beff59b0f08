"""Files of network data: what is found in them, and the bad ones that are refused with a sentence."""

import contextlib
import ipaddress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciam_portal.core.places import folder, mmdb
from ciam_portal.core.places.kinds import Broken, NetworkKind
from ciam_portal.core.places.ranges import Ranges
from tests.ciam_portal.test_places import database

ranges = st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=40, unique=True).map(sorted)


@given(ranges, st.integers(0, 2**32 - 1), st.sampled_from([4, 6]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bisection_finds_what_a_plain_search_finds(
    tmp_path: Path, bounds: list[int], wanted: int, version: int, dotted: bool
) -> None:
    base, kind = (0, ipaddress.IPv4Address) if version == 4 else (0x2A02 << 112, ipaddress.IPv6Address)
    pairs = [(base + low, base + high) for low, high in zip(bounds[::2], bounds[1::2], strict=False)]
    text = "".join(
        f"{kind(low) if dotted else low},{kind(high) if dotted else high},{n}\n"
        for n, (low, high) in enumerate(pairs, 1)
    )
    path = tmp_path / "asn.csv"
    path.write_text(text)
    found = Ranges(path)
    for number in (base + wanted, *(end for pair in pairs for end in pair)):
        plain = next((n for n, (low, high) in enumerate(pairs, 1) if low <= number <= high), None)
        assert found.asn(kind(number)) == plain


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("8.8.8.0,8.8.8.255,US\n8.8.8.128,8.8.9.255,NO\n", "line 2: the range overlaps"),
        ("8.8.8.0,8.8.8.255,US\n1.0.0.0,1.0.0.255,AU\n", "line 2: the range overlaps the one before it or is out of"),
        ("8.8.8.255,8.8.8.0,US\n", "line 1: the range ends before it starts"),
        ("4294967295,4294967296,US\n", "line 1: the range spans IPv4 and IPv6"),
        ("8.8.8.0,2a02:c0::,US\n", "line 1: one end is IPv4"),
        ("start,end,country\n8.8.8.0,8.8.8.255,US\n", "line 1: 'start' is not an address"),
        ("8.8.8.0,8.8.8.256,US\n", "is not an address"),
        (f"0,{2**128},US\n", "is not an address"),
        (f"0,{'9' * 900},US\n", "is not an address"),
        ("8.8.8.0,8.8.8.255\n", "line 1: fewer than three fields"),
        ("\n", "line 1: fewer than three fields"),
        ("8.8.8.0,8.8.8.255,Norway\n", "'Norway' is neither a country nor an AS number"),
        ("8.8.8.0,8.8.8.255,-5\n", "'-5' is neither"),
        (f"8.8.8.0,8.8.8.255,{2**32}\n", "is neither a country nor an AS number"),
        ("1.0.0.0,1.0.0.255,AU\n8.8.8.0,8.8.8.255,15169\n", "line 2: countries and AS numbers are mixed"),
        ("8.8.8.0,8.8.8.255,ZZ\n", "no range with a country"),
        ("1.0.0.0,1.0.0.255,AU\n8.8.8.0,8.8.8.255,US,\x1b[2J\n", "line 2: control characters"),
        ("8.8.8.0,8.8.8.255,US\r\r\n", "line 1: control characters"),
        ("1.0.0.0,1.0.0.255,AU\n8.8.8.0,8.8.8.255,15169," + "x" * 100_000 + "\n", "line 2: longer than 1,000 bytes"),
        ('8.8.8.0,8.8.8.255,"US\n', "line 1: unexpected end of data"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text, newline="")
    with pytest.raises(Broken) as refused:
        folder.examine(path)
    assert sentence in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"1.0.0.0,1.0.0.255,AU,\xff\xfe\n", "line 1: not UTF-8 text"),
        (b"\x00\x01\x02 no database", "neither text nor a whole MMDB database"),
        (b"8.8.8.0,8.8.8.255,US\n\xab\xcd\xefMaxMind.com", "no whole MMDB database"),
    ],
)
def test_other_bytes_are_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Broken, match=sentence):
        folder.examine(path)


@pytest.mark.parametrize("ip_version", [4, 6])
def test_an_mmdb_is_recognized_by_its_content(tmp_path: Path, ip_version: int) -> None:
    network = "8.8.8.0/24" if ip_version == 4 else "2a02:c0::/32"
    path = database(tmp_path / "file.txt", {network: {"country_code": "NO"}}, ip_version)
    assert folder.examine(path) == (".mmdb", (ip_version,), {NetworkKind.COUNTRY: 1})


def test_a_truncated_mmdb_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "whole", {"8.8.8.0/24": {"country_code": "NO"}, "2a02:c0::/32": {"country_code": "SE"}})
    whole, cut = path.read_bytes(), tmp_path / "cut"
    assert folder.examine(path)[2] == {NetworkKind.COUNTRY: 2}
    for size in range(len(whole)):
        cut.write_bytes(whole[:size])
        with pytest.raises(Broken):
            folder.examine(cut)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_mmdb_is_refused_or_answers(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    path = database(tmp_path / "file", {"8.8.8.0/24": {"country_code": "NO"}}, 4)
    content = bytearray(path.read_bytes())
    for position, byte in changes:
        content[position % len(content)] = byte
    path.write_bytes(content)
    with contextlib.suppress(Broken):
        assert sum(folder.examine(path)[2].values()) >= 1
    with contextlib.suppress(Broken):
        found = mmdb.Database(path)
        for address in ("8.8.8.8", "9.9.9.9"):
            assert len(found.country(ipaddress.ip_address(address))) in {0, 2}
