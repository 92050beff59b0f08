"""The two entry points behind the page that proves: somebody who is signed in, and somebody whose sign-in is paused."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.account.policy import Reason
from accounts.budgets import mails
from accounts.customer import proofs
from accounts.customer.proofs import Code
from accounts.factors import bound, flows, policy
from accounts.factors import verifier as factors
from accounts.factors.verifier import Ceremony
from accounts.sessions import signing
from accounts.sign_in import flows as sign_in
from accounts.sign_in.onward import local
from accounts.sign_in.policy import Reason as SignInReason
from accounts.sign_in.stages import Denied, ProofStage
from accounts.step_up import suspended
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.words import sentence, span


class LiveSession:
    """The entry point of someone who is signed in: a level to reach, then back to what waits for it."""

    ceremony = Ceremony.PROVE
    page = "accounts:prove"
    code_sent = False

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.customer = signing.customer_of(request)
        self.session = signing.session_of(request)
        self.ref = (request.POST.get("ref", "") or request.GET.get("ref", ""))[:100]
        self.next = "" if self.ref else local(request.POST.get("next", "") or request.GET.get("next", ""))
        self.waiting = suspended.find(request, self.ref)
        # Whoever comes without having been sent (the staff site does) is asked for two factors.
        self.wanted = policy.Wanted(Level.AAL2)
        if self.waiting is not None:
            self.wanted = policy.Wanted(self.waiting.to, self.waiting.within, self.waiting.challenge)
        self.to = self.wanted.to
        self.decision = self.waiting.decision if self.waiting else ""
        self.why = self.waiting.why if self.waiting else _("Please show once more that it is you.")

    @property
    def device(self) -> UUID | None:
        """The browser, as its customer is known in it."""
        return self.session.device_id

    @property
    def is_over(self) -> bool:
        """The reference leads nowhere (any more)."""
        return bool(self.ref) and self.waiting is None

    @property
    def carried(self) -> dict[str, str]:
        """What every address and form of the page carries along."""
        return {"ref": self.ref} if self.ref else {"next": self.next} if self.next else {}

    def is_met(self, at: datetime) -> bool:
        """Nothing more to prove."""
        return self.wanted.is_met(self._shown, at)

    @property
    def _shown(self) -> policy.Proven:
        proven = tuple(Method(name) for name in self.session.methods)
        return policy.Proven(self.session.assurance, proven, self.session.challenged_at)

    @property
    def _wanted_now(self) -> policy.Wanted:
        """What is wanted of a proof that is given now: with no time at all (``max_age=0``), this very second."""
        seconds = self.wanted.within
        return self.wanted if seconds is None else replace(self.wanted, within=max(1, seconds))

    def ways(self, at: datetime) -> tuple[Method, ...]:
        """The methods that lead to the level, best first."""
        held = bound.second_factors(self.customer)
        off = factors.switched_off(self.customer)
        ways = policy.ways_to_prove(held, self._shown, self._wanted_now, at, off=off)
        return tuple(way for way in ways if way is not Method.PASSWORD or self.customer.has_usable_password())

    def passed(self, method: Method, at: datetime) -> HttpResponse:
        """The session rises, gets a new key, and goes on; or to the next method, if it takes two."""
        by = Actor.from_request(self.request)
        self.session = sign_in.step_up(self.session, method, by=by, at=at)
        self.request.portal_session = self.session  # type: ignore[attr-defined]
        signing.rotate(self.request)
        return self.leave() if self._wanted_now.is_met(self._shown, at) else self._to(self.page)

    def leave(self) -> HttpResponse:
        """Back to the page that asked; with a form that may be gone on with, to the page that asks whether to."""
        if self.waiting is None:
            return redirect(self.next or "accounts:security")
        if self.waiting.fields is not None:
            return self._to("accounts:go_on")
        suspended.take(self.request, self.ref)
        if not self.waiting.is_page:
            messages.info(self.request, _("Thank you. Nothing has been done yet: please do it once more."))
        return HttpResponseRedirect(self.waiting.path)

    def _to(self, page: str) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse(page)}?{urlencode(self.carried)}")

    def missed(self, method: Method) -> HttpResponse | None:  # noqa: ARG002  (the other entry point's form)
        """A wrong answer changes nothing about the session; it was counted where it was checked."""
        return None

    def send_code(self, at: datetime) -> None:
        """Mail a code that works in this session only. Raises TooMany."""
        mails.take(mails.MailFor.STEP_UP, str(self.session.pk), reason=Reason.SEVERAL_CODES)
        flows.send_code(self.customer, self.session, by=Actor.from_request(self.request), at=at)

    @property
    def code(self) -> tuple[Code, UUID]:
        """What a mailed code must be for."""
        return flows.STEP_UP, self.session.pk

    @property
    def origin(self) -> str:
        """Where wrong codes of the app are counted: in this session, which nobody else is in."""
        return f"session {self.session.pk}"


class PausedSignIn:
    """The entry point of someone whose first step was right: a second factor, then in."""

    ceremony = Ceremony.SIGN_IN
    page = "accounts:prove_sign_in"
    next = ref = ""

    def __init__(self, request: HttpRequest, stage: ProofStage) -> None:
        self.request, self.stage, self.customer, self.to = request, stage, stage.customer, stage.needs
        self.challenge, self.decision = stage.challenge, stage.decision
        self.code_sent = stage.code_sent
        self.no_code_for = span(stage.no_code_for(clock.now()))
        self.why = sentence(gate.Reason.UNUSUAL) if stage.challenge else ""
        self.carried: dict[str, str] = {}

    def ways(self, at: datetime) -> tuple[Method, ...]:  # noqa: ARG002  (the other entry point's form)
        """What completes this sign-in, best first."""
        held = bound.second_factors(self.customer)
        off = factors.switched_off(self.customer)
        return policy.ways_to_finish(held, self.stage.methods, self.to, challenge=self.challenge, off=off)

    def passed(self, method: Method, at: datetime) -> HttpResponse:  # noqa: ARG002  (the other entry point's form)
        """On through the pipeline."""
        try:
            return self.stage.passed(method)
        except Denied:
            messages.error(self.request, sentence(SignInReason.NOTHING_PROVEN))
            return redirect("account_login")

    def missed(self, method: Method) -> HttpResponse | None:
        """Count it; too many, and the sign-in starts over."""
        if self.stage.failed(method):
            return None
        messages.error(self.request, _("There were too many wrong answers. Please sign in again."))
        return redirect("account_login")

    def send_code(self, at: datetime) -> None:  # noqa: ARG002  (the other entry point's form)
        """Mail a code for this sign-in. Raises TooMany."""
        self.stage.send_code()

    @property
    def code(self) -> tuple[Code, UUID]:
        """What a mailed code must be for."""
        return sign_in.SIGN_IN, self.stage.attempt

    @property
    def origin(self) -> str:
        """Where wrong codes of the app are counted: in this browser, if the customer uses it.

        All other browsers share a bucket, for attempts are free to whoever has the password. A new password opens it.
        """
        return f"browser {self.device}" if self.device else f"other browsers {proofs.state_of(self.customer)}"

    @cached_property
    def device(self) -> UUID | None:
        """The browser, if this customer is known in it."""
        device = sign_in.device_of(self.customer, signing.browser_of(self.request), clock.now())
        return device.pk if device else None


EntryPoint = LiveSession | PausedSignIn
