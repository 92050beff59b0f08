"""What the libraries are told: sign-up and sign-in, failed attempts, second factors, OAuth, DNS."""

from ciam_portal.core.policy.library_settings import derived
from ciam_portal.settings.portal import LIMITS, PORTAL_NAME, PRODUCTION, PUBLIC_URL, SECURE, STAFF_URL, env, public

# The parts of a customer's record on the staff site, in this order (accounts.staff.admin.record).
STAFF_RECORD = (
    "accounts.desk.admin.parts.account",
    "recovery.desk.admin.parts.cases",
    "accounts.restrictions.admin.part",
    "accounts.desk.admin.parts.sign_in_methods",
    "recovery.desk.admin.parts.channels",
    "accounts.desk.admin.parts.sessions",
    "accounts.desk.admin.parts.changes",
    "accounts.desk.admin.parts.disputes",
    "consent.permission.desk.part",
    "consent.ledger.desk.part",
    "accounts.desk.admin.parts.decisions",
    "accounts.desk.admin.parts.activity",
)

ACCOUNT_ADAPTER = "accounts.sign_in.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
# Of its way with other services only its rows and its states are used (accounts.upstream); what it could do beside that
# stays off: an address links nothing, a look at a page begins nothing, and no key of theirs is kept.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
# The library's own limits know neither the customer's own browsers nor the time to wait: see accounts.budgets.bucket.
ACCOUNT_RATE_LIMITS = False
globals().update(derived(LIMITS))  # rate limits, time-outs and throttles that stand in the policy file

AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_USERNAME_FORM_FIELD = "email"
AXES_USERNAME_CALLABLE = "accounts.budgets.lockout.bucket_of"
AXES_CLIENT_IP_CALLABLE = "ciam_portal.core.network.client_address"
AXES_LOCKOUT_PARAMETERS = ["username"]
# Networks are limited in accounts.sign_in.views.entry; a bucket cannot be changed by sending other cookies.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
if not SECURE:  # a staff host on this machine: PUBLIC_URL and STAFF_URL are plain http to localhost, never elsewhere
    SILENCED_SYSTEM_CHECKS.append("otp_webauthn.E031")
AXES_FAILURE_LIMIT = "accounts.budgets.lockout.failure_limit"
AXES_COOLOFF_TIME = "accounts.budgets.lockout.pause"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what is tried during a pause does not lengthen it
AXES_LOCKOUT_CALLABLE = "accounts.budgets.lockout.respond"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["email", "username", "ip_address"]

OTP_TOTP_SYNC = True
OTP_TOTP_ISSUER = PORTAL_NAME
OTP_WEBAUTHN_CREDENTIAL_MODEL = "accounts.Passkey"
OTP_WEBAUTHN_ATTESTATION_MODEL = "accounts.PasskeyAttestation"
OTP_WEBAUTHN_RP_ID = public.hostname
OTP_WEBAUTHN_RP_NAME = PORTAL_NAME
OTP_WEBAUTHN_ALLOWED_ORIGINS = list({PUBLIC_URL, STAFF_URL, *env.list("APP_ORIGINS", default=[])})
OTP_WEBAUTHN_TIMEOUT_SECONDS = 300

# Partners
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth.Partner"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth.AccessToken"  # noqa: S105  (a model's name)
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth.RefreshToken"  # noqa: S105  (a model's name)
OAUTH2_PROVIDER_GRANT_MODEL = "oauth.AuthorizationCode"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth.IDToken"  # noqa: S105  (a model's name)
OAUTH2_PROVIDER = {
    "OAUTH2_SERVER_CLASS": "ciam_portal.oauth.exchange.Server",
    "OAUTH2_VALIDATOR_CLASS": "consent.release.enforcement.ConsentValidator",
    "CLIENT_SECRET_HASHER": "client_secret",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if SECURE else ["https", "http"],
    "PKCE_REQUIRED": True,
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": LIMITS.oauth.code_seconds,
    "ACCESS_TOKEN_EXPIRE_SECONDS": LIMITS.oauth.access_token_seconds,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
}

# Phone numbers that moved: a class that is named, a file, or nobody is asked.
PORTING_FILE = env.str("PORTING_FILE", "")
PORTING = env.str("PORTING", f"ciam_portal.core.porting.{'File' if PORTING_FILE else 'Unasked'}")

# Mail domains: the system's DNS, or nobody is asked.
MAIL_DOMAINS = f"ciam_portal.core.domains.{'Dns' if env.bool('MAIL_DNS', PRODUCTION) else 'Unasked'}"
