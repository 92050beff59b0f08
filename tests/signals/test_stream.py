"""A partner manages its stream (SSF 1.0 sections 7 and 8): exactly as the specification says, and its own only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.oauth import partners
from ciam_portal.oauth.models import AccessToken
from ciam_portal.oauth.profiles import Profile
from ciam_portal.signals import meanings
from ciam_portal.signals.models import Stream, Subject
from tests.oauth.keyed import Keyed
from tests.oauth.walk import ALL, Walk, answer, register
from tests.signals.receiver import POLL, PUSH, Receiver, read

pytestmark = pytest.mark.django_db
NOBODYS = "01890000000070008000000000000000"
URL = "https://shop.example/signals"


@pytest.fixture
def bare() -> Receiver:
    """It has no customers yet, and no stream."""
    return Receiver()


@pytest.mark.control("SSF-discovery")
def test_the_transmitters_configuration(bare: Receiver, client: Client, settings: Any) -> None:
    told = client.get("/.well-known/ssf-configuration").json()
    assert (told["spec_version"], told["issuer"]) == ("1_0", settings.PUBLIC_URL)
    assert told["delivery_methods_supported"] == [PUSH, POLL]
    assert (told["default_subjects"], told["critical_subject_members"]) == ("NONE", ["user", "session"])
    assert told["authorization_schemes"] == [{"spec_urn": "urn:ietf:rfc:6749"}]
    assert client.get(told["jwks_uri"].removeprefix(settings.PUBLIC_URL)).status_code == 200
    for name, url in told.items():
        if name.endswith("_endpoint"):  # each is there, and wants to know who asks
            path = url.removeprefix(f"{settings.PUBLIC_URL}/ssf/")
            assert client.post(f"/ssf/{path}").status_code == 401
            assert bare.asks("POST", path, {"stream_id": NOBODYS}).status_code in {201, 400, 404}
    server = client.get("/.well-known/oauth-authorization-server").json()
    assert {"ssf.read", "ssf.manage"} <= set(server["scopes_supported"])


@pytest.mark.control("SSF-stream-API")
def test_create_read_update_replace_delete(bare: Receiver, settings: Any) -> None:
    assert bare.asks("GET", "stream").json() == []
    wanted = [meanings.SESSION_REVOKED, "urn:odd"]
    made = bare.create(events_requested=wanted, description="Ours", delivery={"method": PUSH, "endpoint_url": URL})
    key = made["stream_id"]
    assert made == {
        "stream_id": key,
        "iss": settings.PUBLIC_URL,
        "aud": made["aud"],
        "events_supported": list(meanings.SUPPORTED),
        "events_requested": wanted,
        "events_delivered": [meanings.SESSION_REVOKED],
        "delivery": {"method": PUSH, "endpoint_url": URL},
        "min_verification_interval": limits.current().signals.verification_seconds,
        "description": "Ours",
    }
    assert isinstance(made["aud"], str)
    assert bare.asks("GET", f"stream?stream_id={key}").json() == made
    assert bare.asks("GET", "stream").json() == [made]
    patched = bare.asks("PATCH", "stream", {"stream_id": key, "description": "Mine", "aud": made["aud"]}).json()
    assert patched == made | {"description": "Mine"}
    replaced = bare.asks("PUT", "stream", patched | {"events_requested": [meanings.PURGED]}).json()
    assert replaced["events_delivered"] == [meanings.PURGED]
    emptied = bare.asks("PUT", "stream", {"stream_id": key}).json()  # what is missing is to be deleted
    assert emptied["events_delivered"] == list(meanings.SUPPORTED)
    assert emptied["delivery"]["method"] == POLL
    assert "description" not in emptied
    assert bare.asks("DELETE", f"stream?stream_id={key}").status_code == 204
    assert bare.asks("GET", "stream").json() == []
    names = AuditEntry.objects.filter(name__startswith="signals.").order_by("at").values_list("name", flat=True)
    assert list(names) == ["signals.stream_created", *["signals.stream_changed"] * 3, "signals.stream_deleted"]


def test_one_is_enough(bare: Receiver) -> None:
    bare.create()
    assert bare.asks("POST", "stream", {}).status_code == 409


def test_another_stream_has_another_audience(bare: Receiver) -> None:
    first = bare.create()
    bare.asks("DELETE", f"stream?stream_id={first['stream_id']}")
    assert bare.create()["aud"] != first["aud"]


@pytest.mark.parametrize(
    "said",
    [
        {"aud": "https://other.example"}, {"iss": "https://other.example"}, {"stream_id": NOBODYS},
        {"events_supported": []}, {"delivery": {"method": "urn:odd"}}, {"delivery": {"method": PUSH}},
        {"delivery": {"method": PUSH, "endpoint_url": "http://shop.example/x"}},
        {"delivery": {"method": PUSH, "endpoint_url": "javascript:x"}},
        {"delivery": {"method": PUSH, "endpoint_url": URL, "authorization_header": "a\r\nHost: x"}},
        {"events_requested": "all"}, {"events_requested": ["x"] * 51}, {"description": "x" * 201},
        {"description": 1}, [], "x", None,
    ],
)  # fmt: skip
def test_streams_that_are_not_made(bare: Receiver, said: Any) -> None:
    assert bare.asks("POST", "stream", said).status_code == (415 if said is None else 400)
    assert not Stream.objects.exists()


@pytest.mark.parametrize(
    "said", [{"aud": "x"}, {"iss": "x"}, {"events_supported": []}, {"events_delivered": []},
             {"min_verification_interval": 0}]
)  # fmt: skip
def test_what_is_ours_to_set_is_not_set_by_others(bare: Receiver, said: dict[str, Any]) -> None:
    made = bare.create()
    for method in ("PATCH", "PUT"):
        assert bare.asks(method, "stream", {"stream_id": made["stream_id"]} | said).status_code == 400
    assert bare.asks("GET", "stream").json() == [made]


def test_streams_of_others_are_as_unknown_as_invented_ones(bare: Receiver) -> None:
    key = bare.create()["stream_id"]
    other = Receiver(name="Other")
    other.stream = bare.stream
    for name in (key, NOBODYS, "nonsense"):
        subject = {"format": "iss_sub", "iss": bare.stream["iss"], "sub": "x"}
        poll = f"poll/{key}"
        for method, path, said in (
            ("GET", f"stream?stream_id={name}", None), ("DELETE", f"stream?stream_id={name}", None),
            ("PATCH", "stream", {}), ("PUT", "stream", {}), ("GET", f"status?stream_id={name}", None),
            ("POST", "status", {"status": "paused"}), ("POST", "verify", {}), ("POST", poll, {}),
            ("POST", "subjects/add", {"subject": subject}), ("POST", "subjects/remove", {"subject": subject}),
        ):  # fmt: skip
            body = None if said is None else said | {"stream_id": name}
            assert other.asks(method, path, body).status_code == 404, (method, path)
    assert Stream.objects.get().status == "enabled"


def test_who_may_manage_and_who_may_read(bare: Receiver, customer: User, sign_in: Callable[..., Client]) -> None:
    key = bare.create()["stream_id"]
    reading = bare.own_token("ssf.read").json()["access_token"]
    assert bare.asks("GET", "stream", token=reading).status_code == 200
    assert bare.asks("POST", f"poll/{key}", {}, token=reading).status_code == 200
    refused = bare.asks("DELETE", f"stream?stream_id={key}", token=reading)
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    bare.browser = sign_in(customer)
    of_a_customer = bare.tokens("openid")["access_token"]
    assert bare.asks("GET", "stream", token=of_a_customer).status_code == 401
    assert bare.asks("GET", "stream", token="nonsense").status_code == 401
    partners.switch(bare.partner, by=Actor.system(), at=clock.now(), on=False)
    assert bare.asks("GET", "stream", token=reading).status_code == 401


def test_a_token_that_is_over_or_bound_to_a_key(bare: Receiver) -> None:
    bare.create()
    AccessToken.objects.update(jkt="x" * 43)
    assert bare.asks("GET", "stream").status_code == 401
    AccessToken.objects.update(jkt="")
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        assert bare.asks("GET", "stream").status_code == 401


def test_a_partner_with_keys_binds_its_token() -> None:
    bank = Keyed(scopes=(*ALL, "ssf.read", "ssf.manage"))
    given = bank.post("/oauth/token/", {"grant_type": "client_credentials", "scope": "ssf.read"})
    assert given.json()["token_type"] == "DPoP"
    assert bank.get("/ssf/stream", given.json()["access_token"]).json() == []


def test_these_scopes_are_nobodys_but_the_partners_own(
    bare: Receiver, customer: User, sign_in: Callable[..., Client]
) -> None:
    bare.browser = sign_in(customer)
    assert answer(bare.ask("ssf.manage"))["error"] == "invalid_scope"
    assert bare.tokens("openid ssf.manage")["scope"] == "openid"
    assert bare.own_token("openid").json()["error"] == "invalid_scope"
    plain = Walk(*register("Plain"))
    answered = plain.post("/oauth/token/", {"grant_type": "client_credentials", "scope": "ssf.read"})
    assert answered.json()["error"] == "unauthorized_client"
    with pytest.raises(partners.Unacceptable):
        register("Page", profile=Profile.BROWSER, scopes=("openid", "ssf.read"))


# --- status, subjects, verification


@pytest.mark.parametrize("status", ["enabled", "paused", "disabled"])
def test_its_status(bare: Receiver, status: str) -> None:
    key = bare.create()["stream_id"]
    assert bare.status(status).json() == {"stream_id": key, "status": status}
    assert bare.asks("GET", f"status?stream_id={key}").json() == {"stream_id": key, "status": status}


@pytest.mark.parametrize("said", [{"status": "gone"}, {}, {"status": "paused", "reason": "x" * 201}])
def test_no_other_status(bare: Receiver, said: dict[str, Any]) -> None:
    key = bare.create()["stream_id"]
    assert bare.asks("POST", "status", {"stream_id": key} | said).status_code == 400


def test_known_and_unknown_customers_are_answered_alike(bare: Receiver, customer: User) -> None:
    key = bare.create()["stream_id"]
    known, unknown = bare.of_ours(customer), bare.of_ours(customer) | {"sub": "A" * 43}
    for path, status in (("add", 200), ("add", 200), ("remove", 204), ("remove", 204)):
        said = [bare.asks("POST", f"subjects/{path}", {"stream_id": key, "subject": each}) for each in (known, unknown)]
        assert [(each.status_code, each.content) for each in said] == [(status, b"")] * 2


def test_a_customer_is_named_as_signals_name_them(bare: Receiver, customer: User) -> None:
    key, who = bare.create()["stream_id"], bare.of_ours(customer)
    named = {"format": "complex", "user": who, "session": {"format": "opaque", "id": "x"}}
    assert bare.asks("POST", "subjects/add", {"stream_id": key, "subject": named}).status_code == 200
    assert Subject.objects.get().sub == who["sub"]
    for odd in ({"format": "email", "email": customer.email}, who | {"iss": "https://other.example"},
                who | {"sub": "x" * 65}, {"format": "iss_sub"}, {"format": "complex"}, "x"):  # fmt: skip
        assert bare.asks("POST", "subjects/add", {"stream_id": key, "subject": odd}).status_code == 400


def test_no_more_customers_than_policy_allows(bare: Receiver, customer: User, narrowed: Callable[..., None]) -> None:
    key, who = bare.create()["stream_id"], bare.of_ours(customer)
    narrowed("signals", subjects=1)
    statuses = [
        bare.asks("POST", "subjects/add", {"stream_id": key, "subject": who | {"sub": sub}}).status_code
        for sub in ("a", "b", "a")
    ]
    assert statuses == [200, 429, 200]


def test_no_more_requests_than_policy_allows(bare: Receiver, narrowed: Callable[..., None]) -> None:
    narrowed("signals", requests_per_minute=1)
    assert bare.asks("GET", "stream").status_code == 200
    refused = bare.asks("GET", "stream")
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)


@pytest.mark.control("SSF-verification")
def test_verification(bare: Receiver) -> None:
    key = bare.create()["stream_id"]
    assert bare.asks("POST", "verify", {"stream_id": key, "state": "VGhp"}).status_code == 204
    refused = bare.asks("POST", "verify", {"stream_id": key})
    assert (refused.status_code, "Retry-After" in refused) == (429, True)
    (told,) = [read(each) for each in bare.polls()["sets"].values()]
    assert told["events"] == {meanings.VERIFICATION: {"state": "VGhp"}}
    assert told["sub_id"] == {"format": "opaque", "id": key}
    later = timedelta(seconds=limits.current().signals.verification_seconds)
    with time_machine.travel(clock.now() + later):
        assert bare.asks("POST", "verify", {"stream_id": key}).status_code == 204


def test_a_disabled_stream_keeps_no_verification_and_a_paused_one_does(bare: Receiver) -> None:
    key = bare.create()["stream_id"]
    bare.status("paused")
    bare.asks("POST", "verify", {"stream_id": key})
    assert bare.polls() == {"sets": {}}
    bare.status("enabled")
    assert len(bare.polls()["sets"]) == 1


@pytest.mark.parametrize("said", [{"maxEvents": -1}, {"maxEvents": "1"}, {"ack": "x"}, {"setErrs": []}, [], "x"])
def test_polls_that_cannot_be_read(bare: Receiver, said: Any) -> None:
    bare.create()
    assert bare.asks("POST", f"poll/{bare.stream['stream_id']}", said).status_code == 400


def test_a_pushed_stream_is_not_polled(bare: Receiver) -> None:
    bare.create(delivery={"method": PUSH, "endpoint_url": URL})
    assert bare.asks("POST", f"poll/{bare.stream['stream_id']}", {}).status_code == 404
