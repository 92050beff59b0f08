"""The app's doors: each is the pages' own one, read from JSON and answered as JSON."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from pydantic import TypeAdapter

from accounts.account import flows as account
from accounts.account.forms import ChangePassword
from accounts.account.views import is_current
from accounts.factors import verifier as factors
from accounts.factors.verifier import Outcome
from accounts.factors.views import passkeys
from accounts.headless import answers, openapi, shapes
from accounts.registration import challenges
from accounts.registration import views as registration
from accounts.sessions import flows as sessions
from accounts.sessions import signing
from accounts.sign_in.forms import SignUp as SignUpForm
from accounts.sign_in.stages import address_proven, forget
from accounts.sign_in.views import entry, prove
from accounts.step_up.decorators import sensitive
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import ProveMore
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import dpop
from ciam_portal.oauth.bodies import Malformed, body, parse, read
from ciam_portal.oauth.errors import ProtocolError

T = TypeVar("T")
View = Callable[[HttpRequest], HttpResponse]
CONFIRM = "account_email_verification_sent"  # the page of whoever has to look into their mail
_UNSIGNED = ProtocolError(dpop.INVALID, "sign each request with the app's key")


def endpoint(**views: View) -> View:
    """One path of the app's, with a view for each method. Open to whoever signs with a key of their own."""

    @csrf_exempt
    @login_not_required
    @never_cache
    @sensitive_post_parameters()
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method not in views:
            return HttpResponseNotAllowed(views)
        if not request.app_key:  # type: ignore[attr-defined]
            return answers.unproven(request, _UNSIGNED)
        if request.ended_for is not None:  # type: ignore[attr-defined]
            return answers.gone()
        try:
            return views[request.method](request)
        except Malformed as error:
            return answers.malformed(error)

    return answer


def reading(form: TypeAdapter[T]) -> Callable[[Callable[[HttpRequest, T], HttpResponse]], View]:
    """The view is called with what was sent."""

    def decorate(view: Callable[[HttpRequest, T], HttpResponse]) -> View:
        @wraps(view)
        def run(request: HttpRequest) -> HttpResponse:
            return view(request, read(form, parse(body(request))))

        return run

    return decorate


def signed_out(view: Callable[[HttpRequest, T], HttpResponse]) -> Callable[[HttpRequest, T], HttpResponse]:
    """A way in, which nobody takes who is in."""

    @wraps(view)
    def run(request: HttpRequest, sent: T) -> HttpResponse:
        return answers.conflict() if request.user.is_authenticated else view(request, sent)

    return run


def configuration(request: HttpRequest) -> HttpResponse:
    """What there is; and what a sign-up sends back, so that we know how long its form was filled in."""
    told: dict[str, Any] = {
        "login_methods": ["email"],
        "is_open_for_signup": True,
        "begun": challenges.opened(clock.now()),
    }
    told |= {"recovery_url": links.absolute("recovery:start")}  # a recovery is bound to a browser: it goes on there
    return answers.done(request, account=told, mfa={"supported_types": ["totp", "recovery_codes", "webauthn"]})


class SignUp(registration.SignUp):
    """The page's own door."""

    def challenged(self, form: SignUpForm, asked: ProveMore) -> HttpResponse:
        """The same work, and no page that does it."""
        puzzle = registration.puzzle(form, asked)
        return answers.challenged(self.request, {"algorithm": "SHA-256"} | puzzle)

    def form_invalid(self, form: SignUpForm) -> HttpResponse:
        """What was typed wrong."""
        return answers.invalid(form)


@reading(shapes.SIGN_UP)
@signed_out
def sign_up(request: HttpRequest, sent: shapes.SignUp) -> HttpResponse:
    """One decision, as on the page; everybody is told to look into their mail."""
    forget(request)
    response = _at_door(SignUp.as_view(), request, sent, password="password1")  # noqa: S106  (a field's name)
    if response.status_code == 410:  # noqa: PLR2004  (which says here that a session is over)
        return answers.errors(400, "ticket_over", "This ticket is too old, or used.", param="ticket")
    return response if isinstance(response, JsonResponse) else answers.confirm_address(request)


class SignIn(entry.SignIn):
    """The page's own door."""

    def form_invalid(self, form: Any) -> HttpResponse:  # noqa: ANN401  (the library's)
        """What was typed wrong."""
        return answers.invalid(form)


@reading(shapes.CREDENTIALS)
@signed_out
def sign_in(request: HttpRequest, sent: shapes.Credentials) -> HttpResponse:
    """Address and password; risk and second steps as on the page."""
    forget(request)
    response = _at_door(SignIn.as_view(), request, sent, email="login")
    if isinstance(response, JsonResponse):
        return response
    waits = response.get("Location") == reverse(CONFIRM)
    return answers.confirm_address(request) if waits else answers.standing(request)


def _at_door(door: Callable[..., HttpResponse], request: HttpRequest, sent: Any, **names: str) -> HttpResponse:  # noqa: ANN401  (JSON)
    """What a page's door says to it; a form of a page, to the form's names."""
    typed = QueryDict(mutable=True)
    typed.update({names.get(name, name): value for name, value in sent.items()})
    request.POST = typed  # type: ignore[assignment]
    return door(request)


