"""What `deploy/` ships fits the product: a new configuration starts it, and both ways start the same processes."""

import configparser
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import advisories

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def _new(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "new.py"), "https://id.example.com", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _environment(folder: Path) -> dict[str, str]:
    lines = (folder / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_a_new_configuration_is_one_that_production_starts_with_once_it_says_who_helps(tmp_path: Path) -> None:
    assert _new(tmp_path).returncode == 0
    helps = {"HELP_DESK_PHONE": "+47 22 85 50 50", "HELP_DESK_HOURS": "Monday to Friday, 9 to 17"}
    environment = {"PATH": os.environ["PATH"], **_environment(tmp_path), **helps}
    command = [sys.executable, "manage.py", "check", "--deploy"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"\((\w+\.\w\d+)\)", done.stderr)) == {
        "accounts.W001",  # lists of breached passwords are loaded later
        "notifications.W001",  # whoever has no gateway for text messages goes without
    }


def test_keys_are_readable_by_owner_and_group_only_and_never_written_over(tmp_path: Path) -> None:
    _new(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o137 for path in tmp_path.iterdir()} == {0}
    assert _new(tmp_path).returncode != 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_every_variable_it_writes_is_in_the_readme(tmp_path: Path) -> None:
    _new(tmp_path)
    written = set(_environment(tmp_path)) | {(tmp_path / "owner").read_text().split("=")[0]}
    assert written <= set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "README.md").read_text()))


def test_the_image_holds_what_the_product_is_made_of() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    taken = set(re.findall(r"^COPY (\S+)", image, re.MULTILINE))
    wanted = {"accounts", "ciam_portal", "consent", "recovery", "templates", "static", "locale", "manage.py", "deploy"}
    assert wanted <= taken
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert allowed == wanted | {"requirements"}


def _units() -> dict[str, str]:
    found = {}
    for path in (DEPLOY / "systemd").glob("*.service"):
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[method-assign, assignment]  # systemd's names have capitals
        unit.read(path)
        found[path.stem] = unit["Service"]["ExecStart"].removeprefix("/opt/ciam/.venv/bin/")
    return found


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def test_both_ways_start_the_same_processes() -> None:
    units, services = _units(), _services()
    assert units["ciam-web@"] == "gunicorn --config deploy/gunicorn.conf.py"
    assert 'CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py"]' in (DEPLOY / "Dockerfile").read_text()
    assert " ".join(services["beat"]["command"]) == units["ciam-beat"]


@pytest.mark.control("v5.0.0-15.2.1")
@pytest.mark.parametrize(
    ("dependencies", "code", "says"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, ""),
        ([{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}], 1, "VULNERABLE: a 1: PYSEC-1"),
        ([{"name": "a", "skip_reason": "?"}], 0, "NOT CHECKED: no advisory source here knows any package."),
        (
            [{"name": "a", "skip_reason": "?"}, {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}]}],
            1,
            "NOT CHECKED: no advisory source here knows a.",
        ),
    ],
)
def test_a_known_vulnerability_fails_and_silence_is_no_pass(
    dependencies: list[dict[str, Any]], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert advisories.judge(dependencies) == code
    assert says in capsys.readouterr().out
