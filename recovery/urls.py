"""Paths of getting back in."""

from django.urls import path

from recovery import views

app_name = "recovery"

urlpatterns = [
    path("sent/", views.sent, name="sent"),
    path("link/<str:secret>/", views.open_link, name="open_link"),
    path("new-password/", views.new_password, name="new_password"),
]

doors = [path("", views.forgotten, name="account_reset_password")]
