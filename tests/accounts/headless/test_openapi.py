"""The document of the app's API is valid, and every path keeps what it promises of all of them.

What it says of each path by itself is held against each answer of every test (``tests.accounts.headless.app``).
"""

from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate
from redis.exceptions import ConnectionError as CacheAway

from accounts.headless import openapi
from ciam_portal.core.cache import Cache
from tests.accounts.headless.app import PREFIX, App

pytestmark = pytest.mark.django_db


def test_the_document_is_openapi_and_open_to_all(client: Client) -> None:
    found = client.get("/_allauth/openapi.json").json()
    validate(found)
    assert found == openapi.document()


def test_every_path_answers_alike_what_all_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    app.get("config")
    json = {"Content-Type": "application/json"}
    for path, method, operation in (
        (path.removeprefix(PREFIX), method.upper(), operation)
        for path, item in openapi.document()["paths"].items()
        for method, operation in item.items()
    ):
        answers = [app.once(method, path, DPoP="none"), app.raw("PUT", path)]
        expected = [401, 405]
        if "requestBody" in operation:
            answers += [app.once(method, path, []), app.raw(method, path, json, content=b"a" * 20_000)]
            answers += [app.raw(method, path, content=b"a=b", headers={"Content-Type": "text/plain"})]
            expected += [400, 413, 415]
        app.token = "ciamapp_nothing"
        answers += [app.once(method, path)]
        app.token = ""
        with monkeypatch.context() as without:
            without.setattr(Cache, "add", away)
            answers += [app.once(method, path)]
        assert [answer.status_code for answer in answers] == [*expected, 410, 503], path


def away(*args: Any, **kwargs: Any) -> None:
    raise CacheAway
