"""Paths of the pages of those who answer for apps."""

from django.urls import path

from ciam_portal.console.views import apps, trying

app_name = "console"

urlpatterns = [
    path("your-apps/", apps.index, name="index"),
    path("your-apps/tried/", trying.tried, name="tried"),
    path("your-apps/<uuid:partner_id>/", apps.detail, name="app"),
    path("your-apps/<uuid:partner_id>/replace/", apps.replace, name="replace"),
    path("your-apps/<uuid:partner_id>/new-secret/", apps.new_secret, name="new_secret"),
    path("your-apps/<uuid:partner_id>/end/<uuid:credential_id>/", apps.end, name="end"),
    path("your-apps/<uuid:partner_id>/change/", apps.change, name="change"),
    path("your-apps/<uuid:partner_id>/take-back/", apps.take_back, name="take_back"),
    path("your-apps/<uuid:partner_id>/delegates/", apps.delegates, name="delegates"),
    path("your-apps/<uuid:partner_id>/configuration/", apps.configuration, name="configuration"),
    path("your-apps/<uuid:partner_id>/try/", trying.try_it, name="try"),
]
