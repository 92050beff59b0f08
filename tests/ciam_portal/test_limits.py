"""policy.toml: what is read, and what stops the start."""

import copy
import re
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
        ("password", "min_length", 15.0),
        ("password", "min_guesses_log10", "10"),
        ("password", "min_guesses_log10", True),
        ("risk", "drift_psi", float("nan")),
        ("risk", "severe_score", float("inf")),
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


def test_the_version_is_no_key_of_the_file(content: dict[str, Any]) -> None:
    with pytest.raises(limits.UnsafePolicy, match="version is not known"):
        limits.parse(content | {"version": "0123456789abcdef"})


def test_all_that_is_wrong_is_said_at_once_a_sentence_each(content: dict[str, Any]) -> None:
    del content["sign_in"]["failures"]
    content["session"] |= {"idle_minutes": 90, "idle_minuets": 15}
    content["actions"]["sign_in"]["needs"] = "aal9"
    with pytest.raises(limits.UnsafePolicy) as refused:
        limits.parse(content)
    assert str(refused.value) == (
        "Policy: sign_in.failures is missing. session.idle_minutes must be less than or equal to 60. "
        "session.idle_minuets is not known. actions.sign_in.needs must be "
        "'nothing', 'aal1', 'second_factor_if_held', 'highest', 'aal2' or 'phr'."
    )


def test_all_that_does_not_go_together_is_said_at_once(content: dict[str, Any]) -> None:
    content["session"] |= {"idle_minutes": 5, "idle_warning_minutes": 5}
    content["risk"]["severe_score"] = 0
    content["actions"]["change_email"] |= {"in_quarantine": "allow", "fresh_seconds": 901}
    with pytest.raises(limits.UnsafePolicy) as refused:
        limits.parse(content)
    assert str(refused.value) == (
        "Policy: session.idle_warning_minutes must be smaller than session.idle_minutes. "
        "risk.moderate_score, high_score and severe_score must rise. "
        "actions.change_email is critical, so fresh_seconds must be 1..900. "
        "actions.change_email is what a quarantine is for, so in_quarantine must be hold."
    )


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


def test_every_number_says_its_unit_and_the_range_that_is_checked(content: dict[str, Any]) -> None:
    numbers, _, _catalogue = limits.DEFAULT.read_text().partition("# --- The catalogue")
    section = ""
    for line in numbers.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            if re.match(r"\w+ = (true|false|\[)", line):
                continue  # a switch, or a list
            key, low, high = re.findall(r"(\w+) = \S+ +# (\S+)\.\.(\S+)", line)[0]
            for edge, beyond, words in ((low, -1, "greater"), (high, 1, "less")):
                changed = copy.deepcopy(content)
                changed[section][key] = float(edge) + beyond if "." in edge else int(edge) + beyond
                with pytest.raises(limits.UnsafePolicy, match=rf"{section}\.{key} must be {words} than or"):
                    limits.parse(changed)
