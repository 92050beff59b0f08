"""Each import contract refuses what it was written to refuse: one seeded violation each, in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SEEDS = [
    ("accounts/facts.py", "import consent.policy", "The house stands on its foundations"),
    ("consent/facts.py", "import ciam_portal.decisions.policy", "The house stands on its foundations"),
    ("consent/policy.py", "import recovery.policy", "The house stands on its foundations"),
    ("ciam_portal/governance/flows.py", "import accounts.models", "The house stands on its foundations"),
    ("ciam_portal/policy/decision.py", "import django", "Policy and risk are pure"),
    ("ciam_portal/governance/policy.py", "import django", "Policy and risk are pure"),
    ("accounts/policy/sign_in.py", "import accounts.models", "Every app has the same floors"),
    ("accounts/models/user.py", "import accounts.flows", "Every app has the same floors"),
    ("accounts/flows/account.py", "import django_otp", "One speaker per library: one-time codes and passkeys"),
    ("accounts/flows/account.py", "import axes", "One speaker per library: failed sign-ins"),
    ("recovery/flows/reset.py", "import allauth", "One speaker per library: sign-up and sign-in"),
    ("accounts/flows/account.py", "import oauth2_provider", "One speaker per library: the OAuth protocol"),
    ("accounts/signing.py", "import maxminddb", "One speaker per library: network data"),
    ("ciam_portal/network.py", "import iptocc", "One speaker per library: network data"),
    ("ciam_portal/places/folder.py", "import ciam_portal.audit.record", "The house stands on its foundations"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("house")
    for name in ("ciam_portal", "accounts", "consent", "recovery"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def broken(folder: Path) -> str:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


def test_the_house_as_it_is_keeps_its_contracts(copy: Path) -> None:
    assert broken(copy) == ""


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
    path = copy / "accounts" / "helpers.py"
    path.write_text('"""A drawer."""\n')
    try:
        assert "Every app has the same floors BROKEN" in broken(copy)
    finally:
        path.unlink()
