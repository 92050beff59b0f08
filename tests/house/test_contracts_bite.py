"""Each import contract refuses what it was written to refuse: one seeded violation each, in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HOUSE, CORE, THEMES = "The house stands on its foundations", "The foundations have an order", "Themes and floors"
PURE, SPEAKER = "Policy and risk are pure", "One speaker per library:"
SEEDS = [
    ("accounts/step_up/facts.py", "import consent.permission.policy", HOUSE),
    ("consent/permission/facts.py", "import ciam_portal.decisions.policy", HOUSE),
    ("consent/permission/policy.py", "import recovery.case.policy.cases", HOUSE),
    ("ciam_portal/governance/flows.py", "import accounts.models", HOUSE),
    ("ciam_portal/core/flow.py", "import ciam_portal.governance.flows", HOUSE),
    ("ciam_portal/core/places/folder.py", "import ciam_portal.core.audit.record", CORE),
    ("ciam_portal/core/policy/decision.py", "import django", PURE),
    ("ciam_portal/governance/policy.py", "import django", PURE),
    ("accounts/sign_in/policy.py", "import django", PURE),
    ("accounts/watch/policy/alerts.py", "import django", PURE),
    ("accounts/sign_in/policy.py", "import accounts.lock.models", THEMES),
    ("accounts/customer/models/user.py", "import accounts.lock.flows.locks", THEMES),
    ("accounts/lock/flows/locks.py", "import accounts.undo.flows", THEMES),
    ("accounts/step_up/facts.py", "import accounts.factors.verifier", THEMES),
    ("accounts/account/flows.py", "import django_otp", f"{SPEAKER} one-time codes and passkeys"),
    ("accounts/account/flows.py", "import axes", f"{SPEAKER} failed sign-ins"),
    ("recovery/reset/flows.py", "import allauth", f"{SPEAKER} sign-up and sign-in"),
    ("accounts/account/flows.py", "import oauth2_provider", f"{SPEAKER} the OAuth protocol"),
    ("accounts/sessions/signing.py", "import maxminddb", f"{SPEAKER} network data"),
    ("ciam_portal/core/network.py", "import iptocc", f"{SPEAKER} network data"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("house")
    for name in ("ciam_portal", "accounts", "consent", "recovery"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    shutil.copytree(ROOT / "tests" / "house", target / "tests" / "house", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def broken(folder: Path) -> str:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


def test_the_house_as_it_is_keeps_its_contracts(copy: Path) -> None:
    assert broken(copy) == "", broken(copy)


@pytest.mark.parametrize(("file", "line", "contract"), SEEDS)
def test_a_seeded_violation_breaks_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    before = path.read_text()
    head, quotes, rest = before.partition('"""\n')
    try:
        path.write_text(f"{head}{quotes}{line}\n{rest}")
        report = broken(copy)
    finally:
        path.write_text(before)
    assert f"{contract} BROKEN" in report


def test_a_drawer_for_everything_breaks_the_floors(copy: Path) -> None:
    path = copy / "accounts" / "lock" / "helpers.py"
    path.write_text('"""A drawer."""\n')
    try:
        assert "Themes and floors BROKEN" in broken(copy)
    finally:
        path.unlink()
