"""Paths of the customer's own pages. allauth looks up its names (``account_…``) without a namespace."""

from django.urls import path

from accounts.account import views as account
from accounts.account.proofs import CHANGE_EMAIL, CONFIRM_EMAIL
from accounts.activity import views as activity
from accounts.activity.proofs import DISOWN
from accounts.factors import urls as urls_factors
from accounts.lock.proofs import UNDO
from accounts.proofing.views import answering, service, wallet
from accounts.proofing.views import pages as proofing
from accounts.push import views as push
from accounts.registration import views as registration
from accounts.registration.proofs import APPEAL, FINISH
from accounts.restrictions import views as restrictions
from accounts.sessions import views as sessions
from accounts.sign_in.views import entry
from accounts.trust import views as trust
from accounts.undo import views as undo
from accounts.upstream import views as upstream
from ciam_portal.core.links import arrival

app_name = "accounts"

urlpatterns = [
    arrival(CONFIRM_EMAIL),
    path("confirm-email/", entry.confirm_email, name="confirm_email_page"),
    path("sign-up/by-mail/", registration.by_mail, name="sign_up_by_mail"),
    arrival(FINISH),
    path("sign-up/finish/", registration.finish, name="finish_sign_up_page"),
    arrival(APPEAL),
    path("sign-up/appeal/", registration.appeal, name="appeal_sign_up_page"),
    path("profile/", account.profile, name="profile"),
    path("security/limits/ask/", trust.ask, name="ask_look"),
    path("security/email/", account.change_email, name="change_email"),
    arrival(CHANGE_EMAIL),
    path("security/email/confirm/", account.confirm_new_email, name="confirm_new_email_page"),
    path("security/password/", account.change_password, name="change_password"),
    path("sessions/", sessions.index, name="sessions"),
    path("sessions/end-others/", sessions.end_others, name="end_other_sessions"),
    path("sessions/<uuid:session_id>/end/", sessions.end, name="end_session"),
    path("sessions/apps/<uuid:family>/end/", sessions.end_app, name="end_app"),
    path("sessions/browsers/<uuid:device_id>/name/", activity.rename_browser, name="browser_rename"),
    path("sessions/browsers/<uuid:device_id>/forget/", activity.forget_browser, name="browser_forget"),
    path("activity/", activity.index, name="activity"),
    path("activity/sessions/<uuid:session_id>/answer/", activity.answer, name="answer"),
    path("activity/decisions/<uuid:decision_id>/contest/", activity.contest, name="contest"),
    arrival(DISOWN),
    path("was-this-you/", activity.answer_link, name="answer_link"),
    path("security/restrictions/<uuid:restriction_id>/contest/", restrictions.contest, name="contest_restriction"),
    path("security/lock/", undo.lock, name="lock"),
    arrival(UNDO),
    path("this-was-not-me/", undo.undo, name="undo"),
    path("identity/", proofing.index, name="identity"),
    path("identity/<slug:provider>/start/", proofing.start, name="identity_start"),
    path("identity/checks/<uuid:check_id>/stop/", proofing.stop, name="identity_stop"),
    path("identity/evidence/<uuid:evidence_id>/remove/", proofing.remove, name="identity_remove"),
    path("identity/wallet/<uuid:check_id>/request/", wallet.request_object, name="identity_wallet_request"),
    path("identity/wallet/<uuid:check_id>/response/", wallet.response, name="identity_wallet_response"),
    path("identity/services/<uuid:check_id>/callback/", service.callback, name="identity_service_callback"),
    path("identity/checks/<uuid:check_id>/back/", answering.back, name="identity_back"),
    path("notifications/", push.index, name="push"),
    path("notifications/worker.js", push.worker, name="push_worker"),
    path("notifications/nights/", push.nights, name="push_nights"),
    path("notifications/test/", push.test, name="push_test"),
    path("notifications/<uuid:key>/off/", push.switch_off, name="push_off"),
    path("sign-in/with/<slug:key>/", upstream.begin, name="upstream_begin"),
    path("sign-in/with/<slug:key>/back/", upstream.back, name="upstream_back"),
    path("prove/with/<slug:key>/", upstream.prove, name="upstream_prove"),
    path("security/with/<slug:key>/link/", upstream.link, name="upstream_link"),
    path("security/with/<slug:key>/unlink/", upstream.unlink, name="upstream_unlink"),
    path("sign-up/with/", upstream.sign_up, name="upstream_sign_up"),
    path("session/renew/", entry.renew, name="renew"),
    *urls_factors.urlpatterns,
]

doors = [
    path("sign-up/", registration.SignUp.as_view(), name="account_signup"),
    path("sign-up/check-your-mail/", entry.check_your_mail, name="account_email_verification_sent"),
    path("sign-in/", entry.SignIn.as_view(), name="account_login"),
    path("sign-in/closed/", entry.inactive, name="account_inactive"),
    path("sign-out/", entry.sign_out, name="account_logout"),
]
