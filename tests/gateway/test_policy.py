"""Which route a request falls under, as tables; and what the file of routes may say."""

import posixpath
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.gateway import policy, shapes
from ciam_portal.gateway.policy import Asked
from ciam_portal.gateway.shapes import App, Route
from tests.gateway.conftest import ROUTES, read

APP = App(
    "Shop",
    "https://shop.example.com",
    (
        Route("/", action="gateway.page"),
        Route("/admin", action="gateway.admin"),
        Route("/Reports/", action="gateway.admin"),
        Route("/admin/open", public=True),
        Route("/orders", action="gateway.page", methods=("GET",)),
        Route("/orders", action="gateway.admin", methods=("POST", "PUT")),
    ),
)
STRICT = App("Wiki", "https://wiki.example.com", (Route("/pages", action="gateway.page"),))


def found(uri: str, method: str = "GET", app: App = APP) -> str:
    route = policy.route_of(Asked("shop.example.com", method, uri), app)
    return "no" if route is None else route.action or "public"


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("/", "gateway.page"),
        ("/index.html?next=/admin", "gateway.page"),
        ("/admin", "gateway.admin"),
        ("/admin/", "gateway.admin"),
        ("/admin/users?page=2", "gateway.admin"),
        ("/admin/open", "public"),
        ("/admin/open/logo.png", "public"),
        ("/administrator", "gateway.page"),
        ("/admin-tools", "gateway.page"),
        ("/Reports/2026", "gateway.admin"),
        ("/caf%C3%A9", "gateway.page"),
        ("/a%20b", "gateway.page"),
        ("/orders", "gateway.page"),
    ],
)
def test_the_longest_path_decides(uri: str, answer: str) -> None:
    assert found(uri) == answer


@pytest.mark.parametrize(
    "uri",
    [
        "/public/../admin", "/admin/../", "/./admin", "/admin/.", "/..", "//admin", "/x//y", "/\\admin",
        "/x\\..\\admin",
        "/admin;x=1", "/;/admin", "/x;/../admin", "/%2e%2e/admin", "/x/%2E%2e/admin", "/%2fadmin", "/x%2Fadmin",
        "/%5cadmin", "/%61dmin", "/admi%6E", "/admin%00", "/%25%32%65", "/%252e", "/%3Badmin", "/%", "/%2", "/%zz",
        "/%ff", "/x%0aadmin", "/x\nadmin", "/ admin", "/ä", "admin", "", "*", "http://shop.example.com/admin",
        "/ADMIN", "/Admin/users", "/reports/2026", "/admin.json", "/admin%20", "/admin:x", "/admin,x", "/admin%C2%A0",
        "/%EF%BC%81dmin/%EF%BC%8E%EF%BC%8E/x", "/%EF%BD%81dmin", "/x/%E2%80%A5/admin", "/x%EF%BC%8Fadmin",
        "/orders?_method=POST", "/orders?x=1&_METHOD=put", "/orders?%5Fmethod=POST", "/" + "a" * 2048,
        "/?" + "a" * 9000,
    ],
)  # fmt: skip
def test_what_an_application_could_read_otherwise_is_no(uri: str) -> None:
    assert found(uri) == "no"


@pytest.mark.parametrize(
    ("method", "answer"),
    [("GET", "gateway.page"), ("HEAD", "gateway.page"), ("POST", "gateway.admin"), ("PUT", "gateway.admin"),
     ("DELETE", "no"), ("get", "no"), ("", "no"), ("GET ", "no"), ("X" * 17, "no")],
)  # fmt: skip
def test_a_method_that_no_route_names_falls_back_on_no_other_path(method: str, answer: str) -> None:
    assert found("/orders/7", method) == answer


def test_what_nobody_wrote_down_is_no() -> None:
    assert [found(uri, app=STRICT) for uri in ("/", "/other", "/pages2", "/pages/1")] == [
        "no",
        "no",
        "no",
        "gateway.page",
    ]
    assert policy.app_at("other.example.com", {"shop": APP}) is None
    assert policy.app_at("shop.example.com:8443", {"shop": APP}) is None
    assert policy.app_at("SHOP.example.com", {"shop": APP}) is APP


@given(st.text(alphabet="/.;%\\aAdmin2eEfFcC5_?", max_size=24))
def test_whatever_reaches_the_guarded_part_in_any_reading_falls_under_its_route(tail: str) -> None:
    """As applications read it that decode once or twice, resolve dots, cut at ";" and know no capitals."""
    answer = found("/" + tail)
    for rounds in (0, 1, 2):
        path = "/" + tail.partition("?")[0]
        for _ in range(rounds):
            path = unquote(path)
        path = "/".join(part.partition(";")[0] for part in path.replace("\\", "/").split("/"))
        seen = posixpath.normpath("/" + path).replace("//", "/").casefold()
        if seen == "/admin" or (seen.startswith("/admin/") and not seen.startswith("/admin/open")):
            assert answer in {"no", "gateway.admin"}


def test_the_file_is_read(tmp_path: Path) -> None:
    apps = read(tmp_path, ROUTES)
    assert [(key, app.key, app.host) for key, app in apps.items()] == [
        ("shop", "shop", "shop.example.com"), ("wiki", "wiki", "wiki.example.com"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "instead", "says"),
    [
        ("https://shop", "http://shop", "apps.shop.origin must be scheme and host only"),
        ("https://shop.example.com", "https://shop.example.com/", "apps.shop.origin must be scheme and host only"),
        ("https://shop.example.com", "https://Shop.example.com", "apps.shop.origin must be scheme and host only"),
        ("https://shop.example.com", "https://a@shop.example.com", "apps.shop.origin must be scheme and host only"),
        ("https://shop.example.com", "https://id.example.com:444", "must be another host than the portal's"),
        ("https://shop.example.com", "https://wiki.example.com:444", "shares its host with another application"),
        ('"gateway.admin"', '"gateway.unknown"', "gateway.unknown is no row of the policy's catalogue for the gateway"),
        ('"gateway.admin"', '"change_email"', "change_email is no row of the policy's catalogue for the gateway"),
        ("public = true", "public = false", "must have an action, or be public, and not both"),
        ("public = true", 'public = true, scopes = ["email"]', "is public, so it can say nothing of a customer"),
        ('["email"]', '["email", "shoe_size"]', "scopes: not known: shoe_size"),
        ('"/admin"', '"admin"', "path must match"),
        ('"/admin"', '"/x/../admin"', "path must be plain"),
        ('"/admin"', '"/me/"', "apps.shop.routes: /me is said more than once"),
        ('["POST"]', '["POST", "GET"]', "apps.shop.routes: /orders is said more than once"),
        ('["POST"]', '["post"]', "must match"),
        ("public = true", "publik = true", "is not known"),
        ("[apps.shop]", "[apps.shop", "cannot be read"),
        ("[apps.wiki]", "[applications.wiki]", "applications is not known"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, was: str, instead: str, says: str) -> None:
    assert was in ROUTES
    with pytest.raises(shapes.UnusableRoutes, match="GATEWAY_ROUTES") as refused:
        read(tmp_path, ROUTES.replace(was, instead, 1))
    assert says in str(refused.value)
