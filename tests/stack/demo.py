"""People, staff and a partner to try the portal with, made by the flows. Running it again changes nothing."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.account import flows as account
from accounts.account.events import EmailConfirmed
from accounts.account.proofs import void_confirmations
from accounts.customer import addresses
from accounts.factors import flows as factors
from accounts.models import IdentityTraining, PassedDomain, RoleChange, Totp, User
from accounts.proofing.flows import desk
from accounts.sessions import flows as sessions
from accounts.staff.flows import people as staff
from accounts.staff.flows import role_changes
from accounts.trust.policy import WhyPass
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import vault
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Preset
from ciam_portal.core.roles import Role
from ciam_portal.oauth import partners
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.hashers import ClientSecret
from ciam_portal.oauth.models import Partner
from consent.delegation import flows as delegation
from consent.delegation import lines
from consent.erasure import flows as erasure
from consent.models import Delegation, Deletion, Purpose, PurposeVersion
from consent.purposes import flows as purposes
from consent.purposes.shipped import PRODUCT_NEWS, RESEARCH
from recovery.addresses import flows as recovery
from recovery.news import notices
from tests.stack import acting, people, signing_in, year
from tests.stack.state import StackError

OWNER = "grace@example.com"  # of the partner
OFFICER, BOSS = "privacy@example.com", "admin@example.com"  # who say what data is used for
LONG_AGO = timedelta(days=year.BEGAN + 2)  # when the customers came: their phones are on file for long enough


def load(partner_url: str = "") -> None:
    """Make what is missing."""
    if settings.PRODUCTION:
        message = "The demo is for development: its passwords are known to everybody."
        raise StackError(message)
    for email, name in people.CUSTOMERS.items():
        if not User.objects.filter(email=email).exists():
            at = clock.now() - LONG_AGO
            _add_phone(_person(email, name, at), at + timedelta(minutes=2))
    for email, name in people.RESTING.items():
        _person(email, name, clock.now() - LONG_AGO)
    for email, name in people.LEAVING.items():
        person = _person(email, name, clock.now() - LONG_AGO)
        if person.erase_at is None and not Deletion.objects.filter(customer=person.pk).exists():
            _delete(person, clock.now())
    for email, (name, role) in people.STAFF.items():
        person = _person(email, name, clock.now())
        if not person.groups.filter(name=role).exists():
            _give(person, Role(role))
    _train()
    _company()
    _delegation()
    _purposes()
    if partner_url:
        _partner(partner_url.rstrip("/"))
        _year()
        acting.load(User.objects.get(email=OWNER))


def say() -> None:
    """Who there is, to whoever started it."""
    print(f"  Password of everyone: {people.PASSWORD}")
    for email, number in people.PHONES.items():
        step = f"authenticator key {_key(email)}" if email in people.WITH_APP else "no second step yet"
        print(f"  Customer  {email:<22} {step}; recovery phone {number}")
    for email in people.RESTING:
        print(f"  Customer  {email:<22} no second step; has asked that the use of their data rest")
    for email in people.LEAVING:
        print(f"  Customer  {email:<22} no second step; the account is about to be deleted")
    for email, (_name, role) in people.STAFF.items():
        print(f"  Staff     {email:<22} {role}, authenticator key {_key(email)}")
    print("  A code without an app: .venv/bin/python -m tests.stack code EMAIL")


def _person(email: str, name: str, at: datetime) -> User:
    by = Actor(ActorKind.STRANGER, channel=Channel.SYSTEM)
    person = User.objects.filter(email=email).first()
    if person is None:
        person = account.open_account(email, people.PASSWORD, by=by, at=at)
        if person is None:
            message = f"{email} was opened by somebody else in this very moment."
            raise StackError(message)
        profile = {"name": name, "phone": "", "locale": "en", "timezone": "Europe/Oslo"}
        account.fill_profile(person, profile, by=by.known_as(person.pk), at=at)
    if not addresses.is_proven(person):
        _prove_address(person, by=Actor.system(), at=at)
    if email in people.WITH_APP and not Totp.objects.filter(user=person).exists():
        _add_app(person, at)
    return person


@flow
def _prove_address(person: User, *, by: Actor, at: datetime) -> None:
    addresses.confirm(person)
    void_confirmations(person, at)
    record(EmailConfirmed(), about=person.pk, by=by, at=at)


def _train() -> None:
    """The two agents may check identities."""
    if IdentityTraining.objects.exists():
        return
    boss = User.objects.get(email=BOSS)
    session = signing_in.session(boss, clock.now(), Method.PASSWORD, Method.TOTP)
    by = Actor(ActorKind.STAFF, boss.pk, Channel.HELP_DESK, session.pk)
    for agent in User.objects.filter(email__in=("agent@example.com", "agent2@example.com")):
        desk.train(agent, boss, session, by=by, at=clock.now())
    sessions.end(session, by=by, at=clock.now())


def _company() -> None:
    """Everybody here has an address at one mail domain, and whoever tries it at the next: both are known."""
    boss = User.objects.get(email=BOSS)
    row = {"reason": WhyPass.ORGANIZATION.value, "passed_by": boss.pk, "passed_at": clock.now()}
    for domain in ("example.com", "example.net", "example.org"):
        PassedDomain.objects.get_or_create(domain=domain, defaults=row)


def _give(person: User, role: Role) -> None:
    """The installation gives roles until there is an administrator; from then on one has to approve."""
    first = staff.administrators().exclude(pk=person.pk).filter(email__in=people.STAFF).first()
    if not staff.administrators().exists():
        staff.grant_role(person, role, by=Actor.system(), at=clock.now())
        return
    if first is None:
        message = "There are administrators, but none of the demonstration who could approve its staff."
        raise StackError(message)
    open_ones = RoleChange.objects.filter(person=person, role=role.value, state="proposed", expires_at__gt=clock.now())
    change = open_ones.first() or role_changes.propose_by_command(person, role, by=Actor.system(), at=clock.now())
    session = signing_in.session(first, clock.now(), Method.PASSWORD, Method.TOTP)
    by = Actor(ActorKind.STAFF, first.pk, Channel.HELP_DESK, session.pk)
    role_changes.approve(change, first, session, by=by, at=clock.now())
    sessions.end(session, by=by, at=clock.now())


def _add_app(person: User, at: datetime) -> None:
    session = signing_in.session(person, at, Method.PASSWORD)
    by = Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB)
    seed = people.seed(settings.SECRET_KEY, person.email)
    code = people.code(settings.SECRET_KEY, person.email, at.timestamp())
    if not factors.add_app(person, session, seed, code, by=by, at=at):
        message = "The clock went backwards: please run the command again."
        raise StackError(message)
    # The code of this half minute was used up just now; whoever tries the demo at once may use it again.
    Totp.objects.filter(user=person).update(last_t=-1)
    sessions.end(session, by=by, at=at)


def _add_phone(person: User, at: datetime) -> None:
    """A second address for recovery, proven by the code that went there. All at once, so that no worker is faster."""
    methods = (Method.PASSWORD, Method.TOTP) if person.email in people.WITH_APP else (Method.PASSWORD,)
    by, kind, number = (
        Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB),
        Medium.SMS,
        people.PHONES[person.email],
    )
    with transaction.atomic():
        session = signing_in.session(person, at, *methods)
        recovery.ask_address(person, session, kind, number, by=by, at=at)
        sent = Notice.objects.filter(customer=person, kind=notices.CodeForAddress.template).latest("created_at")
        code = json.loads(vault.unseal(sent.sealed, f"notice:{sent.pk}"))["words"]["code"]
        if recovery.add_address(person, session, kind, number, code, by=by, at=at) is None:
            message = f"The recovery phone of {person.email} was not added."
            raise StackError(message)
        sessions.end(session, by=by, at=at)


def _delete(person: User, at: datetime) -> None:
    """So that the page on which it can be kept is there to be seen; the mail with its link too."""
    session = signing_in.session(person, at, Method.PASSWORD, Method.EMAIL_CODE)
    by = Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB, session.pk)
    erasure.ask(person, session, by=by, at=at)


def _delegation() -> None:
    """Grace may pay Ada's bills: *People and apps that act for me*, and *People I act for*."""
    ada, grace = (User.objects.get(email=email) for email in people.CUSTOMERS)
    if Delegation.objects.filter(owner=ada).exists():
        return
    at = clock.now() - timedelta(days=45)
    hers = signing_in.session(ada, at, Method.PASSWORD, Method.EMAIL_CODE)
    theirs = signing_in.session(grace, at, Method.PASSWORD, Method.TOTP)
    terms = replace(
        lines.terms_of(Preset.PAY_BILLS, limits.current()), currency="EUR", amount_each=5_000, amount_month=20_000
    )
    wish = delegation.Wish(terms, at + timedelta(days=90), Preset.PAY_BILLS, "The electricity, while I am away")
    by = Actor(ActorKind.CUSTOMER, ada.pk, Channel.WEB, hers.pk)
    row = delegation.offer(ada, hers, grace.email, wish, by=by, at=at)
    sessions.end(hers, by=by, at=at)
    by = Actor(ActorKind.CUSTOMER, grace.pk, Channel.WEB, theirs.pk)
    delegation.accept(row, grace, theirs, by=by, at=at)
    sessions.end(theirs, by=by, at=at)


