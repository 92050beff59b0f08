"""The file that proves to anybody that the audit's tree holds a row; and tables whose rows have one."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.staff.admin.looking import Looking
from accounts.staff.policy import OVERSEERS
from ciam_portal.core.audit.models import Leaf
from ciam_portal.core.audit.tree import proofs
from ciam_portal.core.roles import roles_of
from ciam_portal.core.words import Text


def file_of(request: HttpRequest, row: UUID, back: str) -> HttpResponse:
    """The proof of a row, to be kept; or, on the page before, why there is none."""
    try:
        text = proofs.of(row)
    except proofs.NotYet:
        messages.warning(request, _("This row is not sealed yet. That takes some seconds: ask again."))
    except proofs.NoProof:
        messages.error(request, _("This row is not as it was sealed. manage.py verify_audit says more."))
    else:
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{row}.tlog-proof"'
        return response
    return HttpResponseRedirect(back)


class Proven(Looking):
    """A table whose rows stand in the tree."""

    def get_urls(self) -> list[URLPattern]:
        """One page more: the proof of a row."""
        view = self.admin_site.admin_view(require_safe(self.proof))
        return [path("<uuid:row_id>/proof/", view, name=self.page_name("proof")), *super().get_urls()]

    def page_name(self, page: str) -> str:
        """What its pages are called in addresses."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def proof(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """A file that proves to anybody that the audit's tree holds this row."""
        if not roles_of(request.user) & OVERSEERS:
            raise PermissionDenied
        row, stopped = self.opened(request, str(row_id))
        if row is None:
            return stopped
        return file_of(request, row.pk, reverse(f"admin:{self.page_name('change')}", args=[row.pk]))

    @admin.display(description=_("tree"))
    def tree(self, row: Model) -> Text:
        """Which leaf it is, and its proof."""
        leaf = Leaf.objects.filter(row=row.pk, kind=self.opts.db_table).first()
        if leaf is None:
            return _("not sealed yet")
        url = reverse(f"admin:{self.page_name('proof')}", args=[row.pk])
        words = _("Leaf %(index)s") % {"index": f"{leaf.index:,}"}
        return format_html('{} (<a href="{}">{}</a>)', words, url, _("download its proof"))
