"""The app's own way to a session: a token in a header, which only counts with a proof of the app's key (RFC 9449).

No cookie counts here, and none is set; so no page of anybody's can make a browser ask in somebody's name.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse

from accounts.headless import answers
from accounts.sessions import device_cookie
from ciam_portal.core import clock, typed
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.sessions import AppSessionStore, SessionStore
from ciam_portal.oauth import dpop
from ciam_portal.oauth.errors import ProtocolError

PREFIX = "ciamapp_"  # so that scanners for lost secrets know one when they see it
_KEY = "app key"
_LONGEST_NAME = 64


class Apps:
    """Inside of Django's sessions, outside of all that asks who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Anything else than the app's own paths goes by. Each answer carries the nonce of the next proof."""
        if not request.path.startswith(answers.PATH):
            return self.get_response(request)
        at, token = clock.now(), request.headers.get("X-Session-Token", "")
        request.COOKIES, request.channel = {}, Channel.MOBILE  # type: ignore[attr-defined]
        try:
            key = dpop.proven(request, at, token=token)
        except ProtocolError as error:
            return dpop.with_nonce(answers.unproven(request, error), at)
        store = AppSessionStore(token.removeprefix(PREFIX) or None)
        if token and not (token.startswith(PREFIX) and key and store.get(_KEY) == key):
            return dpop.with_nonce(answers.gone(), at)
        return dpop.with_nonce(self._answer(request, store, key, token), at)

    def _answer(self, request: HttpRequest, store: AppSessionStore, key: str, token: str) -> HttpResponse:
        request.session, request.app_key = store, key  # type: ignore[attr-defined]
        request.device_name = _name(request)  # type: ignore[attr-defined]
        if key:
            request.COOKIES[settings.DEVICE_COOKIE_NAME] = device_cookie.of_key(key)
        response = _as_json(self.get_response(request))
        request.session = SessionStore()  # Django's own keeps nothing of it, and sets no cookie
        response.cookies.clear()
        return _kept(store, key, response, token)


def _kept(store: AppSessionStore, key: str, response: HttpResponse, token: str) -> HttpResponse:
    """The session is stored for this key, and the answer says its token if that is another one now."""
    store.pop("_messages", None)  # pages show these
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or store.is_empty():
        return response
    if store.modified:
        store[_KEY] = key
        try:
            store.save()
        except UpdateError:  # it has been ended meanwhile
            return answers.gone()
    now = f"{PREFIX}{store.session_key}"
    return response if now == token else _with_token(response, now)


def _with_token(response: HttpResponse, token: str) -> HttpResponse:
    told = json.loads(response.content)
    told["meta"] = told.get("meta", {"is_authenticated": False}) | {"session_token": token}
    response.content = json.dumps(told).encode()
    response["Content-Length"] = str(len(response.content))
    return response


def _as_json(response: HttpResponse) -> HttpResponse:
    """What others answer with a page, without the page."""
    if response["Content-Type"] != "application/json":
        response.content = json.dumps({"status": response.status_code}).encode()
        response["Content-Type"], response["Content-Length"] = "application/json", str(len(response.content))
    return response


def _name(request: HttpRequest) -> str:
    """What the app says the device is called, percent-encoded; nothing for what nobody would call one."""
    try:
        return typed.name(unquote(request.headers.get("X-Device-Name", ""), errors="strict"))[:_LONGEST_NAME]
    except (typed.NotPlain, UnicodeDecodeError):
        return ""
