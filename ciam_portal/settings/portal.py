"""The portal's own settings: where it is, its secrets, its services, who may come in, cookies, headers."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from ciam_portal.core import mailbox
from ciam_portal.core.policy import limits
from ciam_portal.environment import Environment

environment = Environment.read()
env, PRODUCTION = environment.env, environment.production
BASE_DIR = Path(__file__).resolve().parents[2]

# The policy file stops the start if it is unsafe. Once the portal runs, the approved version in the database decides
# (ciam_portal.governance); settings of libraries that stand on the file follow it (ciam_portal.governance.deciding).
try:
    POLICY_TEXT = limits.read(env.str("CIAM_POLICY", "") or limits.DEFAULT)
    LIMITS = limits.of_text(POLICY_TEXT, "The policy file")
except limits.UnsafePolicy as error:
    environment.wrong.append(str(error))
    POLICY_TEXT = limits.read(limits.DEFAULT)
    LIMITS = limits.of_text(POLICY_TEXT)
limits.install(LIMITS)

# Where we are
DEBUG = False
PORTAL_NAME = env.str("PORTAL_NAME", "Identity Portal")
PUBLIC_URL = environment.public_url()
public = urlsplit(PUBLIC_URL)
AUDIT_ORIGIN = f"{public.netloc}/audit"  # what the audit's tree is called in its checkpoints
STAFF_URL = environment.staff_url(PUBLIC_URL)  # staff may have a host, and with it cookies and a sign-in, of their own
STAFF_NETWORKS = environment.networks("STAFF_NETWORKS")  # the staff site answers only there; everywhere if empty
staff = urlsplit(STAFF_URL)
ALLOWED_HOSTS = list({public.hostname or "", staff.hostname or ""})
CSRF_TRUSTED_ORIGINS = list({PUBLIC_URL, STAFF_URL})
SECURE = public.scheme == "https"
TRUSTED_PROXY_COUNT = environment.proxies()
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
_proxied = bool(TRUSTED_PROXY_COUNT or TRUSTED_PROXIES)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE and _proxied else None
ROOT_URLCONF = "ciam_portal.urls"
WSGI_APPLICATION = "ciam_portal.wsgi.application"

# Secrets
SECRET_KEY, SECRET_KEY_FALLBACKS = environment.secret_keys()
DIGEST_KEYS = environment.digest_keys()
DATA_KEYS = environment.keys("DATA_KEYS", "keys that seal stored secrets; the first seals, all open")
DEVICE_KEYS = environment.keys("DEVICE_KEYS", "keys that sign device cookies; the first signs, all verify")
AUDIT_KEYS = environment.keys("AUDIT_KEYS", "keys that seal the audit's rows; the first seals, all verify")
CHECKPOINT_KEYS = environment.keys("CHECKPOINT_KEYS", "keys that sign the audit's checkpoints; all of them sign")
SUBJECT_KEY = environment.keys("SUBJECT_KEY", "the key behind partners' pairwise subjects; it can never change")[0]
OIDC_SIGNING_KEYS = environment.signing_keys()
VAPID_KEYS = environment.vapid_keys()  # with none, nothing goes to browsers, nor is it offered (accounts.push)
GATEWAY_KEYS, GATEWAY_APPS = environment.gateway(LIMITS.actions, PUBLIC_URL)
IDENTITY_DIR, IDENTITY_WALLET_URL = env.str("IDENTITY_DIR", ""), env.str("IDENTITY_WALLET_URL", "openid4vp://authorize")
UPSTREAMS = environment.upstreams()  # with which other services customers may sign in (accounts.upstream)

# Services
_database, PORTAL_ROLE = environment.database()  # migrations grant that role the portal's own privileges
DATABASES = {"default": _database}
DATABASES["default"] |= {"ENGINE": "ciam_portal.core.postgres", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
# A page waits no longer than this; a migration takes its time, but gives up on a lock that all would wait for.
_patience = "-c statement_timeout=0 -c lock_timeout=10000" if environment.migrates else "-c statement_timeout=15000"
_silence = {"connect_timeout": 3, "tcp_user_timeout": 8000}  # seconds, milliseconds
DATABASES["default"]["OPTIONS"] = {"options": f"{_patience} -c jit=off", **_silence} | _database.get("OPTIONS", {})
DATABASE_PATIENCE_SECONDS = 8.0  # so long a request waits for one answer of a server that says nothing
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "ciam_portal.core.cache.Cache",
        "LOCATION": environment.shared_service("CACHE_URL", "the Redis or Valkey shared by all processes"),
        "KEY_PREFIX": "ciam",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},  # one that hangs is one that is away
    }
}
CELERY_BROKER_URL = environment.shared_service("BROKER_URL", "the Redis or Valkey that carries tasks")
CELERY_BROKER_TRANSPORT = "ciam_portal.broker.Transport"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_BEAT_SCHEDULER = "ciam_portal.beat.Scheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
NUDGE_WORKERS = env.bool("CIAM_NUDGE_WORKERS", True)

# Network data: where addresses are; a missing folder is fine, see ciam_portal/places
_lists = "/var/lib/ciam" if PRODUCTION else str(BASE_DIR / "var")
_data = f"{_lists}/network" if PRODUCTION else f"{_lists}/network-data"
NETWORK_DATA_DIR = Path(env.str("NETWORK_DATA", "") or _data)

# Mail and text messages
MAIL_DOMAIN = public.hostname or "localhost"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", f"{PORTAL_NAME} <no-reply@{MAIL_DOMAIN}>")
MAIL_SMTPUTF8 = env.bool("MAIL_SMTPUTF8", False)  # whether letters other than ASCII may stand before the @ (RFC 6531)
mailbox.install(speaks_utf8=MAIL_SMTPUTF8)
_mail = environment.mail()
globals().update(_mail)
MAIL_DIR: str = _mail.get("MAIL_DIR", "")  # development's folder, in place of a server
EMAIL_TIMEOUT = 20  # for each answer but the last, to the message itself (channels.Smtp)
_sms = environment.text_messages()
SMS_CARRIER: str = _sms.get("SMS_CARRIER", "")  # a class; with none, nothing goes by text message, nor is it offered
SMS_DIR: str = _sms.get("SMS_DIR", "")
SMS_URL: str = _sms.get("SMS_URL", "")
SMS_AUTHORIZATION: str = _sms.get("SMS_AUTHORIZATION", "")
SMS_BODY: dict[str, Any] = _sms.get("SMS_BODY", {})

OWN_APPS = ["accounts", "recovery", "consent", "ciam_portal"]  # their themes are read at start, in this order
INSTALLED_APPS = [
    "accounts",
    "recovery",
    "consent",
    "ciam_portal.core.crypto",
    "ciam_portal.core.audit",
    "ciam_portal.governance",
    "ciam_portal.core.outbox",
    "ciam_portal.oauth",
    "ciam_portal.decisions",
    "ciam_portal.gateway",
    "ciam_portal.signals",
    "ciam_portal.console",
    "ciam_portal",
    "ciam_portal.core.admin_site.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp_webauthn",
    "oauth2_provider",
]

MIDDLEWARE = [
    "ciam_portal.middleware.Probes",
    "ciam_portal.middleware.RequestId",
    "ciam_portal.middleware.OnePolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ciam_portal.middleware.ContentPolicy",
    "ciam_portal.middleware.SecurityHeaders",
    "ciam_portal.middleware.PlainInput",
    "ciam_portal.once.Once",
    "ciam_portal.middleware.Traces",
    "ciam_portal.staff_site.host.StaffHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.headless.middleware.Apps",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.middleware.PortalSession",
    "recovery.case.middleware.LiveRecovery",
    "ciam_portal.middleware.SignInFirst",
    "consent.erasure.middleware.Leaving",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ciam_portal.middleware.Answers",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ciam_portal.context.portal",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Who may come in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.sign_in.adapter.Backend",
]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "accounts.passwords.validator.Validator"}]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
EVEN_SECONDS = 0.15  # an answer that must not say whether there is an account: longer than any path to it takes
PASSWORD_RANGE_SERVICE = environment.range_service()  # a k-anonymity range service, in addition to the lists
BREACHED_PASSWORDS = Path(env.str("BREACHED_PASSWORDS", "") or f"{_lists}/breached-passwords")  # see load_breached
BRAND_WORDS: list[str] = env.list("BRAND_WORDS", default=[])  # no password is made of these; name and host are known

RISK_MODEL_OWNER = env.str("RISK_MODEL_OWNER", "")  # who answers for the risk model: shown on its card

# Pages of whoever runs this. The privacy notice is linked from the page that says what is kept; each of the others
# stands in for the portal's own page of that name
PRIVACY_URL = environment.page("PRIVACY_URL")
JURISDICTION, STORAGE_LOCATIONS = env.str("JURISDICTION", ""), env.list("STORAGE_LOCATIONS", default=[])
HELP_URL = environment.page("HELP_URL")
TERMS_URL = environment.page("TERMS_URL")
ACCESSIBILITY_URL = environment.page("ACCESSIBILITY_URL")
# Whom people write to or call, wherever a page or mail says so
HELP_DESK = environment.help_desk()
# Whom to tell about a weakness, as security.txt says it: mailto:… or https://…
SECURITY_CONTACT = env.str("SECURITY_CONTACT", "")

# Sessions and cookies: outer bounds; the portal's own session record decides
SESSION_ENGINE = "ciam_portal.core.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
_host = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{_host}session"
CSRF_COOKIE_NAME = f"{_host}csrf"
DEVICE_COOKIE_NAME = f"{_host}device"
RECOVERY_COOKIE_NAME = f"{_host}recovery"
RECOVERY_SAID_COOKIE_NAME = f"{_host}recovery-said"
LINK_COOKIE_NAME = f"{_host}link"  # and a handle: one for each link that is being used
LANGUAGE_COOKIE_NAME = f"{_host}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ciam_portal.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Headers
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^gateway/check"]  # asked by our own machines
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        **({"upgrade-insecure-requests": True} if SECURE else {}),
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0

# Words, places, files
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # one more: name it here, and give it locale/de and templates/mail/de
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "ciam_portal.formats"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles") if PRODUCTION else "") or None  # see collectstatic
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
_compressed = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_storage = _compressed if PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}, "staticfiles": {"BACKEND": _storage}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

LOGGING_CONFIG = "ciam_portal.core.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s %(reference)s] %(message)s"},
    },
    "filters": {"no_traceback": {"()": "ciam_portal.core.logs.NoTraceback"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_traceback"]}},
    "root": {"handlers": ["console"], "level": environment.log_level()},
    # httpx says every address it asks, with what stands in it. Checkpoints are always said: the log is a copy of them.
    "loggers": {name: {"level": "WARNING"} for name in ("oauthlib", "oauth2_provider", "httpx")}
    | {"ciam_portal.core.audit.tree.sealer": {"level": "INFO"}},
}

environment.end()  # everything has been read
