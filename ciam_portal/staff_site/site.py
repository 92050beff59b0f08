"""The staff site's front page, with the reviews that wait; who could reach what; how the audit's tree stands."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from ciam_portal.core import clock, links, privileges
from ciam_portal.core.audit.models import Waiting
from ciam_portal.core.audit.tree import checkpoints, nightly, proofs
from ciam_portal.core.roles import Role, roles_of
from ciam_portal.staff_site import waiting
from ciam_portal.staff_site.entrance import Entrance

_READERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_LEFT, _COLUMN, _ROW = 190, 150, 34


class StaffSite(Entrance):
    """The one admin site of the portal."""

    index_template = "admin/staff_index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What waits for this member of staff: reviews first, each by itself, then a line for each other kind."""
        person = cast("User", request.user)
        more = {
            "reviews": waiting.glass(person),
            "restrictions": waiting.restrictions(person),
            "waiting": waiting.lines(person, clock.now()),
            "reads_paths": bool(roles_of(person) & _READERS),
        }
        return super().index(request, (extra_context or {}) | more)

    def get_urls(self) -> list[Any]:
        """Two pages more."""
        paths = self.admin_view(require_safe(self.privilege_paths))
        tree = self.admin_view(require_safe(self.audit_tree))
        own = [path("privilege-paths/", paths, name="privilege_paths"), path("audit-tree/", tree, name="audit_tree")]
        return [*own, *super().get_urls()]

    def audit_tree(self, request: HttpRequest) -> HttpResponse:
        """What was sealed and signed, what waits, and what was found when it was looked at."""
        if not roles_of(request.user) & _READERS:
            raise PermissionDenied
        context = {
            **self.each_context(request),
            "title": _("Audit tree"),
            "last": proofs.last(),
            "waiting": Waiting.objects.count(),
            "is_late": Waiting.objects.late(clock.now()),
            "verified": nightly.last(clock.now()),
            "keys": checkpoints.verifiers(),
            "copy": links.absolute("well_known_audit"),
        }
        return TemplateResponse(request, "admin/audit_tree.html", context)

    def privilege_paths(self, request: HttpRequest) -> HttpResponse:
        """Every way from roles to a takeover, as a table and as a picture."""
        if not roles_of(request.user) & _READERS:
            raise PermissionDenied
        found = privileges.paths()
        context = {
            **self.each_context(request),
            "title": _("Privilege paths"),
            "paths": found,
            "alone": privileges.alone(),
            "actions": privileges.declared(),
            "picture": _picture(found),
        }
        return TemplateResponse(request, "admin/privilege_paths.html", context)


def _picture(found: list[privileges.Path]) -> dict[str, Any]:
    """One line for each path: a dot for each person, joined up to what they reach together."""
    lines = []
    for number, each in enumerate(found):
        y = _ROW * number + _ROW // 2
        dots = [{"x": _LEFT + _COLUMN * place + 8, "name": role.value} for place, role in enumerate(each.people)]
        lines.append({"effect": each.effect.value, "y": y, "text_y": y + 5, "dots": dots, "last": dots[-1]["x"]})
    return {"lines": lines, "width": _LEFT + _COLUMN * privileges.LARGEST, "height": _ROW * max(1, len(found))}
