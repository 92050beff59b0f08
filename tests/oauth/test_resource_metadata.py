"""What our APIs say of themselves (RFC 9728), and that it is enough to get in."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from ciam_portal.oauth.resources import ours
from tests.oauth.walk import Walk

pytestmark = pytest.mark.django_db
DOCUMENT = "/.well-known/oauth-protected-resource"


@pytest.mark.parametrize("path", ours.PATHS)
def test_each_api_says_what_it_is_at_its_own_address(client: Client, path: str) -> None:
    assert resolve(path).route
    answer = client.get(DOCUMENT + path)
    words = answer.json()
    assert words["resource"] == settings.PUBLIC_URL + path
    assert words["authorization_servers"] == [settings.PUBLIC_URL]
    assert words["scopes_supported"] == list(ours.PATHS[path])
    assert words["bearer_methods_supported"] == ["header"]
    assert "offline_access" not in str(words)
    assert all(words.values())
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("public, max-age=3600", "*")
    listed = client.get("/.well-known/oauth-authorization-server").json()["protected_resources"]
    assert words["resource"] in listed


@pytest.mark.parametrize("path", ["/", "/oauth/userinfo", "/api/profile/", "/api", "/oauth/token/", "//api/profile"])
def test_no_other_address_has_a_document(client: Client, path: str) -> None:
    assert client.get(DOCUMENT + path).status_code == 404


@pytest.mark.parametrize("path", ours.PATHS)
def test_a_refusal_leads_to_a_token(walk: Walk, path: str) -> None:
    """Knowing nothing but the address: challenge, document, server, authorization, token, call."""
    found = None
    for refused in (walk.machine.get(path), walk.get(path, "unknown"), walk.machine.get(f"{path}?access_token=x")):
        found = re.search(r'resource_metadata="([^"]+)"', refused["WWW-Authenticate"])
        assert found
        wanted = re.search(r' scope="([^"]+)"', refused["WWW-Authenticate"])
        assert wanted is None or set(wanted[1].split()) <= set(ours.PATHS[path])
        assert wanted or path == "/api/profile"  # which says what the customer shares, whatever that is
        assert found[1].startswith(settings.PUBLIC_URL)
    assert found is not None
    described = walk.machine.get(found[1].removeprefix(settings.PUBLIC_URL)).json()
    assert described["resource"] == settings.PUBLIC_URL + path
    scope = " ".join(("openid", *described["scopes_supported"]))
    token = walk.tokens(scope, resource=described["resource"])["access_token"]
    assert walk.get(path, token).json().get("error") in {None, "insufficient_user_authentication"}
