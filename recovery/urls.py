"""Paths of getting back in."""

from django.urls import path, re_path

from accounts.headless import answers
from accounts.headless.views import endpoint
from ciam_portal.core.links import arrival
from recovery.addresses import views as addresses
from recovery.case.proofs import STOP_RECOVERY
from recovery.case.views import case, finish
from recovery.contacts import views as contacts
from recovery.contacts.proofs import CONTACT_ASK, CONTACT_INVITE
from recovery.desk import views as desk
from recovery.desk.proofs import FINISH_RECOVERY
from recovery.recognize import views as recognize
from recovery.reset import views as reset
from recovery.reset.proofs import RESET_PASSWORD
from recovery.succession import views as succession
from recovery.succession.proofs import STOP_SUCCESSION

app_name = "recovery"

urlpatterns = [
    path("forgotten-password/sent/", reset.sent, name="sent"),
    arrival(RESET_PASSWORD),
    path("forgotten-password/new-password/", reset.new_password, name="new_password"),
    path(f"{answers.PATH[1:]}auth/password/request", endpoint(POST=reset.from_app), name="app_reset"),
    path("recover/", case.start, name="start"),
    path("recover/show/", case.show_one, name="show"),
    path("recover/send/", case.send, name="send"),
    path("recover/passkey/begin/", case.begin_passkey, name="passkey_begin"),
    path("recover/wait/", case.case_page, name="case"),
    path("recover/finish/", finish.complete, name="finish"),
    path("recover/finished/", finish.recovered, name="recovered"),
    path("recover/finish/passkey/begin/", finish.begin_passkey, name="finish_begin"),
    arrival(STOP_RECOVERY),
    path("recover/stop/", finish.stop, name="stop"),
    arrival(FINISH_RECOVERY),
    path("recover/link/", desk.claim, name="claim"),
    path("security/recovery/", addresses.index, name="addresses"),
    re_path(r"^security/recovery/add/(?P<kind>mail|sms)/$", addresses.add, name="add_address"),
    path("security/recovery/confirm/", addresses.confirm, name="confirm_address"),
    path("security/recovery/show/", recognize.recognize, name="recognize"),
    path("security/recovery/<uuid:address_id>/remove/", addresses.remove, name="remove_address"),
    path("security/recovery/contacts/add/", contacts.add, name="add_contact"),
    path("security/recovery/contacts/<uuid:contact_id>/remove/", contacts.remove, name="remove_contact"),
    arrival(CONTACT_INVITE),
    path("recover/contact/", contacts.invitation, name="invitation"),
    arrival(CONTACT_ASK),
    path("recover/help/", contacts.help_them, name="help"),
    path("security/successor/", succession.index, name="successor"),
    path("security/successor/name/", succession.name, name="successor_name"),
    path("security/successor/stop/", succession.stop_here, name="successor_stop_here"),
    path("security/successor/<uuid:successor_id>/", succession.invitation, name="successor_invitation"),
    path("security/successor/<uuid:successor_id>/remove/", succession.remove, name="successor_remove"),
    path("security/successor/<uuid:successor_id>/open/", succession.open_case, name="successor_open"),
    arrival(STOP_SUCCESSION),
    path("succession/", succession.stop, name="succession_stop"),
    path("security/recovery/stop/", finish.stop_here, name="stop_here"),
    path("security/recovery/call/", desk.ask, name="asked"),
    path("security/recovery/call/yes/", desk.answer_yes, name="answer_yes"),
    path("security/recovery/call/no/", desk.answer_no, name="answer_no"),
]

doors = [path("", reset.forgotten, name="account_reset_password")]
