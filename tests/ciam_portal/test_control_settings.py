"""What production sets for each control, value by value: whoever changes one of them changes this table knowingly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stack import production_environment

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ("Bcrypt", "Argon2", "Pbkdf2", "Scrypt", "Firebase", "Digest")
SHOW = """
import django, json; django.setup()
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()}, default=str))
"""

ONLY_US, NOBODY = ["'self'"], ["'none'"]
CONTROLS: dict[str, dict[str, Any]] = {
    "v5.0.0-3.4.3": {  # where scripts, styles, pictures, forms and frames may come from or go to
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": NOBODY,
                "script-src": ONLY_US,
                "style-src": ONLY_US,
                "img-src": [*ONLY_US, "data:"],
                "font-src": ONLY_US,
                "connect-src": ONLY_US,
                "manifest-src": ONLY_US,
                "form-action": ONLY_US,
                "base-uri": NOBODY,
                "frame-ancestors": NOBODY,
                "upgrade-insecure-requests": True,
            }
        },
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
    },
    "v5.0.0-3.4.1": {  # never without TLS
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": [r"^healthz$", r"^readyz$", r"^gateway/check"],
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "SECURE_HSTS_SECONDS": 63_072_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
    },
    "v5.0.0-3.3.1": {  # cookies
        name: value
        for cookie in ("SESSION", "CSRF", "LANGUAGE")
        for name, value in {
            f"{cookie}_COOKIE_NAME": f"__Host-{cookie.lower()}",
            f"{cookie}_COOKIE_SECURE": True,
            f"{cookie}_COOKIE_HTTPONLY": True,
            f"{cookie}_COOKIE_SAMESITE": "Lax",
            f"{cookie}_COOKIE_DOMAIN": None,
            f"{cookie}_COOKIE_PATH": "/",
        }.items()
    },
    "v5.0.0-7.3.2": {  # the outer bounds of a session
        "SESSION_COOKIE_AGE": 12 * 3600,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "SESSION_ENGINE": "ciam_portal.core.sessions",
        "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
    },
    "v5.0.0-6.3.4": {  # the ways in
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "accounts.sign_in.adapter.Backend",
        ],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION": False,
        "ACCOUNT_CONFIRM_EMAIL_ON_GET": False,
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_UNIQUE_EMAIL": True,
        "LOGIN_URL": "account_login",
    },
    "v5.0.0-6.3.8": {"ACCOUNT_PREVENT_ENUMERATION": True, "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False},
    "v5.0.0-6.3.1": {  # who is counted, by what, and for how long
        "AXES_ENABLED": True,
        "AXES_HANDLER": "axes.handlers.cache.AxesCacheHandler",
        "AXES_USERNAME_CALLABLE": "accounts.budgets.lockout.bucket_of",
        "AXES_CLIENT_IP_CALLABLE": "ciam_portal.core.network.client_address",
        "AXES_LOCKOUT_PARAMETERS": ["username"],
        "AXES_FAILURE_LIMIT": "accounts.budgets.lockout.failure_limit",
        "AXES_COOLOFF_TIME": "accounts.budgets.lockout.pause",
        "AXES_LOCK_OUT_AT_FAILURE": True,
        "AXES_NEVER_LOCKOUT_GET": False,
        "AXES_NEVER_LOCKOUT_WHITELIST": False,
        "AXES_ONLY_ADMIN_SITE": False,
    },
    "v5.0.0-11.4.2": {
        "PASSWORD_HASHERS": [
            "accounts.passwords.hashers.Argon2id",
            "ciam_portal.oauth.hashers.ClientSecret",
            *(f"accounts.passwords.hashers.foreign.Old{name}" for name in FOREIGN),
        ],
        "AUTH_PASSWORD_VALIDATORS": [{"NAME": "accounts.passwords.validator.Validator"}],
    },
    "63B 3.2.5.2": {
        "OTP_WEBAUTHN_RP_ID": "id.example.com",
        "OTP_WEBAUTHN_ALLOWED_ORIGINS": ["https://id.example.com"],
        "OTP_TOTP_SYNC": True,
    },
    "v5.0.0-13.4.2": {"DEBUG": False, "ALLOWED_HOSTS": ["id.example.com"]},
    "v5.0.0-3.5.1": {"CSRF_TRUSTED_ORIGINS": ["https://id.example.com"], "CSRF_COOKIE_AGE": 31_449_600},
    "v5.0.0-16.2.5": {"AXES_VERBOSE": False, "AXES_DISABLE_ACCESS_LOG": True},
}
OAUTH = {
    "OAUTH2_VALIDATOR_CLASS": "consent.release.enforcement.ConsentValidator",
    "CLIENT_SECRET_HASHER": "client_secret",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "PKCE_REQUIRED": True,
    "OIDC_ISS_ENDPOINT": "https://id.example.com",
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}
IN_THIS_ORDER = [  # a middleware that guards stands before whatever it guards
    "django.middleware.security.SecurityMiddleware",
    "ciam_portal.middleware.ContentPolicy",
    "ciam_portal.middleware.SecurityHeaders",
    "ciam_portal.middleware.PlainInput",
    "ciam_portal.staff_site.host.StaffHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.middleware.PortalSession",
    "ciam_portal.middleware.SignInFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every setting of a production process."""
    strict = production_environment(tmp_path_factory.mktemp("production"))
    env = os.environ | strict | {"DJANGO_SETTINGS_MODULE": "ciam_portal.settings", "CIAM_POLICY": ""}
    done = subprocess.run([sys.executable, "-c", SHOW], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    settings: dict[str, Any] = json.loads(done.stdout)
    return settings


@pytest.mark.parametrize("control", [pytest.param(each, marks=pytest.mark.control(each)) for each in CONTROLS])
def test_production_sets(production: dict[str, Any], control: str) -> None:
    wanted = CONTROLS[control]
    assert {name: production[name] for name in wanted} == wanted


@pytest.mark.control("v5.0.0-10.4.1", "v5.0.0-10.4.6", "v5.0.0-10.4.5")
def test_production_tells_the_oauth_library(production: dict[str, Any]) -> None:
    assert {name: production["OAUTH2_PROVIDER"][name] for name in OAUTH} == OAUTH


def test_middlewares_stand_in_this_order(production: dict[str, Any]) -> None:
    assert [name for name in production["MIDDLEWARE"] if name in IN_THIS_ORDER] == IN_THIS_ORDER
