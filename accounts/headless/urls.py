"""Paths of the app, as allauth names them. What is not here is not offered."""

from django.urls import path

from accounts.headless import answers, views
from accounts.headless.views import endpoint

app_name = "headless"

_PATHS = {
    "config": endpoint(GET=views.configuration),
    "auth/session": endpoint(GET=views.current, DELETE=views.sign_out),
    "auth/signup": endpoint(POST=views.sign_up),
    "auth/email/verify": endpoint(POST=views.confirm_email),
    "auth/login": endpoint(POST=views.sign_in),
    "auth/2fa/authenticate": endpoint(POST=views.second_step),
    "auth/code/confirm": endpoint(POST=views.mailed_code),
    "auth/code/resend": endpoint(POST=views.another_code),
    "auth/webauthn/login": endpoint(GET=views.options_for_anybody, POST=views.sign_in_with_passkey),
    "auth/webauthn/authenticate": endpoint(GET=views.options, POST=views.passkey),
    "auth/webauthn/reauthenticate": endpoint(GET=views.options, POST=views.passkey),
    "auth/reauthenticate": endpoint(POST=views.password),
    "auth/2fa/reauthenticate": endpoint(POST=views.second_step),
    "account/password/change": endpoint(POST=views.change_password),
}

urlpatterns = [
    path("_allauth/openapi.json", views.document, name="openapi"),
    *(path(answers.PATH[1:] + at, view, name=at) for at, view in _PATHS.items()),
]
