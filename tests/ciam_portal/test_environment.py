"""Production is configured by environment alone; what is missing or unsafe stops the start with a sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = "import django; django.setup(); from django.conf import settings; print(settings.PUBLIC_URL)"
MAILBOX = """
import django; django.setup()
from django.conf import settings
from ciam_portal.core import mailbox
try:
    mailbox.canonical("jürgen@example.com")
except mailbox.NoMailbox:
    print(settings.EMAIL_BACKEND, "refused")
else:
    print(settings.EMAIL_BACKEND, "taken")
"""
# Reads the libraries once; each start is a child of it that has read no settings, with an environment of its own.
PARENT = """
import gc, json, os, sys
import ciam_portal.environment, ciam_portal.core.policy.limits
import csp.constants, django.core.mail, django.db.models, django.forms, django.urls, django.utils.log
import argon2, dns.resolver, httpx, jwcrypto.jwt, maxminddb, oauthlib.oauth2, phonenumbers, psycopg, segno, ua_parser
import webauthn, webpush, zxcvbn
gc.freeze()
for line in sys.stdin:
    code, env, out, err = json.loads(line)
    child = os.fork()
    if not child:
        for path, number in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.environ.clear()
        os.environ.update(env)
        status = 1
        try:
            exec(code, {})
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
            if isinstance(status, str):
                status = print(status, file=sys.stderr) or 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        for each in (sys.stdout, sys.stderr):
            each.flush()
        os._exit(status)  # taking the interpreter down takes longer than all the rest
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
Start = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def parent() -> Iterator["subprocess.Popen[str]"]:
    command, pipe = [sys.executable, "-W", "ignore", "-c", PARENT], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as running:
        yield running


@pytest.fixture
def start(parent: Any, tmp_path: Path) -> Start:
    def run(code: str = START, **changes: str | None) -> "subprocess.CompletedProcess[str]":
        production = os.environ | {
            "CIAM_ENVIRONMENT": "production",
            "PUBLIC_URL": "https://id.example.com",
            "EMAIL_URL": "smtp+tls://user:secret@mail.example.com:587",
            "SMS_URL": None,
            "TRUSTED_PROXY_COUNT": "1",
            "HELP_DESK_EMAIL": "help@example.com",
            "HELP_DESK_PHONE": "+47 22 85 50 50",
            "HELP_DESK_HOURS": "Monday to Friday, 9 to 17",
            "DJANGO_SETTINGS_MODULE": "ciam_portal.settings",
            "PYTHONWARNINGS": "ignore",
        }
        env = {key: value for key, value in (production | changes).items() if value is not None}
        out, err = tmp_path / "out", tmp_path / "err"
        print(json.dumps([code, env, str(out), str(err)]), file=parent.stdin, flush=True)
        status = int(parent.stdout.readline())
        return subprocess.CompletedProcess([code], status, out.read_text(), err.read_text())

    return run


