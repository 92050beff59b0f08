"""A request that came with too little proof: kept while its customer proves more, then gone on with, once.

What is kept lies in the shared cache, never in an address: for this session record alone (or, if it came after the end
of one, for the next session of its customer), for a few minutes, under a random reference that opens nothing by itself.
The content of a form is kept only where its view declares the fields (``accounts.step_up.decorators.resumable``), and
sealed; everything else is asked for again by its page.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.core.cache import cache
from django.forms import ChoiceField, Field
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve

from accounts.budgets import counter as budget
from accounts.sign_in.policy import Reason
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.errors import ProveMore, TooMany
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.words import sentence

if TYPE_CHECKING:
    from accounts.models import Session

FIELD = "resume"  # the form field that carries a reference back to the page it belongs to
_MOST = 60  # requests kept for one session at a time
_LONGEST = 4096  # characters of a form that are kept


@dataclass(frozen=True, slots=True)
class Declared:
    """What a view says of itself: what it is about to do, in words, and the form fields that may be kept.

    ``words`` may look at the request and at the view's own arguments, to name the thing that it is about.
    ``others``: the field of this name, of a form whose fields come to be with its page.
    """

    words: Any  # text, lazily translated, or a callable that makes it
    fields: Mapping[str, Field]
    others: Callable[[str], Field | None] = lambda _name: None

    def field(self, name: str) -> Field | None:
        """The field of this name that may be kept."""
        return self.fields.get(name) or self.others(name)

    def shown(self, stored: Mapping[str, list[str]]) -> list[tuple[str, str]]:
        """The kept fields as the customer reads them: label and value. What a form hides says nothing to anybody."""
        rows = []
        for name in dict.fromkeys([*self.fields, *stored]):
            field = self.field(name)
            if field is None or field.widget.is_hidden:
                continue
            choices: Any = field.choices if isinstance(field, ChoiceField) else ()
            names = dict(choices)
            rows.append((str(field.label), ", ".join(str(names.get(value, value)) for value in stored.get(name, ()))))
        return rows

    def said(self, request: HttpRequest, arguments: Mapping[str, Any]) -> str:
        """The words, for this request."""
        return str(self.words(request, **arguments) if isinstance(self.words, Callable) else self.words)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Suspended:
    """One request that waits, ``why`` in a sentence. ``fields`` None: its page is opened again, nothing repeated."""

    reference: str
    path: str
    is_page: bool
    to: Level
    within: int | None
    challenge: bool
    why: str
    decision: str
    fields: dict[str, list[str]] | None

    def form(self) -> Any:  # noqa: ANN401  (the stubs know a form only as immutable)
        """The kept fields as the form that was sent."""
        return QueryDict(urlencode(self.fields or {}, doseq=True))


def declared_at(path: str) -> tuple[Declared, dict[str, Any]] | None:
    """What the view at this path declares, with the arguments it would be called with."""
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return None
    declared = getattr(match.func, "resumable", None)
    return (declared, match.kwargs) if isinstance(declared, Declared) else None


def keep(request: HttpRequest, error: ProveMore) -> str:
    """Keep this request until its customer has proven more; the reference. Raises TooMany."""
    session = _session(request)
    if session is None:
        raise TooMany(Reason.TOO_MANY_WAITING, retry_after=_seconds())
    asked = {
        "to": int(error.to),
        "within": error.within,
        "challenge": error.challenge,
        "why": sentence(error.reason),
        "decision": str(error.decision or ""),
    }
    return _keep(request, f"{session.customer_id}:{session.pk}", asked, _fields_of(request))


def keep_late(request: HttpRequest, customer: UUID) -> str:
    """Keep a form that this customer sent after their session, or its page, was over; the reference. Raises TooMany.

    Empty if its view keeps nothing.
    """
    fields = _fields_of(request)
    if fields is None or FIELD in request.POST:
        return ""
    asked = {"to": int(Level.AAL1), "within": None, "challenge": False, "why": "", "decision": ""}
    return _keep(request, str(customer), asked, fields)


def _keep(request: HttpRequest, owner: str, asked: dict[str, Any], fields: dict[str, list[str]] | None) -> str:
    life, path, reference = _seconds(), request.get_full_path(), codes.new_token()
    budget.take("suspended", owner, limit=_MOST, seconds=life, reason=Reason.TOO_MANY_WAITING)
    sealed = None if fields is None else vault.seal(json.dumps(fields).encode(), _context(owner, path))
    stored = asked | {"path": path, "is_page": request.method in {"GET", "HEAD"}, "sealed": sealed}
    cache.set(_key(owner, reference), stored, life)
    return reference


def find(request: HttpRequest, reference: str) -> Suspended | None:
    """What waits under this reference for this very session or customer; None if it is over, or somebody else's."""
    for owner in _owners(request):
        stored = cache.get(_key(owner, reference)) if reference else None
        if stored is None:
            continue
        sealed, fields = stored.pop("sealed"), None
        if sealed is not None:
            try:
                fields = json.loads(vault.unseal(sealed, _context(owner, stored["path"])))
            except vault.CannotOpen:
                return None
        return Suspended(reference=reference, fields=fields, **stored | {"to": Level(stored["to"])})
    return None


def take(request: HttpRequest, reference: str) -> Suspended | None:
    """The same, and nobody finds it again: of two who ask at once, one gets it."""
    found = find(request, reference)
    gone = [cache.delete(_key(owner, reference)) for owner in _owners(request)] if found else []
    return found if any(gone) else None


def _fields_of(request: HttpRequest) -> dict[str, list[str]] | None:
    declared = getattr(request.resolver_match and request.resolver_match.func, "resumable", None)
    if request.method != "POST" or not isinstance(declared, Declared):
        return None
    stored = {name: request.POST.getlist(name) for name in request.POST if declared.field(name) is not None}
    size = sum(len(name) + sum(map(len, values)) for name, values in stored.items())
    return stored if size <= _LONGEST else None


def _session(request: HttpRequest) -> "Session | None":
    return getattr(request, "portal_session", None)


def _seconds() -> int:
    return limits.current().session.suspended_minutes * 60


def _owners(request: HttpRequest) -> tuple[str, ...]:
    session = _session(request)
    return () if session is None else (f"{session.customer_id}:{session.pk}", str(session.customer_id))


def _context(owner: str, path: str) -> str:
    return f"suspended request:{owner}:{path}"


def _key(owner: str, reference: str) -> str:
    return f"suspended:{owner}:{codes.handle(reference, 'suspended request')}"
