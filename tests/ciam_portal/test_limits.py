"""policy.toml: what is read, and what stops the start."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ciam_portal.core.policy import limits


@pytest.fixture
def content() -> dict[str, Any]:
    return tomllib.loads(limits.DEFAULT.read_text())


def test_the_shipped_file_loads_and_has_a_version(content: dict[str, Any]) -> None:
    found = limits.load()
    assert len(found.version) == 16
    assert found.password.min_length == content["password"]["min_length"]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("password", "min_length", 14),  # NIST SP 800-63B-4: never below 15
        ("password", "min_length", 65),
        ("password", "min_length", "15"),
        ("password", "min_length", 15.5),
        ("password", "min_length", True),
        ("proof", "link_hours", 25),  # a mail link lives a day at most
        ("oauth", "code_seconds", 61),
        ("oauth", "access_token_seconds", 901),
        ("session", "absolute_hours", 25),
        ("session", "idle_minutes", 0),
    ],
)
def test_an_unsafe_value_is_refused_by_name(content: dict[str, Any], section: str, key: str, value: object) -> None:
    content[section][key] = value
    with pytest.raises(limits.UnsafePolicy, match=f"{section}.{key}"):
        limits.parse(content)


def test_an_unknown_key_is_refused_by_name(content: dict[str, Any]) -> None:
    content["session"]["idle_minuets"] = 15
    with pytest.raises(limits.UnsafePolicy, match="idle_minuets"):
        limits.parse(content)


def test_an_unknown_section_and_a_missing_key_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(limits.UnsafePolicy, match="extra"):
        limits.parse(content | {"extra": {}})
    del content["sign_in"]["failures"]
    with pytest.raises(limits.UnsafePolicy, match="failures"):
        limits.parse(content)


def test_a_section_that_is_no_table_is_refused(content: dict[str, Any]) -> None:
    content["session"] = 3
    with pytest.raises(limits.UnsafePolicy, match="session"):
        limits.parse(content)


def test_the_warning_comes_before_the_end(content: dict[str, Any]) -> None:
    content["session"] |= {"idle_minutes": 5, "idle_warning_minutes": 5}
    with pytest.raises(limits.UnsafePolicy, match="idle_warning_minutes"):
        limits.parse(content)


def test_the_version_follows_the_content_not_the_comments(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("# another comment\n" + limits.DEFAULT.read_text())
    assert limits.load(file).version == limits.load().version
    changed = copy.deepcopy(content)
    changed["session"]["idle_minutes"] = 14
    assert limits.parse(changed).version != limits.load().version


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(limits.UnsafePolicy, match="cannot be read"):
        limits.load(tmp_path / "nothing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[password\n")
    with pytest.raises(limits.UnsafePolicy, match="cannot be read"):
        limits.load(broken)


def test_every_number_says_its_unit_and_range_in_the_file() -> None:
    numbers, _, _catalogue = limits.DEFAULT.read_text().partition("# --- The catalogue")
    for line in numbers.splitlines():
        if "=" in line and not line.startswith("#"):
            assert "#" in line, line
            assert ".." in line.split("#", 1)[1], line