def test_a_whole_environment_starts(start: Start) -> None:
    done = start()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "https://id.example.com"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", None, "DATABASE_URL is not set"),
        ("DATABASE_URL", "sqlite:///x.db", "DATABASE_URL must be a PostgreSQL address"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must be a PostgreSQL address"),
        ("DATABASE_URL", "postgres://u:p@db:port/ciam", "DATABASE_URL is no address"),
        ("DATABASE_URL", "postgres://u:p@db", "DATABASE_URL names no database"),
        ("CACHE_URL", None, "CACHE_URL is not set"),
        ("CACHE_URL", "locmem://", "CACHE_URL must begin with redis://"),
        ("CACHE_URL", "redis://cache.example.com/0", "CACHE_URL needs a password"),
        ("BROKER_URL", None, "BROKER_URL is not set"),
        ("BROKER_URL", "redis://user@broker.example.com", "BROKER_URL needs a password"),
        ("EMAIL_URL", None, "EMAIL_URL is not set"),
        ("EMAIL_URL", "file:///tmp/mail", "EMAIL_URL must be an SMTP address"),
        ("EMAIL_URL", "nonsense", "EMAIL_URL must be an SMTP address"),
        ("EMAIL_URL", "smtp://mail.example.com:25", "EMAIL_URL must be encrypted"),
        ("PASSWORD_RANGE_URL", "nonsense", "PASSWORD_RANGE_URL must be the address of a range service"),
        ("PASSWORD_RANGE_URL", "http://ranges.example.com", "PASSWORD_RANGE_URL must be the address"),
        ("SMS_URL", "file:///var/spool/sms", "SMS_URL must be the https:// address of a gateway"),
        ("SMS_URL", "http://sms.example.com", "SMS_URL must begin with https://"),
        ("SMS_URL", "https://sms.example.com", "SMS_AUTHORIZATION is not set"),
        ("SMS_CARRIER", "no.such.Carrier", "SMS_CARRIER names no.such.Carrier, which is no class"),
        ("SMS_CARRIER", "ciam_portal.core.outbox.channels.NotNow", "which is no class with send"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of DEBUG, INFO"),
        ("AUDIT_KEYS", os.environ["DATA_KEYS"], "AUDIT_KEYS holds a key that stands in DATA_KEYS already"),
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY is too weak"),
        ("SECRET_KEY_FALLBACKS", "old", "SECRET_KEY is too weak"),
        ("DIGEST_KEYS", None, "DIGEST_KEYS is not set"),
        ("DIGEST_KEYS", "c2hvcnQ", "DIGEST_KEYS must be base64url"),
        ("DIGEST_KEYS", "text:the former SECRET_KEY", "DIGEST_KEYS must be base64url"),
        ("DATA_KEYS", "A" * 43, "DATA_KEYS must be random bytes"),
        ("DATA_KEYS", None, "DATA_KEYS is not set"),
        ("DATA_KEYS", "c2hvcnQ", "DATA_KEYS must be base64url"),
        ("DEVICE_KEYS", None, "DEVICE_KEYS is not set"),
        ("AUDIT_KEYS", None, "AUDIT_KEYS is not set"),
        ("CHECKPOINT_KEYS", None, "CHECKPOINT_KEYS is not set"),
        ("AUDIT_KEYS", "c2hvcnQ", "AUDIT_KEYS must be base64url"),
        ("DEVICE_KEYS", "c2hvcnQ", "DEVICE_KEYS must be base64url"),
        ("SUBJECT_KEY", "!!", "SUBJECT_KEY must be base64url"),
        ("OIDC_SIGNING_KEYS", "/no/such/key.pem", "no readable PEM private key"),
        ("PUBLIC_URL", None, "PUBLIC_URL is not set"),
        ("PUBLIC_URL", "http://id.example.com", "PUBLIC_URL must begin with https://"),
        ("PUBLIC_URL", "https://id.example.com/portal", "scheme and host only"),
        ("STAFF_URL", "https://staff.example.com", "STAFF_URL must be a host below PUBLIC_URL's"),
        ("STAFF_URL", "http://staff.id.example.com", "STAFF_URL must be a host below"),
        ("STAFF_URL", "https://staff.id.example.com/x", "STAFF_URL must be a host below"),
        ("STAFF_NETWORKS", "the office", "STAFF_NETWORKS must be comma-separated networks"),
        ("HELP_DESK_EMAIL", None, "HELP_DESK_EMAIL is not set"),
        ("HELP_DESK_PHONE", None, "HELP_DESK_PHONE is not set"),
        ("HELP_DESK_HOURS", " ", "HELP_DESK_HOURS is not set"),
        ("HELP_DESK_EMAIL", "the office", "HELP_DESK_EMAIL must be a mail address"),
        ("HELP_DESK_PHONE", "call me", "HELP_DESK_PHONE must be a phone number"),
        ("TERMS_URL", "javascript:alert(1)", "TERMS_URL must be the address of a page"),
        ("HELP_URL", "www.example.com/help", "HELP_URL must be the address of a page"),
        ("TRUSTED_PROXY_COUNT", None, "TRUSTED_PROXY_COUNT is not set"),
        ("TRUSTED_PROXIES", "10.0.0.0/8", "TRUSTED_PROXY_COUNT and TRUSTED_PROXIES are both set"),
        ("TRUSTED_PROXIES", "the balancer", "TRUSTED_PROXIES must be comma-separated networks"),
        ("TRUSTED_PROXY_COUNT", "many", "TRUSTED_PROXY_COUNT is not set"),
        ("CIAM_ENVIRONMENT", "staging", "CIAM_ENVIRONMENT must be"),
        ("CIAM_POLICY", "/no/such/policy.toml", "cannot be read"),
    ],
)
def test_what_is_missing_or_unsafe_stops_the_start(start: Start, name: str, value: str | None, sentence: str) -> None:
    done = start(**{name: value})
    assert done.returncode != 0
    assert sentence in done.stderr


