"""What the demo's customers said, had done with their data and asked about it within a year: by the flows, in order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.audit import months
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.models import Partner
from consent.export import flows as exports
from consent.export import tasks
from consent.ledger.shapes import OURSELVES, Party, Way
from consent.models import Consent, Export, PurposeVersion, Request, Use
from consent.permission import flows as connections
from consent.purposes.facts import Wanted
from consent.purposes.shipped import IMPROVE_SERVICE, PRODUCT_NEWS, RESEARCH
from consent.records import facts as records
from consent.records import flows as choices
from consent.records.policy import Says
from consent.rights import flows as rights
from consent.rights.policy import About, Answer, Kind
from consent.use import facts, flows
from consent.use.shapes import To
from tests.stack.signing_in import session

BEGAN = 358  # days ago
_STEP = 9  # days from one visit to the next
_SCOPES = ("openid", "profile", "email", "phone")
_SAID = (
    {BEGAN - 1: (PRODUCT_NEWS, Says.YES), 300: (RESEARCH, Says.YES), 90: (RESEARCH, Says.NO)},
    {
        BEGAN - 1: (RESEARCH, Says.NO),
        250: (PRODUCT_NEWS, Says.YES),
        160: (PRODUCT_NEWS, Says.NO),
        130: (PRODUCT_NEWS, Says.YES),
        60: (IMPROVE_SERVICE, Says.NO),
    },
)
"""So many days ago, by the first and the second of them, about our own purposes."""
_NARROWED = 40  # days ago the shop was told the phone number no longer
_BUSY, _TIMES = 2, 120  # days ago the shop asked so often that privacy officers see it


def load(people: list[User], shop: Partner, officer: User, resting: User) -> None:
    """Whatever of it is missing."""
    now = clock.now()
    for person, said in zip(people, _SAID, strict=True):
        if not Use.objects.of(person.pk).filter(partner=shop.pk).exists():
            with transaction.atomic():  # all at once: that is quicker, too
                _year(person, said, shop, now)
    months.make()
    _requests(people, officer, resting, now)
    owner = people[-1]
    if not Export.objects.of(owner.pk).exists():
        at = now - timedelta(days=4)
        with _signed_in(owner, at, Method.PASSWORD, Method.TOTP) as (here, by):
            made = exports.ask(owner, here, by=by, at=at)
        tasks.make(export=str(made.pk))


@contextmanager
def _signed_in(person: User, at: datetime, *methods: Method) -> Iterator[tuple[Session, Actor]]:
    here = session(person, at, *methods)
    yield here, Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB, here.pk)
    sessions.end(here, by=Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB, here.pk), at=at)


def _year(person: User, said: Mapping[int, tuple[str, Says]], shop: Partner, now: datetime) -> None:
    at = now - timedelta(days=BEGAN)
    with _signed_in(person, at, Method.PASSWORD) as (here, by):
        answered = connections.Answered(_SCOPES, _SCOPES, records.texts(records.spoken(_SCOPES, at)))
        consent = connections.give(here, shop, answered, by=by, at=at)
    for days in range(BEGAN - 1, 0, -1):
        at = now - timedelta(days=days)
        if days in said:
            key, says = said[days]
            read = PurposeVersion.objects.get(purpose__key=key, state="active").pk
            choices.answer(person, key, says, read, by=by, at=at)
        if days == _NARROWED:
            connections.narrow(consent, ("phone",), by=by, at=at)
        if days % _STEP == 1:
            _visit(person, consent, days % 7 + 1, at)
            _ours(person, at)
        if days == _BUSY:
            _visit(person, consent, _TIMES, at)
    Consent.objects.get(pk=consent.pk).used(now)


def _visit(person: User, consent: Consent, times: int, at: datetime) -> None:
    """The shop signs them in, and asks so often who they are."""
    known, shop = facts.of(consent, person, at), Party(consent.partner_id)
    flows.release(known, facts.of_scopes(("openid",)), To(shop, Way.ID_TOKEN), at=at)
    flows.release_each(dict.fromkeys(range(times), known), facts.of_scopes(_SCOPES), To(shop, Way.USERINFO), at=at)


def _ours(person: User, at: datetime) -> None:
    for purpose, categories, way in (
        (PRODUCT_NEWS, ("email",), Way.MAIL),
        (IMPROVE_SERVICE, ("behavior",), Way.JOB),
        (RESEARCH, ("behavior",), Way.JOB),
    ):
        known = facts.people([person.pk], at)[person.pk]
        flows.release(known, [Wanted(purpose, categories, ())], To(OURSELVES, way, is_ours=True), at=at)


def _requests(people: list[User], officer: User, resting: User, now: datetime) -> None:
    """One that is nearly due, one that is answered, and one under which the use of data rests."""
    first, second = people
    for person, kind, about, days, text in (
        (first, Kind.CORRECT, About.HISTORY, 26, "The sign-in from Bergen in March was mine."),
        (second, Kind.OBJECT, About.STATISTICS, 12, "I do not want to be counted."),
        (resting, Kind.RESTRICT, About.CONTESTED, 3, "My name is spelled wrong in what you keep."),
    ):
        at = now - timedelta(days=days)
        if not Request.objects.of(person.pk).exists():
            with _signed_in(person, at, Method.PASSWORD) as (here, by):
                made = rights.ask(person, here, kind, about, text, by=by, at=at)
            if kind is Kind.OBJECT:
                _answer(made, officer, now)


def _answer(request: Request, officer: User, at: datetime) -> None:
    here = session(officer, at, Method.PASSWORD, Method.TOTP)
    by = Actor(ActorKind.STAFF, officer.pk, Channel.HELP_DESK, here.pk)
    staff.open_record(request.customer, WhyLook.YOU_ASKED, officer, here, by=by, at=at)
    rights.answer(request, Answer.DONE, officer, here, by=by, at=at)
    sessions.end(here, by=by, at=at)
