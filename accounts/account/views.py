"""The customer's own data: profile, email address, password."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.account import flows, forms
from accounts.account.policy import Reason
from accounts.account.proofs import CHANGE_EMAIL
from accounts.budgets import counter as budget
from accounts.budgets import mails
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.factors.verifier import Outcome
from accounts.models import User
from accounts.passwords import validator as passwords
from accounts.sessions.signing import customer_of, session_of
from accounts.sign_in.views.prove import check_password, words_for
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence


@resumable(lazy("Save your profile"), forms.Profile, "name", "phone", "locale", "timezone")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.SEE_PROFILE)
def profile(request: HttpRequest) -> HttpResponse:
    """Name, phone, language, time zone."""
    customer = customer_of(request)
    now = {name: getattr(customer, name) for name in forms.Profile.base_fields}
    form = forms.Profile(request.POST or None, initial=now, zone=customer.zone.key)
    if form.is_valid():
        by = Actor.from_request(request)
        flows.edit_profile(customer, form.cleaned_data, session_of(request), by=by, at=clock.now())
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/account/profile.html", {"form": form})


@resumable(lazy("Ask for the new email address"), forms.NewEmail, "email")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_EMAIL)
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address; nothing changes until it is proven."""
    customer, at = customer_of(request), clock.now()
    form = forms.NewEmail(request.POST or None)
    if form.is_valid() and form.cleaned_data["email"] == customer.email:
        form.add_error("email", sentence(Reason.SAME_ADDRESS))
    if form.is_valid():
        new = form.cleaned_data["email"]
        allow_mail_of(customer)
        asked, by = mails.take_new_address(customer, new), Actor.from_request(request)
        with clock.even():
            flows.ask_email_change(customer, new, session_of(request), asked=asked, by=by, at=at)
        return render(request, "accounts/account/change_email_sent.html", {"email": mailbox.shown(new)})
    return render(request, "accounts/account/change_email.html", {"form": form})


def allow_mail_of(customer: User) -> None:
    """Count one message that a signed-in customer asks for; strangers in the same network do not. Raises TooMany."""
    most, hour = limits.current().proof.mails_per_network_address_per_hour, 3600
    budget.take("mail_of", str(customer.pk), limit=most, seconds=hour, reason=Reason.TOO_MANY_MAILS)


@link_page(CHANGE_EMAIL)
def confirm_new_email(request: HttpRequest, link: Opened[User]) -> HttpResponse:
    """The page with the button that makes the new address the only one."""
    customer = customer_of(request)
    if link.customer != customer:
        raise Refused(Reason.LINK_DEAD)
    if request.method != "POST":
        return render(request, "accounts/account/confirm_new_email.html", {"form": forms.Nothing()})
    flows.change_email(customer, link.secret, session_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Your email address is changed."))
    return redirect("accounts:security")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CHANGE_PASSWORD)
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session ends. Asks for the current one, whatever was proven a moment ago."""
    customer, by, at = customer_of(request), Actor.from_request(request), clock.now()
    form = forms.ChangePassword(request.POST or None, customer=customer)
    if form.is_valid() and is_current(request, form, by, at):
        flows.change_password(customer, form.cleaned_data["password"], session_of(request), by=by, at=at)
        messages.success(request, _("Your password is changed. Everywhere else you are signed out."))
        return redirect("accounts:security")
    return render(request, "accounts/account/change_password.html", {"form": form})


def is_current(request: HttpRequest, form: forms.ChangePassword, by: Actor, at: datetime) -> bool:
    """Whether the password there is was typed, and the new one is another; says on the form what is not so.

    Who signs in with another service has none yet.
    """
    if "current" not in form.cleaned_data:
        return True
    checked = check_password(request, form.cleaned_data["current"], by=by, at=at)
    if checked.outcome is not Outcome.RIGHT:
        form.add_error("current", words_for(Method.PASSWORD, checked, at))
    elif passwords.is_the_same(form.cleaned_data["password"], request.user):
        form.add_error("password", sentence(Reason.SAME_PASSWORD))
    return form.is_valid()
