"""allauth's seam: its questions, answered by our flows and policies; its mails, sent through our outbox."""

import time
from functools import cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth import password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.account import flows as account
from accounts.budgets import bucket, lockout, mails, velocity
from accounts.budgets.mails import MailFor
from accounts.models import User
from accounts.passwords import validator as passwords
from accounts.sessions import flows as sessions
from accounts.sessions import signing
from accounts.sign_in import flows, onward, stages
from accounts.step_up import facts
from ciam_portal.core import clock, mailbox, network
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits


class Backend(AuthenticationBackend):
    """The library's, with one look for whose address it is: it looks twice where nobody has it, which takes longer.

    Where nobody has it, or has a password, one that nobody has is compared with, as a customer's is.
    """

    def _authenticate_by_email(self, email: str, password: str) -> AbstractBaseUser | None:
        asked = User.objects.filter(email=email).first()
        if asked is None or not asked.has_usable_password():
            asked = User(password=password_of_nobody())
        found: AbstractBaseUser | None = self._check_password(asked, password)
        return found


@cache
def password_of_nobody() -> str:
    """The hash of a password that is not kept."""
    return make_password(codes.new_token())


class Adapter(DefaultAccountAdapter):
    """Only documented methods are overridden."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Under what the library's limits count: as all of the portal's do."""
        return network.bucket(request)

    def get_login_stages(self) -> list[str]:
        """A proven address first, then the assessing. Nothing else is between a credential and a session."""
        return ["accounts.sign_in.stages.AddressStage", "accounts.sign_in.stages.ProofStage"]

    def clean_password(self, password: str, user: User | None = None) -> str:
        """One form of the password, checked by the one validator."""
        password = passwords.normal(password)
        password_validation.validate_password(password, user)
        return password

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Whose credentials these are. A closed, locked or suspended one looks like a wrong password.

        A hash from elsewhere takes another time than ours: while there are any, every failure takes the same.
        """
        began = time.monotonic()
        found = self._whose(request, credentials)
        if found is None and User.objects.with_foreign_passwords().exists():
            clock.fill(began, limits.current().moving.failure_milliseconds / 1000)
        return found

    def _whose(self, request: HttpRequest, credentials: dict[str, Any]) -> User | None:
        if credentials.get("password"):
            credentials["password"] = passwords.normal(credentials["password"])
            request.password_breached = passwords.is_listed(credentials["password"])  # type: ignore[attr-defined]
        user = super().authenticate(request, **credentials)
        if not isinstance(user, User):
            return None
        if not facts.is_looked_at(user, clock.now()):
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record it; axes has counted it."""
        email = mailbox.named(str(credentials.get("email", "")))
        known = User.objects.filter(email=email).only("pk", "evidence_key").first()
        paused = bool(getattr(request, "axes_locked_out", False))
        by = Actor.from_request(request)
        at = clock.now()
        flows.note_failure(lockout.bucket_of(request, credentials), known, paused=paused, by=by, at=at)
        velocity.failed(facts.source_of(email, signing.browser_of(request).seen), at)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, with a new session key, and begin our own session record on it, if nothing has changed meanwhile."""
        admitted: flows.Admitted = request.sign_in  # type: ignore[attr-defined]
        with transaction.atomic():
            customer = flows.still_as_admitted(user, admitted)
            if customer is None:
                raise ImmediateHttpResponse(stages.start_over(request))
            super().login(request, user)
            signing.begin(request, customer, admitted)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where no address came with the sign-in itself: to the partner that waits, or to the overview."""
        return onward.arrived(request) or super().get_login_redirect_url(request)

    def logout(self, request: HttpRequest) -> None:
        """Sign out: session record, tokens, cookie."""
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:  # noqa: FBT001
        """Our own link instead of the library's: single use, digest only. Raises TooMany.

        Whoever signs up was asked for their budget before anything was kept (``open_account``).
        """
        customer = emailconfirmation.email_address.user
        who, what = bucket.of(request, customer.email), MailFor.SIGN_UP if signup else MailFor.CONFIRM
        if not signup:
            mails.take_to(what, customer.email, who)
        account.send_confirmation(customer, asked=mails.by(what, who), by=Actor.from_request(request), at=clock.now())

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner; asked for their budget as above."""
        asked = mails.by(MailFor.SIGN_UP, bucket.of(self.request, email))
        account.tell_owner(email, asked=asked, by=Actor.from_request(self.request), at=clock.now())

    def respond_email_verification_sent(self, request: HttpRequest, user: AbstractBaseUser | None) -> HttpResponse:
        """The same page for everyone."""
        return HttpResponseRedirect(reverse("account_email_verification_sent"))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The library's own messages are not shown: our pages say what happened."""

    def is_ajax(self, request: HttpRequest) -> bool:
        """Pages only: the JSON answers of the library's views would be one more channel to guard."""
        return False