def test_everything_that_is_wrong_is_said_at_once_and_without_a_traceback(start: Start) -> None:
    wrong = {"DATABASE_URL": "nonsense", "LOG_LEVEL": "loud", "DATA_KEYS": "A" * 43, "SECRET_KEY": None,
             "PASSWORD_RANGE_URL": "nonsense", "CIAM_POLICY": "/no/such/policy.toml", "PUBLIC_URL": None}  # fmt: skip
    for entry in ("import ciam_portal.wsgi", "from ciam_portal import celery_app; celery_app.conf.task_acks_late"):
        done = start(entry, **wrong)
        assert done.returncode == (3 if "wsgi" in entry else 1)  # at 3 gunicorn starts no other worker
        assert "Traceback" not in done.stderr
        said = done.stderr.splitlines()
        assert len(said) == len(wrong)
        assert all(sum(name in line for line in said) == 1 for name in wrong if name != "CIAM_POLICY")


@pytest.mark.parametrize("url", ["smtp://localhost:25", "smtp+ssl://mail.example.com", "smtps://u:p@mail.example.com"])
def test_mail_is_encrypted_or_does_not_leave_the_machine(start: Start, url: str) -> None:
    assert start("import ciam_portal.settings", EMAIL_URL=url).returncode == 0


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (None, "ciam_portal.core.outbox.channels.Smtp refused"),
        ("false", "ciam_portal.core.outbox.channels.Smtp refused"),
        ("true", "ciam_portal.core.outbox.channels.Smtp taken"),
    ],
)
def test_other_letters_before_the_at_take_a_mail_server_that_speaks_them(
    start: Start, said: str | None, answer: str
) -> None:
    done = start(MAILBOX, MAIL_SMTPUTF8=said)
    assert done.stdout.strip() == answer, done.stderr


def test_a_start_says_that_nobody_carries_text_messages(start: Start) -> None:
    done = start("import django; django.setup()")
    assert "Nobody carries text messages" in done.stderr
    assert "Set SMS_URL to a gateway" in done.stderr
    gateway = {"SMS_URL": "https://sms.example.com/v1", "SMS_AUTHORIZATION": "Bearer x"}
    done = start("import django; django.setup()", **gateway)
    assert (done.returncode, done.stderr.count("text messages")) == (0, 0)
    for body in ("nonsense", "[]", '{"to": "{to}"}'):
        assert "SMS_BODY must be a JSON object" in start(SMS_BODY=body, **gateway).stderr


def test_a_staff_host_can_be_tried_on_this_machine(start: Start) -> None:
    code = "import django; django.setup(); from django.core.management import call_command; call_command('check')"
    urls = {"PUBLIC_URL": "http://localhost:8000", "STAFF_URL": "http://staff.localhost:8000"}
    done = start(code, CIAM_ENVIRONMENT="development", **urls)
    assert done.returncode == 0, done.stderr


def test_migrations_connect_as_the_owner_and_nothing_else_does(start: Start) -> None:
    def roles(command: str, **env: str | None) -> "subprocess.CompletedProcess[str]":
        said = "from django.conf import settings as s; it = s.DATABASES['default']; "
        said += "print(it['USER'], s.PORTAL_ROLE, it['OPTIONS']['options'].split()[1])"
        known = {"DATABASE_URL": "postgres://portal@db/ciam", "DATABASE_OWNER_URL": "postgres://owner@db/ciam"}
        return start(f"import sys; sys.argv[1:2] = ['{command}']; {said}", **(known | env))

    assert roles("check").stdout.split() == ["portal", "portal", "statement_timeout=15000"]
    assert roles("check", CIAM_AS_OWNER="1").stdout.split()[:2] == ["portal", "portal"]
    assert roles("migrate").stdout.split() == ["owner", "portal", "statement_timeout=0"]
    assert "DATABASE_OWNER_URL is not set" in roles("migrate", DATABASE_OWNER_URL=None).stderr


def test_the_demo_does_not_load_in_production() -> None:
    env = os.environ | {
        "CIAM_ENVIRONMENT": "production",
        "PUBLIC_URL": "https://id.example.com",
        "EMAIL_URL": "smtp://localhost:25",
        "SMS_URL": "",
        "TRUSTED_PROXY_COUNT": "0",
        "HELP_DESK_EMAIL": "help@example.com",
        "HELP_DESK_PHONE": "+47 22 85 50 50",
        "HELP_DESK_HOURS": "Monday to Friday, 9 to 17",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "tests.stack", "demo", "http://localhost:8001"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "for development" in done.stderr