def _purposes() -> None:
    """News says more than it once did; what research is for shall be said anew, and waits for a second person."""
    news, research = (Purpose.objects.get(key=key) for key in (PRODUCT_NEWS, RESEARCH))
    if news.versions.count() == 1:
        version = _drafted(news, "To write to you about new things that we offer, once a month at most.")
        for verb, email in ((purposes.propose, OFFICER), (purposes.approve, BOSS), (purposes.activate, OFFICER)):
            _decided(verb, version, email)
    if research.versions.count() == 1:
        version = _drafted(research, "To let universities study how people sign in. They get no name.", kept_days=730)
        _decided(purposes.propose, version, OFFICER)


def _drafted(purpose: Purpose, words: str, kept_days: int | None = None) -> PurposeVersion:
    holds, person = purpose.versions.get(state="active"), User.objects.get(email=OFFICER)
    terms = replace(holds.terms(), retention_days=kept_days or holds.retention_days)
    texts = holds.texts | {"en": {"title": holds.texts["en"]["title"], "words": words}}
    said, by = purposes.Said(terms, texts, is_material=False), Actor(ActorKind.STAFF, person.pk, Channel.HELP_DESK)
    return purposes.draft(purpose.key, said, person, "", by=by, at=clock.now())


def _decided(verb: Callable[..., None], version: PurposeVersion, email: str) -> None:
    person, at = User.objects.get(email=email), clock.now()
    session = signing_in.session(person, at, Method.PASSWORD, Method.TOTP)
    by = Actor(ActorKind.STAFF, person.pk, Channel.HELP_DESK, session.pk)
    shown = PurposeVersion.objects.get(pk=version.pk).seal
    verb(version, person, session, shown=shown, by=by, at=at)
    sessions.end(session, by=by, at=at)


