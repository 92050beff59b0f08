"""The page after a lock: what happened, and the way back."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Change, User


def locked(request: HttpRequest, customer: User, change: Change | None = None) -> HttpResponse:
    """The page after it: what happened, and the way back. Whoever was signed in here as this customer is signed out."""
    if request.user.is_authenticated and request.user.pk == customer.pk:
        logout(request)
        request.portal_session = None  # type: ignore[attr-defined]
    undone = change if change is not None and change.undone_at is not None else None
    return render(request, "accounts/lock/locked.html", {"change": undone, "way": customer.way_back})
