"""The site map."""

from django.contrib import admin
from django.urls import include, path

from accounts import urls as accounts
from ciam_portal import views
from recovery import urls as recovery

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error

urlpatterns = [
    path("", views.home, name="home"),
    path("privacy/", views.privacy, name="privacy"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include(accounts.doors)),
    path("forgotten-password/", include(recovery.doors)),
    path("", include("recovery.urls")),
    path("", include("accounts.urls")),
    path("", include("consent.urls")),
    path("", include("ciam_portal.decisions.urls")),
    path("", include("ciam_portal.oauth.urls")),
    path("staff/", admin.site.urls),
]
