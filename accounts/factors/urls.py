"""Paths of second factors and of proving; part of the namespace ``accounts``."""

from django.urls import path

from accounts.factors.views import passkeys, security
from accounts.sign_in.views import held, prove

urlpatterns = [
    path("security/", security.index, name="security"),
    path("security/app/add/", security.add_app, name="totp_add"),
    path("security/app/remove/", security.remove_app, name="totp_remove"),
    path("security/backup-codes/", security.backup_codes, name="backup_codes"),
    path("security/backup-codes/new/", security.new_backup_codes, name="backup_codes_new"),
    path("security/passkeys/add/", passkeys.add, name="passkey_add"),
    path("security/passkeys/add/begin/", passkeys.begin_adding, name="passkey_add_begin"),
    path("security/passkeys/<slug:key>/rename/", passkeys.rename, name="passkey_rename"),
    path("security/passkeys/<slug:key>/remove/", passkeys.remove, name="passkey_remove"),
    path("prove/", prove.prove, name="prove"),
    path("prove/passkey/begin/", prove.begin_prove, name="prove_begin"),
    path("prove/go-on/", prove.go_on, name="go_on"),
    path("prove/code/", prove.send_code, name="prove_send_code"),
    path("sign-in/prove/", prove.prove_sign_in, name="prove_sign_in"),
    path("sign-in/held/", held.sign_in_held, name="sign_in_held"),
    path("sign-in/prove/over/", prove.start_over, name="prove_sign_in_over"),
    path("sign-in/prove/code/", prove.send_sign_in_code, name="prove_sign_in_send_code"),
    path("sign-in/prove/passkey/begin/", prove.begin_prove_sign_in, name="prove_sign_in_begin"),
    path("sign-in/passkey/begin/", passkeys.begin_sign_in, name="passkey_sign_in_begin"),
    path("sign-in/passkey/", passkeys.sign_in, name="passkey_sign_in"),
]
