"""The page for somebody who signs in with a password alone, where that is too little."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def first(request: HttpRequest, *, back: str, label: str, why: str) -> HttpResponse:
    """Says ``why``, and leads to where a second step is added, or ``back`` to the list named ``label``."""
    return render(request, "consent/second_step.html", {"back": back, "label": label, "why": why})
