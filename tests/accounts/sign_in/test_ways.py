"""Which methods lead to a level, one after the other where it takes two; and what a session shows after each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import policy
from accounts.factors import verifier as factors
from accounts.models import Passkey, Session, User
from accounts.sign_in import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import PASSWORD as WORDS
from tests.factories import signed_in

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OLD = NOON - timedelta(hours=1)
PASSWORD, TOTP, BACKUP, PASSKEY, KEY, MAIL = (
    Method.PASSWORD,
    Method.TOTP,
    Method.BACKUP_CODE,
    Method.PASSKEY,
    Method.SECURITY_KEY,
    Method.EMAIL_CODE,
)
SignIn = Callable[..., Client]


@pytest.mark.parametrize(
    ("held", "level", "proven", "to", "challenge", "ways"),
    [
        # A session that began with a passkey which is gone: the password first, then what is left.
        ({TOTP, BACKUP}, Level.AAL1, (), Level.AAL2, False, (PASSWORD,)),
        ({TOTP, BACKUP}, Level.AAL1, (PASSWORD,), Level.AAL2, False, (TOTP, BACKUP)),
        ({TOTP}, Level.AAL1, (), Level.AAL2, True, (PASSWORD,)),
        ({TOTP}, Level.AAL1, (), Level.AAL1, True, (PASSWORD,)),
        ({TOTP}, Level.AAL1, (), Level.AAL1, False, (PASSWORD,)),
        # Another passkey does it alone.
        ({PASSKEY, TOTP}, Level.AAL1, (), Level.AAL2, False, (PASSKEY,)),
        # Two steps never lead where the account cannot get.
        ({TOTP}, Level.AAL1, (), Level.PHR, False, ()),
        (set(), Level.AAL1, (), Level.AAL2, False, ()),
        (set(), Level.AAL1, (), Level.AAL1, False, (PASSWORD,)),
        # An app proven before that passkey went is not made fresh by the password: both, one after the other.
        ({TOTP}, Level.AAL1, (TOTP,), Level.AAL2, False, (PASSWORD,)),
        ({TOTP}, Level.AAL2, (TOTP, PASSWORD), Level.AAL2, False, (TOTP,)),
        # A challenge takes more than a password, and a mailbox only where there is nothing better.
        # It makes no password fresh: with a stale one, the challenge is password and code.
        (set(), Level.AAL1, (PASSWORD,), Level.AAL1, True, (PASSWORD,)),
        (set(), Level.AAL1, (), Level.AAL1, True, (PASSWORD,)),
        ({TOTP, BACKUP}, Level.AAL1, (PASSWORD,), Level.AAL1, True, (TOTP, BACKUP)),
        ({PASSKEY}, Level.PHR, (PASSKEY,), Level.AAL1, True, (PASSKEY,)),
    ],
)
def test_ways_to_prove(
    held: set[Method],
    level: Level,
    proven: tuple[Method, ...],
    to: Level,
    challenge: bool,
    ways: tuple[Method, ...],
) -> None:
    shown = policy.Proven(Assurance(level, OLD), proven, OLD)
    assert policy.ways_to_prove(frozenset(held), shown, policy.Wanted(to, 600, challenge), NOON) == ways


@pytest.mark.parametrize(
    ("level_at", "challenged_at", "within", "challenge", "ways"),
    [
        (NOON, None, 600, True, (MAIL,)),  # the password is fresh, so the code is what is left
        (NOON, OLD, 600, True, (MAIL,)),
        (OLD, None, None, True, (MAIL,)),  # any proof in this session is fresh enough
        (OLD, NOON, 600, True, (PASSWORD,)),  # the code was typed first
        (OLD, OLD, 600, True, (PASSWORD,)),  # and then the code
        (OLD, NOON, 600, False, (PASSWORD,)),  # only freshness is missing: the password alone
    ],
)
def test_what_a_customer_without_a_second_factor_is_offered(
    level_at: datetime, challenged_at: datetime | None, within: int | None, challenge: bool, ways: tuple[Method, ...]
) -> None:
    shown = policy.Proven(Assurance(Level.AAL1, level_at), (PASSWORD,), challenged_at)
    wanted = policy.Wanted(Level.AAL1, within, challenge)
    assert policy.ways_to_prove(frozenset(), shown, wanted, NOON) == ways


@pytest.mark.parametrize(("held", "ways"), [({TOTP}, ()), ({TOTP, BACKUP}, (BACKUP,)), ({TOTP, PASSKEY}, (PASSKEY,))])
def test_a_factor_that_is_off_is_held_but_of_no_use(held: set[Method], ways: tuple[Method, ...]) -> None:
    """In particular, no mailbox stands in for it."""
    shown, off = policy.Proven(Assurance(Level.AAL1, NOON), (PASSWORD,)), frozenset({TOTP})
    wanted = policy.Wanted(Level.AAL2, 600, challenge=True)
    assert policy.ways_to_prove(frozenset(held), shown, wanted, NOON, off=off) == ways
    assert policy.ways_to_finish(frozenset(held), (PASSWORD,), Level.AAL2, challenge=True, off=off) == ways


@pytest.mark.parametrize(
    ("held", "proven", "challenge", "ways"),
    [
        (set(), (PASSWORD,), True, (MAIL,)),
        ({TOTP, BACKUP}, (PASSWORD,), True, (TOTP, BACKUP)),
        ({PASSKEY, TOTP}, (PASSWORD,), True, (PASSKEY, TOTP)),
        (set(), (PASSWORD,), False, ()),
    ],
)
def test_ways_to_finish_a_sign_in_that_is_challenged(
    held: set[Method], proven: tuple[Method, ...], challenge: bool, ways: tuple[Method, ...]
) -> None:
    assert policy.ways_to_finish(frozenset(held), proven, Level.AAL1, challenge=challenge) == ways


@pytest.mark.parametrize(
    ("level", "methods", "method", "reached", "is_fresh"),
    [
        (Level.AAL1, (), TOTP, Level.AAL1, False),  # an app alone proves no level, and lowers none
        (Level.AAL1, (), PASSWORD, Level.AAL1, True),
        (Level.AAL1, (PASSWORD,), TOTP, Level.AAL2, True),
        (Level.AAL1, (), KEY, Level.AAL1, True),
        (Level.AAL2, (PASSWORD, TOTP), PASSWORD, Level.AAL2, False),
        (Level.AAL2, (PASSWORD, TOTP), BACKUP, Level.AAL2, True),
        (Level.PHR, (PASSKEY,), MAIL, Level.PHR, False),
        (Level.AAL1, (PASSWORD,), MAIL, Level.AAL1, False),
        (Level.AAL1, (), MAIL, Level.AAL1, False),
        (Level.NONE, (), MAIL, Level.NONE, False),
        (Level.AAL1, (TOTP,), PASSWORD, Level.AAL2, False),  # the app was shown long ago
    ],
)
def test_what_is_raised(
    level: Level, methods: tuple[Method, ...], method: Method, reached: Level, is_fresh: bool
) -> None:
    risen = policy.raised(Assurance(level, OLD), methods, method, NOON)
    assert (risen.level, risen.at == NOON) == (reached, is_fresh)


@pytest.mark.django_db
def test_the_flow_raises_as_the_policy_says(sign_in: SignIn, customer: User, by: Actor) -> None:
    sign_in(customer, PASSKEY)
    Session.objects.update(methods=[], level=Level.AAL1)
    risen = flows.step_up(Session.objects.get(), TOTP, by=by, at=clock.now())
    assert risen.level == Level.AAL1


@pytest.mark.django_db
def test_a_session_that_began_with_a_passkey_goes_on_when_that_is_removed(client: Client, customer: User) -> None:
    key, home, at = SoftAuthenticator(), Client(), clock.now() - timedelta(minutes=1)
    signed_in(home, customer, (PASSWORD,))
    begun = home.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"]), "name": "Laptop"}
    assert home.post("/security/passkeys/add/", sent).status_code == 302
    seed = factors.new_seed()
    assert factors.add_app(customer, seed, f"{code_at(seed, t0=60):06d}", at)
    begun = client.post("/sign-in/passkey/begin/").json()
    client.post("/sign-in/passkey/", {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])})
    number = Passkey.objects.get().credential_id_sha256
    assert client.post(f"/security/passkeys/{number}/remove/")["Location"] == "/security/"
    session = Session.objects.get(ended_at=None)
    assert (session.methods, session.level) == ([], Level.AAL1)
    ref = {"ref": client.get("/security/app/remove/")["Location"].split("=")[1]}
    assert "Type your password again" in client.get("/prove/", ref).text
    onward = client.post("/prove/", {"way": "password", "password": WORDS} | ref)["Location"]
    assert "authenticator app" in client.get(onward).text
    client.post("/prove/", {"way": "totp", "code": f"{code_at(seed):06d}"} | ref)
    assert client.get("/security/app/remove/").status_code == 200


@pytest.mark.django_db
def test_an_app_completes_what_the_password_began(sign_in: SignIn, customer: User) -> None:
    client, seed = sign_in(customer, PASSKEY), factors.new_seed()
    at = clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, seed, f"{code_at(seed, t0=60):06d}", at)
    Session.objects.update(methods=[], level=Level.AAL1)  # the passkey was removed
    ref = {"ref": client.get("/security/app/remove/")["Location"].split("=")[1]}
    page = client.get("/prove/", ref)
    assert "Type your password again" in page.text
    assert "authenticator app" not in page.text.split("<main")[1].split("</main")[0]
    onward = client.post("/prove/", {"way": "password", "password": WORDS} | ref)["Location"]
    assert onward == f"/prove/?ref={ref['ref']}"
    assert "authenticator app" in client.get(onward).text
    done = client.post("/prove/", {"way": "totp", "code": f"{code_at(seed):06d}"} | ref)
    assert done["Location"] == "/security/app/remove/"
    assert Session.objects.get().level == Level.AAL2
