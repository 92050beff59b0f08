"""A second start prepares nothing that the first has prepared, unless something that decides about it has changed."""

from pathlib import Path

import pytest

from tests.stack.state import State

ENVIRONMENT = {"DEMO_PARTNER_URL": "http://localhost:8001"}


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path)
    made.keep_prepared(ENVIRONMENT, "the accounts")
    return made


def test_what_was_prepared_is_known_again(state: State, tmp_path: Path) -> None:
    assert state.prepared(ENVIRONMENT) == "the accounts"
    assert State(tmp_path / "fresh").prepared(ENVIRONMENT) == ""


def test_another_environment_prepares_anew(state: State) -> None:
    assert state.prepared({"DEMO_PARTNER_URL": "http://localhost:9001"}) == ""


def test_so_does_another_policy(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[one]", encoding="utf-8")
    monkeypatch.setenv("CIAM_POLICY", str(policy))
    assert state.prepared(ENVIRONMENT) == ""
    state.keep_prepared(ENVIRONMENT, "the accounts")
    assert state.prepared(ENVIRONMENT) == "the accounts"
    policy.write_text("[other]", encoding="utf-8")
    assert state.prepared(ENVIRONMENT) == ""


def test_so_does_a_new_migration(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.stack.state.CHECKOUT", tmp_path)
    folder = tmp_path / "accounts" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "ciam_portal" / "core" / "policy").mkdir(parents=True)
    state.keep_prepared(ENVIRONMENT, "the accounts")
    assert state.prepared(ENVIRONMENT) == "the accounts"
    (folder / "0099_more.py").write_text("", encoding="utf-8")
    assert state.prepared(ENVIRONMENT) == ""
