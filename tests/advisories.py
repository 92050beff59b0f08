"""``python -m tests.advisories``: fails on a pinned package with a known vulnerability (ASVS 15.1, 15.2).

Where no advisory source answers, as on a machine without the internet, it says so and what it could not ask about.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PINNED = Path(__file__).resolve().parents[1] / "requirements" / "dev.txt"  # contains the others
SECONDS = "10"


def main() -> int:
    """Ask, print one line a finding, answer with the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(PINNED), "--require-hashes"]
        command += [
            "--disable-pip",
            "--timeout",
            SECONDS,
            "--progress-spinner",
            "off",
            "--format",
            "json",
            "--output",
            str(report),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists():
            print(f"NOT CHECKED: no advisory source answered. {done.stderr.strip().splitlines()[-1:]}")
            return 0
        return judge(json.loads(report.read_text())["dependencies"])


def judge(dependencies: list[dict[str, Any]]) -> int:
    """1 if any has a vulnerability. What the source did not know is said, and is no pass."""
    found = [(each["name"], each["version"], flaw["id"]) for each in dependencies for flaw in each.get("vulns", [])]
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    for name, version, flaw in found:
        print(f"VULNERABLE: {name} {version}: {flaw}")
    if unknown:
        which = "any package" if len(unknown) == len(dependencies) else ", ".join(unknown)
        print(f"NOT CHECKED: no advisory source here knows {which}.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
