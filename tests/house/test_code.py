"""The house's rules about its own code, as tests."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import CompositePrimaryKey, Field
from django.urls import URLPattern, URLResolver, get_resolver

from ciam_portal.core import categories
from ciam_portal.core.crypto.columns import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for app in ("ciam_portal", "accounts", "consent", "recovery")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
LONGEST = 300

# Where rows may be written: flows, the models' own verbs, the speakers that keep a library's rows, and the outbox.
WRITERS = re.compile(
    r"/flows(/|\.py)|/models(/|\.py)|/(restore|settle|dependants)\.py|accounts/(factors/verifier|customer/(addresses|proofs)|baseline/history|upstream/bound)"
    r"|oauth/(tokens|partners|backchannel|resources/registry)\.py|core/(audit/(record|decide|tree/sealer)|outbox/(tell|tasks))\.py"
)
VERBS = {"save", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create"}

PUBLIC = {
    "home", "help", "privacy", "terms", "accessibility",
    "healthz", "readyz", "well_known_password", "well_known_passkeys", "well_known_security", "well_known_audit",
    "favicon", "touch_icon",
    "accounts:sign_up_by_mail", "accounts:open_finish_sign_up", "accounts:finish_sign_up_page",
    "accounts:open_appeal_sign_up", "accounts:appeal_sign_up_page",
    "account_signup", "account_email_verification_sent", "account_login", "account_inactive", "account_logout",
    "account_reset_password", "recovery:sent", "recovery:open_reset_password", "recovery:new_password",
    "recovery:start", "recovery:show", "recovery:send", "recovery:passkey_begin", "recovery:case", "recovery:finish",
    "recovery:recovered",
    "recovery:finish_begin", "recovery:open_stop_recovery", "recovery:stop", "recovery:open_finish_recovery",
    "recovery:open_stop_succession", "recovery:succession_stop",
    "recovery:claim", "recovery:open_contact_invite", "recovery:invitation", "recovery:open_contact_ask",
    "recovery:help", "accounts:open_confirm_email", "accounts:confirm_email_page", "accounts:open_change_email",
    "accounts:open_disown", "accounts:push_worker",
    "accounts:identity_wallet_request", "accounts:identity_wallet_response",
    "accounts:identity_service_callback",
    "accounts:answer_link", "accounts:open_undo", "accounts:undo",
    "consent:receipt_verify", "consent:receipt_notice",
    "gateway:again", "gateway:sign_out", "consent:open_keep_account", "consent:keep_account",
    "consent:open_claim_account", "consent:family_claim",
}  # fmt: skip


BEFORE_SIGN_IN = {
    "accounts:prove_sign_in", "accounts:prove_sign_in_begin", "accounts:passkey_sign_in",
    "accounts:passkey_sign_in_begin", "accounts:prove_sign_in_send_code",
    "accounts:prove_sign_in_over", "accounts:sign_in_held",
    "accounts:upstream_begin", "accounts:upstream_back", "accounts:upstream_sign_up",
}  # fmt: skip
PROTOCOL = {  # each proves in its own way who asks
    "consent:authorize", "consent:logout", "consent:logout_confirm", "consent:userinfo", "consent:introspect",
    "consent:profile", "consent:activity", "consent:delegations_api",
    "consent:data_use", "consent:receipt_keys", "consent:grant",
    "consent:device_authorize", "consent:ask_human", "oauth2_provider:token", "oauth2_provider:push",
    "oauth2_provider:revoke-token", "oauth2_provider:protected-resource",
    "oauth2_provider:credentials", "oauth2_provider:replace-credential",
    "oauth2_provider:end-credential",
    "oauth2_provider:oidc-connect-discovery-info", "oauth2_provider:oauth-server-metadata", "oauth2_provider:jwks-info",
    "decisions:decide", "decisions:redeem", "decisions:evaluate", "decisions:evaluate_each",
    "decisions:authzen", "decisions:openapi",
    "gateway:check", "gateway:forward", "gateway:envoy", "gateway:arrive", "gateway:leave",
    "signals:configuration", "signals:stream", "signals:status", "signals:add_subject", "signals:remove_subject",
    "signals:verify", "signals:poll",
    "headless:config", "headless:auth/session", "headless:auth/signup", "headless:auth/email/verify",
    "headless:auth/login", "headless:auth/2fa/authenticate", "headless:auth/code/confirm", "headless:auth/code/resend",
    "headless:auth/webauthn/login", "headless:auth/webauthn/authenticate", "headless:auth/webauthn/reauthenticate",
    "headless:auth/reauthenticate", "headless:auth/2fa/reauthenticate", "headless:account/password/change",
    "headless:openapi", "recovery:app_reset",
}  # fmt: skip


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_no_file_is_long() -> None:
    assert [str(path) for path in SOURCES if len(path.read_text().splitlines()) > LONGEST] == []


def writes(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in VERBS:
            owner = ast.unparse(node.func.value)
            if re.search(r"objects|^row$|^(customer|user|session|partner|consent|proof|device)$", owner):
                yield f"{path.relative_to(ROOT)}:{node.lineno} writes: {ast.unparse(node.func)}"


def test_rows_are_written_where_writing_belongs() -> None:
    assert [found for path in SOURCES if not WRITERS.search(str(path)) for found in writes(path)] == []


def flows() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(item) == "flow" for item in node.decorator_list):
                yield path, node


def test_every_flow_says_who_and_when() -> None:
    found = list(flows())
    assert len(found) > 20
    silent = [verb.name for _path, verb in found if not {"by", "at"} <= {each.arg for each in verb.args.kwonlyargs}]
    assert silent == []


def is_ours(kind: type) -> bool:
    return kind.__module__.startswith(("accounts", "consent", "ciam_portal", "recovery"))


def columns() -> Iterator[tuple[type, "Field[object, object]"]]:
    for label in (
        "accounts",
        "consent",
        "decisions",
        "console",
        "gateway",
        "signals",
        "audit",
        "notifications",
        "oauth",
        "governance",
        "recovery",
        "crypto",
    ):
        for model in apps.get_app_config(label).get_models():
            theirs = {
                field.name
                for base in model.__mro__[1:]
                if hasattr(base, "_meta") and not is_ours(base)
                for field in base._meta.local_fields
            }
            if is_ours(model) and not model._meta.proxy:
                own = (field for field in model._meta.local_fields if field.name not in theirs)
                yield from ((model, field) for field in own if not isinstance(field, CompositePrimaryKey))


def test_every_column_says_how_sensitive_it_is_and_in_which_category() -> None:
    """Of ours in its comment, of libraries where their theme stands; ``of_column`` says which one does not."""
    for model, field in columns():
        assert field.db_comment, f"{model.__name__}.{field.name} has no db_comment"
    assert {str(each) for each in categories.columns()} >= {"accounts.User.email", "otp_totp.TOTPDevice.key"}


@pytest.mark.parametrize(
    ("comment", "category"),
    [
        ("not sensitive", ""),
        ("not sensitive: sealed", ""),
        ("secret: the private half", ""),
        ("pseudonymous: id of staff", "pseudonym"),
        ("personal: name", "name"),
        ("sensitive: credential; digest", "credential"),
        ("secret: ", None),
        ("personal", None),
        ("sensitive: digest of the code", None),
        ("personal: email and phone", None),
        ("personal: email; personal: phone; both", None),
        ("personal: shoes; their size", None),
        ("harmless", None),
        (None, None),
    ],
)
def test_a_column_without_one_known_category_is_named(comment: str | None, category: str | None) -> None:
    field = models.TextField(db_comment=comment)
    field.set_attributes_from_name("shoe")
    field.model = Group
    if category is None:
        with pytest.raises(categories.Unsaid, match=r"auth\.Group\.shoe"):
            categories.of_column(field)
    else:
        found = categories.of_column(field)
        assert (found.code if found else "") == category


def test_every_sealed_column_can_move_to_another_key() -> None:
    """``manage.py reseal`` knows only those that their models declare."""
    said = {
        f"{model._meta.db_table}.{field.name}"  # type: ignore[attr-defined]
        for model, field in columns()
        if "sealed" in (field.db_comment or "")
    }
    theirs = {"otp_totp_totpdevice.key"}  # a library's column
    assert {column.table for column in COLUMNS} == said | theirs


def routes(resolver: URLResolver | None = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            if item.app_name != "admin":
                inner = f"{space}{item.namespace}:" if item.namespace else space
                yield from routes(item, prefix + str(item.pattern), inner)
        else:
            yield space + (item.name or prefix + str(item.pattern)), item


def test_every_page_is_private_or_says_so() -> None:
    public = {
        name
        for name, route in routes()
        if not getattr(inspect.unwrap(route.callback), "login_required", True)
        or not getattr(route.callback, "login_required", True)
        or not getattr(getattr(route.callback, "view_class", None), "login_required", True)
    }
    assert public == PUBLIC | BEFORE_SIGN_IN | PROTOCOL


def reasons() -> list[tuple[str, object]]:
    found = []
    for path in SOURCES:
        if path.name not in {"policy.py", "gate.py"} and path.parent.name != "policy":
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = __import__(name, fromlist=["Reason"])
        found += [(name, reason) for reason in getattr(module, "Reason", ())]
    return found


def is_a_sentence(words: str) -> bool:
    return words.endswith(".") and words[0].isupper()


def test_every_reason_has_words() -> None:
    found = reasons()
    assert len(found) > 100
    assert [f"{module}.{reason}" for module, reason in found if not is_a_sentence(getattr(reason, "words", ""))] == []
