"""A browser session's row is written once, under its new key; the cache is spoken to through one client."""

import pickle
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches

from ciam_portal.core.sessions import SessionStore

pytestmark = pytest.mark.django_db


def kept(**fields: str) -> SessionBase:
    store: SessionBase = SessionStore()
    store.update(fields)
    store.save()
    return store


def test_a_new_key_takes_one_row_away_and_is_written_with_all_that_came_after(django_assert_num_queries: Any) -> None:
    store = kept(before="x")
    former = str(store.session_key)
    with django_assert_num_queries(1):  # the former row goes
        store.cycle_key()
    store["after"] = "y"
    assert not Session.objects.exists()
    with django_assert_num_queries(1):
        store.save()
    again: SessionBase = SessionStore(str(store.session_key))
    assert dict(again.items()) == {"before": "x", "after": "y"}
    assert not list(SessionStore(former).items())
    again["more"] = "z"
    again.save()
    assert Session.objects.count() == 1


def test_a_new_key_carries_what_was_not_read_before() -> None:
    store: SessionBase = SessionStore(str(kept(before="x").session_key))
    store.cycle_key()
    store.save()
    assert dict(SessionStore(str(store.session_key)).items()) == {"before": "x"}


def test_one_that_somebody_ended_meanwhile_does_not_come_back() -> None:
    store = kept(before="x")
    Session.objects.all().delete()
    store["after"] = "y"
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_what_is_emptied_after_a_new_key_begins_anew() -> None:
    store = kept(before="x")
    store.cycle_key()
    store.flush()
    assert store.session_key is None
    store["other"] = "z"
    store.save()
    assert dict(SessionStore(str(store.session_key)).items()) == {"other": "z"}
    assert Session.objects.count() == 1


def test_all_calls_share_one_client() -> None:
    backend: Any = caches["default"]
    client = backend._cache.get_client
    assert client() is client("any key", write=True)
    cache.set("one", 1, 5)
    assert cache.incr("one") == 2


@pytest.mark.parametrize("value", [1, -5, 1.5, True, None, "12", "ü", [1, ["a"]], {"a": {"b": None}}])
def test_the_cache_gives_back_what_json_holds(value: object) -> None:
    cache.set("one", value, 5)
    found = cache.get("one", "nothing")
    assert (type(found), found) == (type(value), value)
    assert cache.get_many(["one"]) == {"one": value}


def test_the_cache_keeps_no_pickles_and_opens_none() -> None:
    with pytest.raises(TypeError):
        cache.set("one", {1, 2}, 5)
    backend: Any = caches["default"]
    backend._cache.get_client().set(backend.make_and_validate_key("one"), pickle.dumps({"a": 1}))
    assert cache.get("one") is None