def _key(email: str) -> str:
    return people.key(settings.SECRET_KEY, email)


def _partner(url: str) -> None:
    client_id, secret = os.environ.get("DEMO_CLIENT_ID"), os.environ.get("DEMO_CLIENT_SECRET")
    if not client_id or not secret:
        return
    partner, at = Partner.objects.filter(client_id=client_id).first(), clock.now()
    if partner is None:
        partner, _made = partners.register(_tea_house(url), by=Actor.system(), at=at)
        Partner.objects.filter(pk=partner.pk).update(client_id=client_id)
    Partner.objects.filter(pk=partner.pk).update(  # it may be started on another port than before
        homepage_url=url, redirect_uris=f"{url}/callback", post_logout_redirect_uris=f"{url}/"
    )
    if not any(held.is_secret(secret) for held in partner.credentials.live(at)):
        made, _other = credentials.replace(partner, credentials.SECRET, at_once=True, by=Actor.system(), at=at)
        made.digest = ClientSecret().encode(secret, "")  # the one that the demo partner was started with
        made.save()


def _year() -> None:
    shop = Partner.objects.filter(client_id=os.environ.get("DEMO_CLIENT_ID")).first()
    if shop is not None:
        (resting,) = people.RESTING
        known = {each.email: each for each in User.objects.filter(email__in=[*people.CUSTOMERS, resting, OFFICER])}
        year.load([known[email] for email in people.CUSTOMERS], shop, known[OFFICER], known[resting])


def _tea_house(url: str) -> partners.Registration:
    return partners.Registration(
        name="Tea House",
        owner=User.objects.get(email=OWNER).pk,
        purpose="A shop that remembers who you are and where your order goes.",
        homepage_url=url,
        redirect_uris=(f"{url}/callback",),
        post_logout_redirect_uris=(f"{url}/",),
        scopes=(
            "openid",
            "profile",
            "email",
            "phone",
            "identity",
            "identity_evidence",
            "activity",
            "delegations",
            "offline_access",
        ),
        delegates=True,
        decision_actions=("partner.payment", "partner.change_payee"),
        authorization_details_types=("payment_initiation",),
    )
