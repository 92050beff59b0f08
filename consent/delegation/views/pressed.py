"""What a button answers that was pressed before, in another tab perhaps: it is so already, or why it cannot be done."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from consent.delegation.policy import Reason


def answer(
    request: HttpRequest, do: Callable[[], object], done: str, *, back: str, is_so: bool = False
) -> HttpResponse:
    """Do it and say so, also if it is so already. Else why not, on the page ``back``. Raises what leads elsewhere."""
    try:
        do()
    except Refused as refused:
        if not isinstance(refused.reason, Reason):
            raise
        if not is_so:
            messages.warning(request, sentence(refused.reason))
            return redirect(back)
    messages.success(request, done)
    return redirect(back)
