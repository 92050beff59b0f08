"""The two doors behind the page that proves: somebody who is signed in, and somebody whose sign-in is paused."""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from accounts import factors, proofs, signing, suspended
from accounts.factors import Ceremony
from accounts.flows import factors as flows
from accounts.flows import sign_in
from accounts.policy import factors as policy
from accounts.proofs import Purpose
from accounts.stages import ProofStage
from ciam_portal import gate
from ciam_portal.audit.actor import Actor
from ciam_portal.gate import within
from ciam_portal.policy.assurance import Level, Method
from ciam_portal.words import sentence

if TYPE_CHECKING:
    from accounts.models import Session, User


def local(target: str) -> str:
    """``target`` if it is an address on this site without a host, else nothing."""
    return target if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


class LiveSession:
    """The door of someone who is signed in: a level to reach, then back to what waits for it."""

    ceremony = Ceremony.PROVE
    page = "accounts:prove"
    code_sent = False

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.customer = cast("User", request.user)
        self.session: Session = request.portal_session  # type: ignore[attr-defined]
        self.ref = (request.POST.get("ref", "") or request.GET.get("ref", ""))[:100]
        self.next = "" if self.ref else local(request.POST.get("next", "") or request.GET.get("next", ""))
        self.waiting = suspended.find(request, self.ref)
        # Whoever comes without having been sent (the staff site does) is asked for two factors.
        self.to = self.waiting.to if self.waiting else Level.AAL2
        self.within = self.waiting.within if self.waiting else None
        self.challenge = bool(self.waiting and self.waiting.challenge)
        self.decision = self.waiting.decision if self.waiting else ""
        self.why = words_of(self.waiting.reason if self.waiting else "")

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
        return self._shows(self.within, at)

    def _shows(self, seconds: int | None, at: datetime) -> bool:
        if self.challenge and not within(self.session.challenged_at, seconds, at):
            return False
        return self.session.assurance.meets(self.to, seconds, at)

    def ways(self, at: datetime) -> tuple[Method, ...]:
        """The methods that lead to the level, best first."""
        held = factors.second_factors(self.customer)
        proven = tuple(Method(name) for name in self.session.methods)
        ways = policy.ways_to_prove(held, self.session.assurance, proven, self.to, at, challenge=self.challenge)
        return tuple(way for way in ways if way is not Method.PASSWORD or self.customer.has_usable_password())

    def passed(self, method: Method, at: datetime) -> HttpResponse:
        """The session rises, gets a new key, and goes on; or to the next method, if it takes two."""
        by = Actor.from_request(self.request)
        self.session = sign_in.step_up(self.session, method, by=by, at=at)
        self.request.portal_session = self.session  # type: ignore[attr-defined]
        signing.rotate(self.request)
        return self.leave() if self._shows(1, at) else self._to(self.page)

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

    def missed(self, method: Method) -> HttpResponse | None:  # noqa: ARG002  (the other door's form)
        """A wrong answer changes nothing about the session; it was counted where it was checked."""
        return None

    def send_code(self, at: datetime) -> bool:
        """Mail a code that works in this session only; False if there were too many mails already."""
        if not proofs.within_budget(self.customer.email):
            return False
        flows.send_code(self.customer, self.session, by=Actor.from_request(self.request), at=at)
        return True

    @property
    def code(self) -> tuple[Purpose, UUID]:
        """What a mailed code must be for."""
        return Purpose.STEP_UP, self.session.pk


class PausedSignIn:
    """The door of someone whose first step was right: a second factor, then in."""

    ceremony = Ceremony.SIGN_IN
    page = "accounts:prove_sign_in"
    next = ref = ""

    def __init__(self, request: HttpRequest, stage: ProofStage) -> None:
        self.request, self.stage, self.customer, self.to = request, stage, stage.customer, stage.needs
        self.challenge, self.decision = stage.challenge, stage.decision
        self.code_sent = stage.code_sent
        self.why = words_of(gate.Reason.UNUSUAL) if stage.challenge else ""
        self.carried: dict[str, str] = {}

    def ways(self, at: datetime) -> tuple[Method, ...]:  # noqa: ARG002  (the other door's form)
        """What completes this sign-in, best first."""
        held = factors.second_factors(self.customer)
        return policy.ways_to_finish(held, self.stage.methods, self.to, challenge=self.challenge)

    def passed(self, method: Method, at: datetime) -> HttpResponse:  # noqa: ARG002  (the other door's form)
        """On through the pipeline."""
        return self.stage.passed(method)

    def missed(self, method: Method) -> HttpResponse | None:
        """Count it; too many, and the sign-in starts over."""
        if self.stage.failed(method):
            return None
        messages.error(self.request, _("There were too many wrong answers. Please sign in again."))
        return redirect("account_login")

    def send_code(self, at: datetime) -> bool:  # noqa: ARG002  (the other door's form)
        """Mail a code for this sign-in; False if there were too many mails already."""
        return self.stage.send_code()

    @property
    def code(self) -> tuple[Purpose, UUID]:
        """What a mailed code must be for."""
        return Purpose.SIGN_IN, self.stage.attempt


Door = LiveSession | PausedSignIn


def words_of(code: str) -> str:
    """The sentence of a reason that was kept as its code."""
    for reason in (*gate.Reason, *policy.Reason):
        if reason.value == code:
            return sentence(reason)
    return _("Please show once more that it is you.")
