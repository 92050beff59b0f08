"""ProofStage: a sign-in is paused until what was proven satisfies the policy. Every way in passes it."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import EmailVerificationStage, LoginStage, LoginStageController
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.budgets import bucket, mails
from accounts.customer import proofs
from accounts.factors import bound as factors
from accounts.models import User
from accounts.sessions import signing
from accounts.sign_in import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Allow, Hold, StepUp

_BREACHED = "password_breached"
_SHOWN = "password shown"


class Denied(Exception):
    """This sign-in is not let in. Whoever shows a page says it in the words of a wrong answer."""


class AddressStage(EmailVerificationStage):
    """Waits until the address is proven. Opened in this browser in time, its link goes on with what waits here."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Note which password was shown: of several attempts to sign up, the one whose link is used has the say."""
        if self.login.user is not None:
            self.state.setdefault("password", codes.pseudonym(self.login.user.password, _SHOWN))
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer


class ProofStage(LoginStage):
    """Weighs the sign-in; hands over to the page for the second step when the answer is "prove more"."""

    key = "proof"
    urlname = "accounts:prove_sign_in"

    @property
    def customer(self) -> User:
        """Whoever is signing in."""
        user = self.login.user
        if not isinstance(user, User):
            message = "a sign-in of nobody reached the second step"
            raise TypeError(message)
        return user

    @property
    def methods(self) -> tuple[Method, ...]:
        """What was proven so far in this sign-in: what was noted, or a password that the library has checked.

        A way in that notes nothing has proven nothing, and the policy refuses it.
        """
        noted = self.login.state.get(signing.METHODS)
        if noted is None:
            records = get_authentication_records(self.request, self.customer)
            checked = any(record["method"] == "password" for record in records)
            noted = self.login.state[signing.METHODS] = [Method.PASSWORD.value] if checked else []
        return tuple(Method(name) for name in noted)

    @property
    def needs(self) -> Level:
        """The level that was asked for."""
        return Level(self.state.get("needs", Level.AAL2))

    @property
    def challenge(self) -> bool:
        """Whether more than a password was asked for because the sign-in is unusual."""
        return bool(self.state.get("challenge"))

    @property
    def reason(self) -> str:
        """The code of the reason for which more was asked."""
        return str(self.state.get("reason", ""))

    @property
    def decision(self) -> str:
        """The id of the decision that paused this sign-in."""
        return str(self.state.get("decision", ""))

    @property
    def attempt(self) -> UUID:
        """This very sign-in: a code sent for it opens no other."""
        return UUID(self.state.setdefault("attempt", str(codes.new_id())))

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Called by the library: (None, True) goes on, (response, True) pauses, (response, False) stops.

        Raises Denied: an answer of ours would pass through the library's own hands, which leave traces in the browser.
        """
        self.state.setdefault("account", proofs.state_of(self.customer))
        by, browser = Actor.from_request(self.request), signing.browser_of(self.request)
        browser = replace(browser, devices=bucket.devices(self.request, self.customer.email))
        breached = self.login.state.setdefault(_BREACHED, getattr(self.request, "password_breached", None))
        answer, admitted = flows.assess(self.customer, self.methods, browser, breached=breached, by=by, at=clock.now())
        match answer:
            case Allow():
                self.request.sign_in = replace(admitted, account=self.state["account"])
                return None, True
            case StepUp():
                return self._pause(answer, admitted), True
            case Hold(until=until):
                return self._hold(until, admitted), True
            case _:
                forget(self.request)
                raise Denied

    def _pause(self, answer: StepUp, admitted: flows.Admitted) -> HttpResponse:
        first = "needs" not in self.state
        self.state |= {
            "needs": int(answer.to),
            "challenge": answer.challenge,
            "reason": str(answer.reason),
            "decision": str(admitted.decision or ""),
            "attempt": str(self.attempt),
        }
        if first and answer.challenge and not factors.second_factors(self.customer):
            try:
                self._mail_code()
            except TooMany as later:
                self.state["code_from"] = clock.now().timestamp() + later.retry_after
        return HttpResponseRedirect(reverse(self.urlname))

    def _hold(self, until: datetime | None, admitted: flows.Admitted) -> HttpResponse:
        self.state |= {"held": str(admitted.decision or ""), "held_until": until.isoformat() if until else ""}
        return HttpResponseRedirect(reverse("accounts:sign_in_held"))

    @property
    def held(self) -> str:
        """The id of the decision that holds this sign-in; nothing more can be proven in it then."""
        return str(self.state.get("held", ""))

    @property
    def held_until(self) -> datetime | None:
        """When it will do from this browser; None if time alone does not help."""
        until = str(self.state.get("held_until", ""))
        return datetime.fromisoformat(until) if until else None

    @property
    def is_outdated(self) -> bool:
        """Password or address have been changed since this sign-in began: what it showed then shows nothing now."""
        return not proofs.is_still(str(self.state.get("account", "")), self.customer)

    @property
    def code_sent(self) -> bool:
        """Whether a code was mailed for this sign-in."""
        return bool(self.state.get("code_sent"))

    def no_code_for(self, at: datetime) -> int:
        """Seconds until a code can be sent, when none could be at the start."""
        return max(1, math.ceil(float(self.state.get("code_from", 0)) - at.timestamp()))

    def send_code(self) -> None:
        """Mail another code for this sign-in to the customer's proven address. Raises TooMany."""
        self._mail_code()
        signing.keep(self.request, self.login)

    def _mail_code(self) -> None:
        by, at = Actor.from_request(self.request), clock.now()
        mails.take_sign_in_code(self.customer, self.attempt, bucket.own(self.request, self.customer.email))
        flows.send_sign_in_code(self.customer, self.attempt, by=by, at=at)
        self.state["code_sent"] = True

    def passed(self, method: Method) -> HttpResponse:
        """One more method was proven: assess again, and finish the sign-in if it suffices now."""
        self.login.state[signing.METHODS] = [*(known.value for known in self.methods if known != method), method.value]
        # Not marked as handled: the library runs this stage again, so the policy decides on all that was proven.
        from_here: HttpResponse = signing.resume(self.request, self.login)
        return from_here

    def failed(self, method: Method) -> bool:
        """Count a wrong answer; False once there were too many and the sign-in must start over."""
        rules = limits.current()
        most = rules.proof.code_attempts if method is Method.EMAIL_CODE else rules.factors.sign_in_attempts
        attempts = int(self.state.get("attempts", 0)) + 1
        self.state["attempts"] = attempts
        by = Actor.from_request(self.request)
        flows.note_second_step_failure(self.customer, attempts, by=by, at=clock.now())
        if attempts >= most:
            self.abort()
            return False
        signing.keep(self.request, self.login)
        return True


