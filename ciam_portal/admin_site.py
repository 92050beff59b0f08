"""The staff site: only for staff whose session has proven a second factor, through the same sign-in as everyone."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.apps import AdminConfig
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from ciam_portal.roles import Role, roles_of


class PortalAdminSite(AdminSite):
    """Django admin behind the portal's own session: no login form, no password form of its own."""

    site_header = site_title = "Staff"
    index_title = "Customers, partners and the audit"
    password_change_form = None

    def has_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's signature)
        """Nobody, until the site that stands on this one says who (``staff_pages.entrance``)."""
        return False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:  # noqa: ANN401
        """Only pages made to be looked at. What libraries bring along could set or show secrets, and stays out."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def logout(self, request: HttpRequest, extra_context: object = None) -> Any:  # noqa: ANN401, ARG002
        """The portal's own sign-out."""
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: object = None) -> Any:  # noqa: ANN401, ARG002
        """The portal's own page."""
        return HttpResponseRedirect(reverse("accounts:change_password"))


class PortalAdminConfig(AdminConfig):
    """Django's admin app with our site as the default one."""

    default_site = "ciam_portal.staff_pages.site.StaffSite"


if TYPE_CHECKING:
    AnyModelAdmin = ModelAdmin[Any]
else:
    AnyModelAdmin = ModelAdmin


class ReadOnlyAdmin(AnyModelAdmin):
    """A page of records that staff of the named roles may look at. Nothing can be added, changed or deleted here.

    What staff may do is a flow with a policy, never a form over a table. Secrets are left out by ``hidden``.
    """

    roles: ClassVar[frozenset[Role]] = frozenset()
    hidden: ClassVar[frozenset[str]] = frozenset()
    leafers: ClassVar[frozenset[Role] | None] = None  # who sees a list without searching; None: everyone named
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401, ARG002
        """Every plain column that is no secret."""
        return [field.name for field in self.model._meta.fields if field.name not in self.hidden]  # noqa: SLF001

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401
        """All of them."""
        return self.get_fields(request, obj)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ANN401
        """Nothing to leaf through for those who may only search."""
        if self.leafers is not None and not search_term.strip() and not roles_of(request.user) & self.leafers:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def show(self, request: HttpRequest, template: str, **words: Any) -> HttpResponse:  # noqa: ANN401
        """A page of our own, in the frame of the site."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, frame | words)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only for the named roles."""
        return bool(roles_of(request.user) & self.roles)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Only for the named roles."""
        return bool(roles_of(request.user) & self.roles)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False
