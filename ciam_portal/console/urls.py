"""Paths of the pages of those who answer for apps."""

from django.urls import path

from ciam_portal.console import views

app_name = "console"

urlpatterns = [
    path("your-apps/", views.index, name="index"),
    path("your-apps/tried/", views.tried, name="tried"),
    path("your-apps/<uuid:partner_id>/", views.detail, name="app"),
    path("your-apps/<uuid:partner_id>/replace/", views.replace, name="replace"),
    path("your-apps/<uuid:partner_id>/new-secret/", views.new_secret, name="new_secret"),
    path("your-apps/<uuid:partner_id>/end/<uuid:credential_id>/", views.end, name="end"),
    path("your-apps/<uuid:partner_id>/change/", views.change, name="change"),
    path("your-apps/<uuid:partner_id>/take-back/", views.take_back, name="take_back"),
    path("your-apps/<uuid:partner_id>/configuration/", views.configuration, name="configuration"),
    path("your-apps/<uuid:partner_id>/try/", views.try_it, name="try"),
]
