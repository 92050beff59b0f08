"""Paths of getting back in."""

from django.urls import path, re_path

from accounts.customer.models.proof import Proof
from ciam_portal.core.links import arrival
from recovery.addresses import views as addresses
from recovery.case.views import case, finish
from recovery.contacts import views as contacts
from recovery.desk import views as desk
from recovery.recognize import views as recognize
from recovery.reset import views as reset

app_name = "recovery"

Purpose = Proof.Purpose

urlpatterns = [
    path("forgotten-password/sent/", reset.sent, name="sent"),
    arrival("forgotten-password/link/", Purpose.RESET_PASSWORD, "recovery:new_password", "open_link"),
    path("forgotten-password/new-password/", reset.new_password, name="new_password"),
    path("recover/", case.start, name="start"),
    path("recover/show/", case.show_one, name="show"),
    path("recover/send/", case.send, name="send"),
    path("recover/passkey/begin/", case.begin_passkey, name="passkey_begin"),
    path("recover/wait/", case.case_page, name="case"),
    path("recover/finish/", finish.complete, name="finish"),
    path("recover/finish/passkey/begin/", finish.begin_passkey, name="finish_begin"),
    arrival("recover/stop/", Purpose.STOP_RECOVERY, "recovery:stop", "open_stop"),
    path("recover/stop/", finish.stop, name="stop"),
    arrival("recover/link/", Purpose.FINISH_RECOVERY, "recovery:claim", "open_finish"),
    path("recover/link/", desk.claim, name="claim"),
    path("security/recovery/", addresses.index, name="addresses"),
    re_path(r"^security/recovery/add/(?P<kind>mail|sms)/$", addresses.add, name="add_address"),
    path("security/recovery/confirm/", addresses.confirm, name="confirm_address"),
    path("security/recovery/show/", recognize.recognize, name="recognize"),
    path("security/recovery/<uuid:address_id>/remove/", addresses.remove, name="remove_address"),
    path("security/recovery/contacts/add/", contacts.add, name="add_contact"),
    path("security/recovery/contacts/<uuid:contact_id>/remove/", contacts.remove, name="remove_contact"),
    arrival("recover/contact/", Purpose.CONTACT_INVITE, "recovery:invitation", "open_invitation"),
    path("recover/contact/", contacts.invitation, name="invitation"),
    arrival("recover/help/", Purpose.CONTACT_ASK, "recovery:help", "open_help"),
    path("recover/help/", contacts.help_them, name="help"),
    path("security/recovery/stop/", finish.stop_here, name="stop_here"),
    path("security/recovery/call/", desk.ask, name="asked"),
    path("security/recovery/call/yes/", desk.answer_yes, name="answer_yes"),
    path("security/recovery/call/no/", desk.answer_no, name="answer_no"),
]

doors = [path("", reset.forgotten, name="account_reset_password")]
