"""What another service's word is worth; what the file that names them may say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accounts.upstream import policy, shapes
from accounts.upstream.policy import LinkFacts, Reason, UnlinkFacts, Worth
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from tests.conftest import NOON

LIMITS = limits.of_text(limits.read(limits.DEFAULT))
WORTH = Worth(("mfa",), ("hwk",), 60)
FRESH = LinkFacts(is_staff=False, elsewhere=False, has_one=False, fresh=True)
ALONE = UnlinkFacts(is_linked=True, has_password=False, passkeys=0, other_links=0)


@pytest.mark.parametrize(
    ("said", "age", "method"),
    [
        ((), 0, Method.UPSTREAM),
        (("pwd",), 0, Method.UPSTREAM),
        (("mfa",), 0, Method.UPSTREAM_MFA),
        (("mfa",), 59, Method.UPSTREAM_MFA),
        (("mfa",), 60, Method.UPSTREAM),
        (("mfa",), None, Method.UPSTREAM),
        (("mfa", "hwk"), 0, Method.UPSTREAM_PHR),
        (("hwk",), None, Method.UPSTREAM),
    ],
)
def test_method_of(said: tuple[str, ...], age: int | None, method: Method) -> None:
    assert policy.method_of(said, age, WORTH) is method
    assert policy.method_of(said, age, Worth()) is Method.UPSTREAM


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"fresh": None}, Allow()),
        ({"fresh": False}, Deny(Reason.NOT_FRESH)),
        ({"has_one": True}, Deny(Reason.ONE_OF_EACH)),
        ({"elsewhere": True}, Deny(Reason.TAKEN)),
        ({"is_staff": True}, Deny(Reason.STAFF_ACCOUNT)),
    ],
)
def test_may_link(change: dict[str, Any], answer: Any) -> None:
    assert policy.may_link(replace(FRESH, **change), limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Deny(Reason.LAST_WAY_IN)),
        ({"has_password": True}, Allow()),
        ({"passkeys": 1}, Allow()),
        ({"other_links": 1}, Allow()),
        ({"is_linked": False, "has_password": True}, Deny(Reason.NOT_LINKED)),
    ],
)
def test_may_unlink(change: dict[str, Any], answer: Any) -> None:
    assert policy.may_unlink(replace(ALONE, **change), limits=LIMITS, at=NOON) == answer


GOOD = '[upstreams.acme]\nname = "Acme"\nissuer = "https://acme.example"\nclient_id = "c"\nsecret = "s"\n'


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "upstreams.toml"
    file.write_text(f'{GOOD}[upstreams.google]\nname="Google"\nkind="google"\nclient_id="c"\nsecret="s"\n')
    found = shapes.read(str(file), production=True)
    assert [(key, each.key, each.issuer) for key, each in found.items()] == [
        ("acme", "acme", "https://acme.example"), ("google", "google", "https://accounts.google.com"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "upstreams is missing"),
        ("[", "cannot be read"),
        (GOOD.replace("acme]", "Acme]"), "upstreams.Acme"),
        (GOOD.replace("https:", "http:"), "acme.issuer must be the https"),
        (GOOD.replace("https://acme.example", "http://localhost:1"), "acme.issuer must be the https"),
        (GOOD.replace("https://acme.example", ""), "acme.issuer must be the https"),
        (GOOD + 'kind = "google"', "issuer is known"),
        (GOOD + 'team = "t"\nkey_id = "k"', "belong to the kind apple"),
        (GOOD + 'domains = ["Acme.example"]', "domains must be"),
        (GOOD + "fresh_minutes = 0", "fresh_minutes must be"),
        (GOOD + "secrets = 1", "secrets is not known"),
        (GOOD.replace('issuer = "https://acme.example"', 'kind = "github"\nsecond_step = ["x"]'), "does not say how"),
    ],
)
def test_a_file_that_is_wrong_stops_the_start(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "upstreams.toml"
    file.write_text(text)
    with pytest.raises(shapes.UnusableUpstreams, match="UPSTREAMS") as refused:
        shapes.read(str(file), production=True)
    assert words in str(refused.value)
