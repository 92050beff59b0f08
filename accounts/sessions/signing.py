"""Where a sign-in meets HTTP: the browser at the door, the session that begins, its key that rotates."""

from typing import cast

from allauth.account.internal.flows.login import perform_login, resume_login
from allauth.account.internal.stagekit import stash_login
from allauth.account.models import Login
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.baseline.history import Seen
from accounts.budgets import bucket
from accounts.models import Session, User
from accounts.sessions import agents
from accounts.sign_in import flows
from ciam_portal.core import clock, network, places
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.sessions import SessionStore

METHODS = "methods"


def browser_of(request: HttpRequest, email: str = "") -> flows.Browser:
    """The browser that sent this request, as far as we look at it. ``email``: whom it names, if nobody is known yet."""
    agent = request.headers.get("User-Agent", "")
    family, system = agents.of(request)
    address = network.client_address(request)
    place = places.lookup(address)
    seen = Seen(
        address=address,
        country=place.country,
        asn=place.asn,
        agent=agents.plain(agent),
        browser=family,
        system=system,
        kind=agents.kind_of(agent),
    )
    return flows.Browser(
        cookie=request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""),
        key=row_key(request) if request.session.session_key else "",
        seen=seen,
        absurd=agents.is_absurd(agent),
        bucket=bucket.of(request, email) if email else "",
        app=getattr(request, "app_key", ""),
        name=getattr(request, "device_name", ""),
    )


def row_key(request: HttpRequest) -> str:
    """Of the row behind this browser's session, or this app's."""
    store = cast("SessionStore", request.session)
    return store.row_key(str(store.session_key))


def customer_of(request: HttpRequest) -> User:
    """Whoever is signed in, on a request that only somebody who is signed in can make."""
    return cast("User", request.user)


def session_of(request: HttpRequest) -> Session:
    """The live session of a request that only somebody who is signed in can make."""
    session: Session = request.portal_session  # type: ignore[attr-defined]
    return session


def begin(request: HttpRequest, customer: User, admitted: flows.Admitted) -> Session:
    """After the library has signed the customer in: begin our session on it."""
    by = Actor.from_request(request).known_as(customer.pk)
    entered = flows.begin(customer, admitted, browser_of(request), by=by, at=clock.now())
    request.session["portal_session"] = str(entered.session.pk)
    request.session["host"] = request.get_host()
    request.portal_session = entered.session  # type: ignore[attr-defined]
    request.device_cookie = entered.cookie  # type: ignore[attr-defined]
    return entered.session


def remember_first(request: HttpRequest, customer: User) -> None:
    """The customer has proven the address in this browser: it is theirs from now on, in this request too."""
    by = Actor.from_request(request).known_as(customer.pk)
    cookie = flows.remember_first(customer, browser_of(request), by=by, at=clock.now())
    request.device_cookie = request.COOKIES[settings.DEVICE_COOKIE_NAME] = cookie  # type: ignore[attr-defined]


def rotate(request: HttpRequest) -> None:
    """Give the browser a new session key after a step-up; the old one is dead (ASVS 7.2.4)."""
    request.session.cycle_key()
    session_of(request).moved_to(row_key(request))


def enter_with_passkey(request: HttpRequest, customer: User, method: Method, next_url: str) -> HttpResponse:
    """Sign in with a passkey instead of a password, through the same pipeline and all of its stages."""
    login = Login(user=customer, email=customer.email, redirect_url=next_url or None, state={METHODS: [method.value]})
    response: HttpResponse = perform_login(request, login)
    return response


def enter_with_upstream(request: HttpRequest, customer: User, method: Method, next_url: str) -> HttpResponse:
    """The same with another service's word."""
    return enter_with_passkey(request, customer, method, next_url)


def enter_new(request: HttpRequest, customer: User | None, email: str, method: Method) -> HttpResponse:
    """After a sign-up without a password; ``customer`` None: the address is somebody's, and it looks alike."""
    state = {METHODS: [method.value]}
    response: HttpResponse = perform_login(request, Login(user=customer, email=email, signup=True, state=state))
    return response


def resume(request: HttpRequest, login: Login) -> HttpResponse:
    """Run the pipeline from where it paused."""
    response: HttpResponse = resume_login(request, login)
    return response


def keep(request: HttpRequest, login: Login) -> None:
    """Remember what changed in a paused sign-in."""
    stash_login(request, login)
