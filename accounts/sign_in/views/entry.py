"""The doors: sign up, confirm an address, sign in, sign out."""

from typing import Any

from allauth.account.views import LoginView, SignupView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account import flows as account
from accounts.account import forms, policy
from accounts.account.proofs import CONFIRM_EMAIL
from accounts.budgets import bucket, lockout
from accounts.budgets import counter as budget
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.models import User
from accounts.sessions import flows as sessions
from accounts.sessions import signing
from accounts.sign_in import onward
from accounts.sign_in.forms import SignIn as SignInForm
from accounts.sign_in.forms import SignUp as SignUpForm
from accounts.sign_in.stages import Denied, address_proven, forget, pending
from accounts.upstream import bound as upstream
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits


class ForPartner:
    """A page on the way to a partner: it says which, and fills in whom the partner expects."""

    request: HttpRequest

    def get_initial(self) -> dict[str, Any]:
        """The address that the partner named, if it named one."""
        initial: dict[str, Any] = super().get_initial()  # type: ignore[misc]
        onward.remember(self.request, self.request.GET.get("next", ""))
        self.partner, expected = onward.asking(self.request)
        return initial | ({"login": expected, "email": expected} if expected else {})

    def get_context_data(self, **context: Any) -> dict[str, Any]:  # noqa: ANN401  (the library's)
        """With the partner, if one waits."""
        found: dict[str, Any] = super().get_context_data(**context)  # type: ignore[misc]
        return found | {"partner": self.partner, "upstreams": upstream.at_the_door(self.request)}


class SignUp(ForPartner, SignupView):
    """allauth's view, our form and page. ``accounts.registration`` decides what becomes of what is sent."""

    template_name = "accounts/sign_in/sign_up.html"
    form_class = SignUpForm


class SignIn(ForPartner, LoginView):
    """allauth's view, our form and page."""

    template_name = "accounts/sign_in/sign_in.html"
    form_class = SignInForm

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Whoever types a password again means that one: a held sign-in, which can only wait, gives way to it."""
        super().setup(request, *args, **kwargs)
        if request.method == "POST" and (stage := pending(request)) is not None and stage.held:
            forget(request)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        """Counted by where it comes from. Raises TooMany."""
        most = limits.current().sign_in.attempts_per_address_per_minute
        who = bucket.of(request, request.POST.get("login", ""))
        budget.take("sign_in", who, limit=most, seconds=60, reason=policy.Reason.TOO_MANY_SIGN_INS)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_valid(self, form: SignInForm) -> HttpResponse:
        """A sign-in that is denied is answered like a wrong password: the same page, and the same traces, none.

        The library has written into the browser session by then. It is emptied again and not saved: a wrong password
        does not touch it either.
        """
        modified = self.request.session.modified
        try:
            response: HttpResponse = super().form_valid(form)
        except Denied:
            self.request.session.modified = modified
            lockout.count_failure(self.request, form.cleaned_data["login"])
            form.add_error(None, form.wrong())
            response = self.form_invalid(form)
        return response


@login_not_required
@never_cache
@require_safe
def check_your_mail(request: HttpRequest) -> HttpResponse:
    """After signing up, or signing in with an unproven address: the same page for everyone."""
    return render(request, "accounts/sign_in/check_your_mail.html", {"hours": limits.current().proof.link_hours})


@login_not_required
@link_page(CONFIRM_EMAIL)
def confirm_email(request: HttpRequest, link: Opened[User]) -> HttpResponse:
    """The page with the button that confirms, and, in the browser that waits for it, goes on."""
    if request.method != "POST":
        return render(request, "accounts/sign_in/confirm_email.html", {"form": forms.Nothing()})
    customer = account.confirm_email(link.secret, by=Actor.from_request(request), at=clock.now())
    signing.remember_first(request, customer)
    further = address_proven(request, customer)
    if further is not None:
        messages.success(request, _("Your address is confirmed, and your account is ready."))
    return further or render(request, "accounts/sign_in/email_confirmed.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """A button, never a link."""
    if request.method != "POST":
        return render(request, "accounts/sign_in/sign_out.html") if request.user.is_authenticated else redirect("home")
    sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    return links.forget(request, render(request, "accounts/sign_in/signed_out.html"))


@sensitive_post_parameters()
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """Stay signed in: reaching this view was the activity."""
    return HttpResponse(status=204)


@login_not_required
@require_safe
def inactive(request: HttpRequest) -> HttpResponse:
    """Where the library would send a closed account: to the door, which says nothing."""
    return redirect("account_login")
