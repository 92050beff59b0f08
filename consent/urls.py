"""Paths of consent: the customer's pages, and the endpoints that ask for it."""

from django.urls import path

from ciam_portal.core.links import arrival
from consent.acting import views as acting
from consent.approvals import api as asking
from consent.approvals import views as approvals
from consent.business.views import member
from consent.business.views import owner as business
from consent.data_use import api as data_use
from consent.delegation.views import delegate, owner
from consent.device import api as devices
from consent.device import views as device
from consent.erasure import views as erasure
from consent.erasure.proofs import KEEP
from consent.exchange import api as exchange
from consent.export import views as export
from consent.family.proofs import CLAIM
from consent.family.views import choices as for_child
from consent.family.views import coming
from consent.family.views import home as family
from consent.family.views import together as guardians
from consent.ledger import views as ledger
from consent.permission import views as apps
from consent.receipts import views as receipts
from consent.records import views as choices
from consent.release import api, authorize, decide, grants
from consent.release import views as logout
from consent.rights import views as rights

app_name = "consent"

urlpatterns = [
    path("connected-apps/", apps.index, name="index"),
    path("connected-apps/<uuid:consent_id>/", apps.detail, name="detail"),
    path("connected-apps/<uuid:consent_id>/withdraw/", apps.withdraw, name="withdraw"),
    path("your-data/", rights.index, name="rights"),
    path("your-data/correct/", rights.correct, name="rights_correct"),
    path("your-data/restrict/", rights.restrict, name="rights_restrict"),
    path("your-data/object/", rights.object_to, name="rights_object"),
    path("your-data/requests/<uuid:request_id>/withdraw/", rights.withdraw, name="rights_withdraw"),
    path("your-data/requests/<uuid:request_id>/lift/", rights.lift, name="rights_lift"),
    path("acting-for-me/", owner.index, name="delegations"),
    path("acting-for-me/stop/", owner.end_all, name="delegations_end"),
    path("acting-for-me/invite/", owner.invite, name="delegation_invite"),
    path("acting-for-me/invite/<slug:preset>/", owner.offer, name="delegation_offer"),
    path("acting-for-me/requests/<uuid:request_id>/", owner.answer, name="request"),
    path("acting-for-me/<uuid:delegation_id>/", owner.change, name="delegation"),
    path("acting-for-me/<uuid:delegation_id>/pause/", owner.pause, name="delegation_pause"),
    path("acting-for-me/<uuid:delegation_id>/resume/", owner.resume, name="delegation_resume"),
    path("acting-for-me/<uuid:delegation_id>/end/", owner.end, name="delegation_end"),
    path("people-i-act-for/", delegate.index, name="acts_for"),
    path("people-i-act-for/ask/", delegate.ask, name="acts_for_ask"),
    path("people-i-act-for/requests/<uuid:request_id>/withdraw/", delegate.withdraw, name="request_withdraw"),
    path("people-i-act-for/invitations/<uuid:delegation_id>/", delegate.invitation, name="invitation"),
    path("people-i-act-for/<uuid:delegation_id>/end/", delegate.end, name="acts_for_end"),
    path("businesses/", member.index, name="businesses"),
    path("businesses/new/", member.found, name="business_found"),
    path("businesses/invitations/<uuid:member_id>/", member.invitation, name="business_invitation"),
    path("businesses/<uuid:business_id>/", business.home, name="business"),
    path("businesses/<uuid:business_id>/invite/", business.invite, name="business_invite"),
    path("businesses/<uuid:business_id>/name/", business.rename, name="business_rename"),
    path("businesses/<uuid:business_id>/stop/", business.stop, name="business_stop"),
    path("businesses/<uuid:business_id>/close/", business.close, name="business_close"),
    path("businesses/<uuid:business_id>/leave/", member.leave, name="business_leave"),
    path("businesses/<uuid:business_id>/roles/new/", business.role, name="business_role_new"),
    path("businesses/<uuid:business_id>/roles/<uuid:role_id>/", business.role, name="business_role"),
    path("businesses/<uuid:business_id>/roles/<uuid:role_id>/drop/", business.drop_role, name="business_role_drop"),
    path("businesses/<uuid:business_id>/members/<uuid:member_id>/", business.member, name="business_member"),
    path("businesses/<uuid:business_id>/members/<uuid:member_id>/<slug:verb>/", business.do, name="business_do"),
    path("businesses/<uuid:business_id>/removals/<uuid:removal_id>/object/", member.object_to, name="business_object"),
    path(
        "businesses/<uuid:business_id>/removals/<uuid:removal_id>/<slug:verb>/",
        business.removal,
        name="business_removal",
    ),
    path("family/", family.index, name="family"),
    path("family/add/", family.add, name="family_add"),
    path("family/requests/<uuid:request_id>/", guardians.invitation, name="family_request"),
    path("family/requests/<uuid:request_id>/agree/", guardians.agree, name="family_agree"),
    path("family/requests/<uuid:request_id>/refuse/", guardians.refuse, name="family_refuse"),
    path("family/removals/<uuid:removal_id>/", guardians.answer_removal, name="family_answer_removal"),
    arrival(CLAIM),
    path("family/your-account/", coming.claim, name="family_claim"),
    path("family/guardians/<uuid:delegation_id>/", coming.confirm, name="family_confirm"),
    path("family/<uuid:responsibility_id>/hand-over/", coming.hand_over, name="family_hand_over"),
    path("family/<uuid:responsibility_id>/", family.child, name="family_child"),
    path("family/<uuid:responsibility_id>/less/", family.less, name="family_less"),
    path("family/<uuid:responsibility_id>/more/", family.more, name="family_more"),
    path("family/<uuid:responsibility_id>/invite/", guardians.invite, name="family_invite"),
    path("family/<uuid:responsibility_id>/leave/", guardians.leave, name="family_leave"),
    path("family/<uuid:responsibility_id>/removal/", guardians.ask_removal, name="family_removal"),
    path("privacy-choices/", choices.index, name="choices"),
    path("privacy-choices/history/", choices.history, name="choices_history"),
    path("privacy-choices/<slug:key>/", choices.answer, name="choose"),
    path("privacy-choices/<slug:key>/<uuid:consent_id>/", choices.take_back, name="take_back"),
    path("who-used-my-data/", ledger.used, name="used"),
    path("your-data/copy/", export.index, name="export"),
    path("your-data/copy/ask/", export.ask, name="export_ask"),
    path("your-data/copy/<uuid:export_id>/", export.take, name="export_take"),
    path("receipts/", receipts.index, name="receipts"),
    path("receipts/apps/<uuid:consent_id>/", receipts.of_app, name="receipts_of_app"),
    path("receipts/purposes/<slug:key>/", receipts.of_purpose, name="receipts_of_purpose"),
    path("receipts/download/", receipts.download_all, name="receipts_download"),
    path("receipts/verify/", receipts.verify, name="receipt_verify"),
    path("receipts/texts/<uuid:version_id>/", receipts.notice, name="receipt_notice"),
    path("receipts/<uuid:receipt_id>/", receipts.detail, name="receipt"),
    path("receipts/<uuid:receipt_id>/download/", receipts.download, name="receipt_download"),
    path("receipts/<uuid:receipt_id>/proof/", receipts.proof, name="receipt_proof"),
    path(".well-known/consent-receipt-keys.json", receipts.published_keys, name="receipt_keys"),
    path("oauth/authorize/", authorize.authorize, name="authorize"),
    path("oauth/authorize/decide/", decide.decide, name="decide"),
    path("oauth/device/", devices.authorize, name="device_authorize"),
    path("oauth/bc-authorize/", asking.ask, name="ask_human"),
    path("approvals/", approvals.index, name="approvals"),
    path("approvals/<uuid:asked_id>/", approvals.detail, name="approval"),
    path("approvals/<uuid:asked_id>/approve/", approvals.approve, name="approval_approve"),
    path("approvals/<uuid:asked_id>/refuse/", approvals.refuse, name="approval_refuse"),
    path("acting/<uuid:delegation_id>/", acting.home, name="acting"),
    path("acting/<uuid:delegation_id>/begin/", acting.begin, name="acting_begin"),
    path("acting/<uuid:delegation_id>/details/", acting.details, name="acting_details"),
    path("acting/<uuid:delegation_id>/choices/", for_child.consents, name="acting_choices"),
    path("acting/<uuid:delegation_id>/choices/answer/", for_child.consent, name="acting_choose"),
    path("acting/<uuid:delegation_id>/stop/", acting.stop, name="acting_stop"),
    path("device/", device.enter, name="device"),
    path("device/<uuid:code_id>/", device.answer, name="device_answer"),
    path("oauth/authorize/another/", logout.another, name="another"),
    path("oauth/logout/", logout.logout, name="logout"),
    path("oauth/logout/confirm/", logout.confirm, name="logout_confirm"),
    path("oauth/grants/<str:grant_id>", grants.grant, name="grant"),
    path("oauth/userinfo/", api.userinfo, name="userinfo"),
    path("oauth/introspect/", api.introspect, name="introspect"),
    path("delete-account/", erasure.delete, name="delete"),
    path("delete-account/waits/", erasure.leaving, name="leaving"),
    path("delete-account/keep/", erasure.keep, name="keep"),
    arrival(KEEP),
    path("keep-my-account/", erasure.keep_account, name="keep_account"),
    path("api/profile", api.profile, name="profile"),
    path("api/activity", api.activity, name="activity"),
    path("api/delegations", exchange.delegations, name="delegations_api"),
    path("api/data-use", data_use.ask, name="data_use"),
]