def pending(request: HttpRequest) -> ProofStage | None:
    """The sign-in that is paused in this browser for a second step, if there is one and its account is as it was."""
    if request.user.is_authenticated:
        return None
    stage: Any = LoginStageController.enter(request, ProofStage.key)
    if not isinstance(stage, ProofStage) or stage.login.user is None:
        return None
    if stage.is_outdated:
        start_over(request)
        return None
    return stage


def address_proven(request: HttpRequest, customer: User) -> HttpResponse | None:
    """Go on with the sign-up or sign-in that waits in this browser for just this address; None if there is none.

    Whoever typed the password that counts now, here and lately, need not type it again. The other stages ask as ever.
    """
    stage: Any = None if request.user.is_authenticated else LoginStageController.enter(request, AddressStage.key)
    if not isinstance(stage, AddressStage) or stage.login.user != customer:
        return None
    if not codes.stands_for(str(stage.state.get("password", "")), customer.password, _SHOWN):
        return None
    stage.login.user = customer
    if stage.login.signup:
        stage.login.state.setdefault(signing.METHODS, [Method.PASSWORD.value])
    try:
        return signing.resume(request, stage.login)
    except Denied:
        return None


def start_over(request: HttpRequest) -> HttpResponse:
    """Let go of a sign-in whose account has changed under it, and say so."""
    forget(request)
    words = _("Your password or your email address has been changed in the meantime. Please sign in again.")
    messages.warning(request, words)
    return HttpResponseRedirect(reverse("account_login"))


def forget(request: HttpRequest) -> None:
    """Nothing of a sign-in stays in this browser."""
    clear_login(request)