def current(request: HttpRequest) -> HttpResponse:
    """Where the app stands."""
    return answers.standing(request)


def sign_out(request: HttpRequest) -> HttpResponse:
    """The session is over, with all that hangs from it."""
    sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    return answers.standing(request)


@reading(shapes.KEY)
def confirm_email(request: HttpRequest, sent: shapes.Key) -> HttpResponse:
    """The link came back to the app: its device is known now, and a sign-up that waits here goes on. Raises Refused."""
    customer = account.confirm_email(sent["key"], by=Actor.from_request(request), at=clock.now())
    signing.remember_first(request, customer)
    address_proven(request, customer)
    return answers.standing(request)


@reading(shapes.CODE)
def second_step(request: HttpRequest, sent: shapes.Code) -> HttpResponse:
    """A code of the authenticator app, or a backup code: they differ in length."""
    backup = bool(factors.plain_backup_code(sent["code"]))
    return _prove(request, Method.BACKUP_CODE if backup else Method.TOTP, dict(sent))


@reading(shapes.CODE)
def mailed_code(request: HttpRequest, sent: shapes.Code) -> HttpResponse:
    """The code that came by mail."""
    return _prove(request, Method.EMAIL_CODE, dict(sent))


@reading(shapes.PASSWORD)
def password(request: HttpRequest, sent: shapes.PasswordAgain) -> HttpResponse:
    """The password once more, signed in."""
    return _prove(request, Method.PASSWORD, dict(sent))


def _prove(request: HttpRequest, way: Method, sent: dict[str, Any]) -> HttpResponse:
    at, here = clock.now(), answers.entry_of(request)
    if here is None or way not in here.ways(at):
        return answers.conflict()
    form = prove.FORMS[way](sent)
    if not form.is_valid():
        return answers.invalid(form)
    checked, _page = prove.answered(here, way, form, at)
    if checked.outcome is Outcome.RIGHT:
        return answers.standing(request)
    response = answers.errors(400, "incorrect_code", prove.words_for(way, checked, at), param=next(iter(sent)))
    if checked.outcome is Outcome.WAIT:
        response.status_code = 429
        response["Retry-After"] = str(factors.seconds_until(checked.until, at))
    return response


def options(request: HttpRequest) -> HttpResponse:
    """For the device's passkey dialog: of whoever may prove something here."""
    here = answers.entry_of(request)
    if here is None or Method.PASSKEY not in here.ways(clock.now()):
        return answers.conflict()
    return _begun(request, factors.begin_showing(request, here.ceremony, here.customer))


def options_for_anybody(request: HttpRequest) -> HttpResponse:
    """The same for a sign-in, alike for everyone: nobody has said who they are. Raises TooMany."""
    return _begun(request, passkeys.begin_anybodys(request))


def _begun(request: HttpRequest, begun: dict[str, Any]) -> HttpResponse:
    return answers.done(request, request_options=begun["options"], ceremony=begun["ceremony"])


@reading(shapes.SHOWN)
def passkey(request: HttpRequest, sent: shapes.Shown) -> HttpResponse:
    """A passkey, at the second step or once more."""
    return _prove(request, Method.PASSKEY, sent | {"credential": json.dumps(sent["credential"])})


@reading(shapes.SHOWN)
@signed_out
def sign_in_with_passkey(request: HttpRequest, sent: shapes.Shown) -> HttpResponse:
    """A passkey instead of a password."""
    forget(request)
    _at_door(passkeys.sign_in, request, sent | {"credential": json.dumps(sent["credential"])})
    return answers.standing(request)


@reading(shapes.NOTHING)
def another_code(request: HttpRequest, sent: shapes.Nothing) -> HttpResponse:
    """Mail a code, or another. Raises TooMany."""
    at, here = clock.now(), answers.entry_of(request)
    if here is None or Method.EMAIL_CODE not in here.ways(at):
        return answers.conflict()
    here.send_code(at)
    return answers.done(request)


@reading(shapes.NEW_PASSWORD)
@sensitive(Action.CHANGE_PASSWORD)
def change_password(request: HttpRequest, sent: shapes.NewPassword) -> HttpResponse:
    """Another password; everywhere else the customer is signed out. Raises ProveMore, Refused."""
    customer, by, at = signing.customer_of(request), Actor.from_request(request), clock.now()
    form = ChangePassword({"current": sent["current_password"], "password": sent["new_password"]}, customer=customer)
    if not form.is_valid() or not is_current(request, form, by, at):
        return answers.invalid(form, current="current_password", password="new_password")  # noqa: S106  (a name)
    account.change_password(customer, form.cleaned_data["password"], signing.session_of(request), by=by, at=at)
    return answers.standing(request)


@login_not_required
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """All of this for machines (OpenAPI 3.1)."""
    return JsonResponse(openapi.document(), headers={"Cache-Control": "public, max-age=600"})
