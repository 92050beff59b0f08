"""Signing up and signing in: shape only. allauth's forms, with our fields and words."""

from dataclasses import replace
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, SignupForm
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.account import flows as account
from accounts.customer import zones
from accounts.customer.forms import Address, WhoseAddress
from accounts.models import User
from accounts.sign_in.flows import Browser
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits

_PASSWORD = _("Password")


def new_password(label: Any = _PASSWORD) -> forms.CharField:  # noqa: ANN401  (lazy text)
    """A field for a password that is being chosen: nothing trimmed, paste allowed."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=limits.current().password.max_length * 2,  # the validator refuses with better words
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=" ".join(password_validation.password_validators_help_texts()),
    )


class SignUp(SignupForm):
    """Email and password. A known address gets the same answer as a new one, after the same work."""

    browser: Browser  # that sent it; the view says which

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["email"] = Address()
        self.fields["password1"] = new_password()
        zone = forms.CharField(
            required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-zone": "", "id": None})
        )
        self.fields["zone"] = zone  # filled in by the browser
        self.fields["begun"] = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"id": None}))

    def clean_zone(self) -> str:
        """What the browser says, if there is such a time zone: nobody typed it, so it is never wrong."""
        zone = str(self.cleaned_data["zone"])
        return zone if zones.is_known(zone) else ""

    def validate_unique_email(self, value: str) -> str:
        """Never says whether an account exists; ``try_save`` walks one of two paths that look alike."""
        return value

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The library's contract: (new customer, None), or (None, the answer for a known address). Raises TooMany."""
        email = self.cleaned_data["email"]
        by, at = Actor.from_request(request), clock.now()
        browser = replace(self.browser, zone=self.cleaned_data["zone"])
        customer = account.open_account(email, self.cleaned_data["password1"], browser, by=by, at=at)
        if customer is not None:
            return customer, None
        self.account_already_exists = True
        response: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return response


class SignIn(LoginForm):
    """Email and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["login"] = WhoseAddress(autocomplete="username webauthn")
        password = self.fields["password"]
        password.help_text = ""
        password.strip = False
        password.widget.attrs.update({"autocomplete": "current-password", "placeholder": ""})

    def wrong(self) -> ValidationError:
        """What is said of a wrong password, and of whatever must look like one."""
        error: ValidationError = get_adapter(self.request).validation_error("email_password_mismatch")
        return error
