"""A form acts once, however often its button is pressed: the second press gets the first one's answer.

Every page masks its CSRF token anew, so equal bytes are the same form of the same page. The first answer is stored in
the shared cache for some seconds, sealed, for the browser that sent the form; a press meanwhile waits for it.
"""

import base64
import json
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from redis.exceptions import RedisError

from ciam_portal.core.crypto import codes, vault

_TOKEN = b"csrfmiddlewaretoken="
_FORM = "application/x-www-form-urlencoded"
_ANSWERED_SECONDS = 10  # the same press gets the same answer for so long
_ASKED_SECONDS = 3  # a cache that only hung writes down who asked once it goes on, when nobody is at it any more
_WORKING_SECONDS = 30  # an answer that takes longer was lost with its process
PATIENCE_SECONDS = 8.0
_LOOK_EVERY_SECONDS = 0.05
_BROKEN = 500
_LARGEST = 262_144  # bytes of an answer that are stored


class Once:
    """Outside of sessions and CSRF protection, whose cookies the first press may already have changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer it, or give the answer that there is. Without the shared cache forms are not told apart."""
        key = _key(request)
        if not key:
            return self.get_response(request)
        try:
            is_first = cache.add(key, {"from": _cookies(request)}, _ASKED_SECONDS)
            if is_first:
                cache.touch(key, _WORKING_SECONDS)
        except RedisError:
            return self.get_response(request)
        if is_first:
            return self._answer(request, key)
        try:
            return _wait(request, key) or self.get_response(request)
        except RedisError:
            return self.get_response(request)

    def _answer(self, request: HttpRequest, key: str) -> HttpResponse:
        is_stored = False
        try:
            response = self.get_response(request)
            is_stored = _keep(request, response, key)
        finally:
            if not is_stored:
                _forget(key)
        return response


def _key(request: HttpRequest) -> str:
    """What this press is stored under; empty if it is none of a page's form."""
    if request.method != "POST" or request.content_type != _FORM:
        return ""
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return ""
    if _TOKEN not in body:
        return ""
    return f"once:{codes.handle(request.get_full_path() + body.decode('latin-1'), 'press of a button')}"


def _cookies(request: HttpRequest) -> dict[str, list[str]]:
    """Whose browser it is: by digests of what it holds."""
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    return {name: [codes.handle(request.COOKIES.get(name, ""), "browser")] for name in names}


def _keep(request: HttpRequest, response: HttpResponse, key: str) -> bool:
    if response.status_code >= _BROKEN or response.streaming or len(response.content) > _LARGEST:
        return False
    allowed = _cookies(request)
    for name, digests in allowed.items():
        if name in response.cookies:
            digests.append(codes.handle(response.cookies[name].value, "browser"))
    answer = {
        "status": response.status_code,
        "headers": dict(response.headers),
        "cookies": [morsel.OutputString() for morsel in response.cookies.values()],
        "content": base64.b64encode(response.content).decode(),
    }
    try:
        cache.set(key, {"from": allowed, "sealed": vault.seal(json.dumps(answer).encode(), key)}, _ANSWERED_SECONDS)
    except RedisError:
        return False
    return True


def _forget(key: str) -> None:
    try:
        cache.delete(key)
    except RedisError:
        return  # it ends by itself


def _wait(request: HttpRequest, key: str) -> HttpResponse | None:
    """The first one's answer, once it is there. None: it is not this browser's, or it came to nothing."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := cache.get(key)) is not None:
        if any(digest not in found["from"][name] for name, (digest,) in _cookies(request).items()):
            return None
        if "sealed" in found:
            return _opened(found["sealed"], key)
        if time.monotonic() > end:
            return render(request, "still_working.html", status=409)
        time.sleep(_LOOK_EVERY_SECONDS)
    return None


def _opened(sealed: str, key: str) -> HttpResponse:
    answer: dict[str, Any] = json.loads(vault.unseal(sealed, key))
    response = HttpResponse(base64.b64decode(answer["content"]), status=answer["status"], headers=answer["headers"])
    for text in answer["cookies"]:
        response.cookies.update(SimpleCookie(text))
    return response
