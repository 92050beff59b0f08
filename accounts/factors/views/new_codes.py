"""New backup codes can be looked at for a few minutes, by whoever made them and nobody else.

To load the page again makes no others, so that what was printed stays true.
"""

import json
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables

from ciam_portal.core.crypto import vault

_SHOWN_SECONDS = 300


@sensitive_variables()
def keep(place: str, made: list[str], at: datetime, **more: str) -> None:
    """``place``: a name that only the browser or session that made them knows; ``more``: what else its page says."""
    shown = json.dumps({"codes": made, "made_at": at.isoformat(), **more})
    cache.set(place, vault.seal(shown.encode(), place), _SHOWN_SECONDS)


@sensitive_variables()
def find(place: str) -> dict[str, Any] | None:
    """The context of the page that shows them; None when it is too late, or there are none."""
    sealed = cache.get(place)
    if sealed is None:
        return None
    found: dict[str, Any] = json.loads(vault.unseal(sealed, place))
    return found | {"made_at": datetime.fromisoformat(found["made_at"])}
