"""Each import contract refuses what it was written to refuse: one seeded import each, in a copy of the graph."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import api
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

from tests.house.floors import FloorsContract

ROOT = Path(__file__).resolve().parents[2]
KINDS: dict[str, Any] = {"layers": LayersContract, "forbidden": ForbiddenContract, "floors": FloorsContract}

HOUSE, CORE, THEMES = "The house stands on its foundations", "The foundations have an order", "Themes and floors"
PURE, SPEAKER = "Policy and risk are pure", "One speaker per library:"
SEEDS = [
    ("accounts.step_up.facts", "consent.permission.policy", HOUSE),
    ("consent.permission.facts", "ciam_portal.decisions.policy", HOUSE),
    ("consent.permission.policy", "recovery.case.policy.cases", HOUSE),
    ("ciam_portal.governance.flows", "accounts.models", HOUSE),
    ("ciam_portal.core.flow", "ciam_portal.governance.flows", HOUSE),
    ("ciam_portal.core.places.folder", "ciam_portal.core.audit.record", CORE),
    ("ciam_portal.core.policy.decision", "django", PURE),
    ("ciam_portal.governance.policy", "django", PURE),
    ("accounts.sign_in.policy", "django", PURE),
    ("accounts.watch.policy.alerts", "django", PURE),
    ("accounts.sign_in.policy", "accounts.lock.models", THEMES),
    ("accounts.customer.models.user", "accounts.lock.flows.locks", THEMES),
    ("accounts.lock.flows.locks", "accounts.undo.flows", THEMES),
    ("accounts.step_up.facts", "accounts.factors.verifier", THEMES),
    ("accounts.account.flows", "django_otp", f"{SPEAKER} one-time codes and passkeys"),
    ("accounts.account.flows", "axes", f"{SPEAKER} failed sign-ins"),
    ("recovery.reset.flows", "allauth", f"{SPEAKER} sign-up and sign-in"),
    ("accounts.account.flows", "oauth2_provider", f"{SPEAKER} the OAuth protocol"),
    ("accounts.sessions.signing", "maxminddb", f"{SPEAKER} network data"),
    ("consent.release.flows.codes", "jwcrypto", f"{SPEAKER} signed tokens, requests to others, messages to browsers"),
    ("consent.release.flows.codes", "jwt", f"{SPEAKER} signed tokens, requests to others, messages to browsers"),
    ("ciam_portal.core.network", "gunicorn", f"{SPEAKER} connections"),
    ("ciam_portal.core.network", "iptocc", f"{SPEAKER} network data"),
    ("accounts.registration.facts", "disposable_email_domains", f"{SPEAKER} mail domains"),
    ("ciam_portal.core.mailbox", "dns", f"{SPEAKER} mail domains"),
]


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return api.read_configuration(str(ROOT / "pyproject.toml"))


@pytest.fixture(scope="module")
def house(options: dict[str, Any]) -> grimp.ImportGraph:
    return grimp.build_graph(
        *options["session_options"]["root_packages"],
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def broken(graph: grimp.ImportGraph, options: dict[str, Any], only: str = "") -> list[str]:
    """The names of the contracts that this graph breaks."""
    found = []
    for contract in options["contracts_options"]:
        name = contract["name"]
        if not only or name == only:
            kind = KINDS[contract["type"]](name, options["session_options"], contract)
            if not kind.check(deepcopy(graph), verbose=False).kept:
                found.append(name)
    return found


def test_the_house_as_it_is_keeps_its_contracts(house: grimp.ImportGraph, options: dict[str, Any]) -> None:
    assert {contract["name"] for contract in options["contracts_options"]} == {contract for *_, contract in SEEDS}
    assert broken(house, options) == []


@pytest.mark.parametrize(("importer", "imported", "contract"), SEEDS)
def test_a_seeded_violation_breaks_its_contract(
    house: grimp.ImportGraph, options: dict[str, Any], importer: str, imported: str, contract: str
) -> None:
    assert importer in house.modules
    assert imported in house.modules
    graph = deepcopy(house)
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert broken(graph, options, contract) == [contract]


def test_a_drawer_for_everything_breaks_the_floors(house: grimp.ImportGraph, options: dict[str, Any]) -> None:
    graph = deepcopy(house)
    graph.add_module("accounts.lock.helpers")
    assert broken(graph, options, THEMES) == [THEMES]
