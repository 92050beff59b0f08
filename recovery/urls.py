"""Paths of getting back in."""

from django.urls import path, re_path

from recovery.views import addresses, case, contacts, desk, finish, recognize, reset

app_name = "recovery"

urlpatterns = [
    path("forgotten-password/sent/", reset.sent, name="sent"),
    path("forgotten-password/link/<str:secret>/", reset.open_link, name="open_link"),
    path("forgotten-password/new-password/", reset.new_password, name="new_password"),
    path("recover/", case.start, name="start"),
    path("recover/show/", case.show_one, name="show"),
    path("recover/send/", case.send, name="send"),
    path("recover/passkey/begin/", case.begin_passkey, name="passkey_begin"),
    path("recover/wait/", case.case_page, name="case"),
    path("recover/finish/", finish.complete, name="finish"),
    path("recover/finish/passkey/begin/", finish.begin_passkey, name="finish_begin"),
    path("recover/stop/<str:secret>/", finish.open_stop, name="open_stop"),
    path("recover/stop/", finish.stop, name="stop"),
    path("recover/link/<str:secret>/", desk.open_finish, name="open_finish"),
    path("recover/link/", desk.claim, name="claim"),
    path("security/recovery/", addresses.index, name="addresses"),
    re_path(r"^security/recovery/add/(?P<kind>mail|sms)/$", addresses.add, name="add_address"),
    path("security/recovery/confirm/", addresses.confirm, name="confirm_address"),
    path("security/recovery/show/", recognize.recognize, name="recognize"),
    path("security/recovery/<uuid:address_id>/remove/", addresses.remove, name="remove_address"),
    path("security/recovery/contacts/add/", contacts.add, name="add_contact"),
    path("security/recovery/contacts/<uuid:contact_id>/remove/", contacts.remove, name="remove_contact"),
    path("recover/contact/<str:secret>/", contacts.open_invitation, name="open_invitation"),
    path("recover/contact/", contacts.invitation, name="invitation"),
    path("recover/help/<str:secret>/", contacts.open_help, name="open_help"),
    path("recover/help/", contacts.help_them, name="help"),
    path("security/recovery/stop/", finish.stop_here, name="stop_here"),
    path("security/recovery/call/", desk.ask, name="asked"),
    path("security/recovery/call/yes/", desk.answer_yes, name="answer_yes"),
    path("security/recovery/call/no/", desk.answer_no, name="answer_no"),
]

doors = [path("", reset.forgotten, name="account_reset_password")]
