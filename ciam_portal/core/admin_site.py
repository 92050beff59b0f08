"""The staff site: only for staff whose session has proven a second factor, through the same sign-in as everyone."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.roles import Role, roles_of

_NOT_HERE = frozenset({"password_change_done", "autocomplete", "view_on_site"})
_PAGES = ("_changelist", "_change")  # of a table: its list, and one row of it


class PortalAdminSite(AdminSite):
    """Django admin behind the portal's own session: no login form, no password form of its own."""

    site_header = site_title = _("Staff")
    index_title = _("Customers, partners and the audit")
    password_change_form = None

    def get_urls(self) -> list[Any]:
        """Django's own pages, without those that lead away, look rows up, or say that something was changed."""
        return [route for route in super().get_urls() if getattr(route, "name", None) not in _NOT_HERE]

    def has_permission(self, request: HttpRequest) -> bool:
        """Nobody, until the site that stands on this one says who (``staff_site.entrance``)."""
        return False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages made to be looked at. What libraries bring along could set or show secrets, and stays out."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def logout(self, request: HttpRequest, extra_context: object = None) -> Any:
        """The portal's own sign-out."""
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: object = None) -> Any:
        """The portal's own page."""
        return HttpResponseRedirect(reverse("accounts:change_password"))


class PortalAdminConfig(AdminConfig):
    """Django's admin app with our site as the default one."""

    default_site = "ciam_portal.staff_site.site.StaffSite"


if TYPE_CHECKING:
    AnyModelAdmin = ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyModelAdmin, AnyPaginator = ModelAdmin, Paginator


class Bounded(AnyPaginator):
    """Pages of a list that is counted no further than this: what is longer is narrowed, not leafed through."""

    most = 5_000

    @cached_property
    def count(self) -> int:
        """How many rows there are, or so many."""
        return int(self.object_list[: self.most].count())  # type: ignore[attr-defined]  # a queryset, as always here


class ReadOnlyAdmin(AnyModelAdmin):
    """A page of records that staff of the named roles may look at. Nothing can be added, changed or deleted here.

    What staff may do is a flow with a policy, never a form over a table. Secrets are left out by ``hidden``, and no
    address can ask for what a page does not offer as a filter: an answer to ``?secret__startswith=`` shows it too.
    """

    roles: ClassVar[frozenset[Role]] = frozenset()
    hidden: ClassVar[frozenset[str]] = frozenset()
    leafers: ClassVar[frozenset[Role] | None] = None  # who sees a list without searching; None: everyone named
    actions = None
    paginator = Bounded
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    view_on_site = False

    def get_urls(self) -> list[URLPattern]:
        """The list and the rows. Nothing is added, deleted or has a history here, so there are no pages for it."""
        return [route for route in super().get_urls() if (route.name or "").endswith(_PAGES)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the filters beside the list ask for."""
        filters = self.get_list_filter(request)
        own = {getattr(each, "parameter_name", None) for each in filters}
        columns = (each for each in filters if isinstance(each, str))
        return lookup in own | {f"{name}{end}" for name in columns for end in ("", "__exact", "__isnull")}

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Every plain column that is no secret."""
        return [field.name for field in self.model._meta.fields if field.name not in self.hidden]  # noqa: SLF001

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All of them."""
        return self.get_fields(request, obj)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Nothing to leaf through for those who may only search."""
        if self.leafers is not None and not search_term.strip() and not roles_of(request.user) & self.leafers:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """One row; 404 if there is none, and not a way back to the front page."""
        if self.has_view_permission(request) and self.get_object(request, unquote(object_id)) is None:
            raise Http404
        return super().change_view(request, object_id, *args, **kwargs)

    def show(self, request: HttpRequest, template: str, **words: Any) -> HttpResponse:
        """A page of our own, in the frame of the site."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, frame | words)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only for the named roles."""
        return bool(roles_of(request.user) & self.roles)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only for the named roles."""
        return bool(roles_of(request.user) & self.roles)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False
