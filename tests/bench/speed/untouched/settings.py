"""A project of nothing but the libraries. Client secrets are random, so a plain digest of them is enough here too."""

import os
from pathlib import Path

import environ

SECRET_KEY = "only measured, never served"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.bench.speed.untouched.urls"
DATABASES = {"default": environ.Env().db_url_config(os.environ["UNTOUCHED_DATABASE_URL"]) | {"CONN_MAX_AGE": 60}}
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "allauth", "allauth.account", "axes", "oauth2_provider",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend", "allauth.account.auth_backends.AuthenticationBackend",
]  # fmt: skip
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher", "tests.bench.speed.untouched.secrets.Quick",
]  # fmt: skip
OAUTH2_PROVIDER = {
    "CLIENT_SECRET_HASHER": "quick",
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": Path(os.environ["UNTOUCHED_KEY"]).read_text(encoding="utf-8"),
    "SCOPES": {"openid": "who", "profile": "name", "read": "read"},
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
LOGGING_CONFIG = None
