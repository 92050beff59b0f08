"""Words for the worries beside the score.

Several worries share one sentence in the customer's register, so that nobody learns which of them spoke.
"""

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.explain.features import NEW_BROWSER, NEW_PLACE, SHOWN
from ciam_portal.core.explain.wording import Words
from ciam_portal.core.risk.visit import Feature

_BUSY = _("There were unusual attempts to sign in around this time, so we looked more closely.")
_MOVED = _("The session was used in another way than it began.")
_TRAVELLED = _("Shortly before, your account was used in another country.")
_SOMETHING = _("Something about this was unusual for your account.")
_CHANGED = _("Access to your account or its contact details changed recently.")

FINDINGS: dict[str, Words] = {
    "failures_on_account": Words(
        _BUSY,
        _("There were wrong passwords on this account shortly before. Ask whether the customer mistyped."),
        _("Failed attempts on this account in the window."),
    ),
    "failures_from_address": Words(
        _BUSY,
        _("The same connection produced many wrong passwords. Ask whether it is shared (office, café, school)."),
        _("Failed attempts from this network address, on any account, in the window."),
    ),
    "accounts_from_address": Words(
        _BUSY,
        _("Many different accounts were tried from the same connection. Ask whether it is a shared one."),
        _("Different accounts tried from this network address in the window: suspected credential stuffing."),
    ),
    "sources_on_account": Words(
        _BUSY,
        _("Wrong passwords for this account came from several places. Advise a new password and a second step."),
        _("Different network addresses that failed on this account in the window: a distributed guess."),
    ),
    "burst_from_network": Words(
        _BUSY,
        _("Unusually many customers came from a network that is new to them. Do not take this for the caller's doing."),
        _("More newcomers from this network (AS) than its mean explains; points are the surprise in nats."),
    ),
    "impossible_travel": Words(
        _TRAVELLED,
        _("The last sign-in was in another country, too short a time ago to travel. Ask about a VPN."),
        _("Time since the last success in another country is shorter than travel takes."),
    ),
    "dormant_account": Words(
        _("Your account had not been used for a long time."),
        _("The account had not been used for a long time. Check that the caller knows why they came back."),
        _("Time since the last successful use of the account."),
    ),
    "new_account": Words(
        _("Your account is still very new."),
        _("The account was opened only just before."),
        _("Age of the account."),
    ),
    "recent_recovery": Words(
        _CHANGED,
        _("Access was recovered recently. Check that the customer themselves did that."),
        _("Time since access was recovered."),
    ),
    "recent_contact_change": Words(
        _CHANGED,
        _("Email address or phone number changed recently. Check that the customer themselves did that."),
        _("Time since email address or phone number changed."),
    ),
    "breached_password": Words(
        _("Your password may be known to others. Please choose a new one."),
        _("The password is known from leaks elsewhere. Advise a new one; never ask what it is."),
        _("The password that was typed is on the list of breached passwords."),
    ),
    "blocklisted_address": Words(
        _SOMETHING,
        _("Attacks have come from this connection before. Ask about a VPN or a shared connection."),
        _("The network address is on a list of attack sources."),
    ),
    "device_key_elsewhere": Words(
        NEW_BROWSER,
        _("A known browser's key came from another browser or system. Ask whether they moved to a new one."),
        _("The device key was given to another browser or system family: a copied cookie looks like this."),
    ),
    "device_key_abroad": Words(
        NEW_PLACE,
        _("A known browser came from a country and a network that are both new. Ask about travel, or a VPN."),
        _("A known device key with country and AS both new to the customer: a copied cookie looks like this."),
    ),
    "absurd_agent": Words(
        NEW_BROWSER,
        _("The program did not look like an ordinary browser. Ask what they used."),
        _("The user agent is nothing that a browser sends (length or control characters)."),
    ),
    "fresh_device_after_change": Words(
        _CHANGED,
        _("A new browser, shortly after the account was recovered or its address changed. Check both with care."),
        _("A device not known or just met, shortly after recovery or a change of contact."),
    ),
}
FINDINGS |= {
    "many_accounts_on_device": Words(
        _BUSY,
        _("Many customers signed in from this one browser. Ask whether it is shared (family, shop, library)."),
        _("Different customers whose sign-ins carried one device key."),
    ),
    "session_network_changed": Words(
        _MOVED,
        _("The session went on from another network. That alone is ordinary: phones move about."),
        _("The session is used from another network than it began in."),
    ),
    "session_browser_changed": Words(
        _MOVED,
        _("The session went on in another browser: it may have been copied. Advise a new password."),
        _("The session is used in another browser or system than it began in: a copied cookie looks like this."),
    ),
    "session_elsewhere": Words(
        _MOVED,
        _("The session went on elsewhere, in another browser: it was probably copied. Advise a new password."),
        _("The session is used in another browser and from another network than it began in."),
    ),
}
_PROGRAMS = _("Something about this sign-up looked like what programs do.")
FINDINGS |= {
    "sign_ups_from_address": Words(
        _PROGRAMS,
        _("Many accounts were asked for from the same connection. Ask whether it is shared (school, office, carrier)."),
        _("Different mailboxes signed up from this network address (IPv6: /64) in the window, this one included."),
    ),
    "sign_ups_from_network": Words(
        _PROGRAMS,
        _("Many accounts were asked for from the same network. That alone is ordinary for a large one."),
        _("Different mailboxes signed up from this network (/24, /48) in the window."),
    ),
    "sign_ups_from_asn": Words(
        _PROGRAMS,
        _("Many accounts were asked for from the same network operator. Do not take this for the caller's doing."),
        _("Different mailboxes signed up from this network operator (AS) in the window."),
    ),
    "sign_ups_at_domain": Words(
        _PROGRAMS,
        _("Many accounts were asked for with addresses of one mail domain. Ask whether it is an organization's."),
        _("Different mailboxes of this mail domain signed up in the window; domains that everybody uses do not count."),
    ),
    "spellings_of_mailbox": Words(
        _PROGRAMS,
        _("The same mailbox was signed up under several spellings. Ask whether the caller uses tags in addresses."),
        _("Spellings (tags, dots that mean nothing) of this one mailbox in the window."),
    ),
    "crowded_network": Words(
        _PROGRAMS,
        _("The network had asked for as many accounts or messages as one may. That is hardly the caller's doing."),
        _("sign_up.per_address_per_hour or proof.mails_per_network_address_per_hour was used up in this bucket."),
    ),
    "sign_ups_uncounted": Words(
        _PROGRAMS,
        _("Our counters did not answer at that moment, so everybody was asked for one more step."),
        _("The cache did not answer in time; what is not known counts against."),
    ),
    "accounts_on_device": Words(
        _PROGRAMS,
        _("Several accounts were opened in the same browser lately. Ask whether it is shared (family, shop, library)."),
        _("Accounts opened within sign_up.device_days by customers whose device keys this browser shows."),
    ),
    "disposable_domain": Words(
        _PROGRAMS,
        _("The address is at a service for addresses that are thrown away. Lists err: ask for another address."),
        _("The mail domain, or one that it lies in, is in the package disposable-email-domains."),
    ),
    "domain_without_mail": Words(
        _PROGRAMS,
        _("The domain of the address takes no mail. Ask the caller to spell it."),
        _("DNS has neither MX nor address for the mail domain, or a null MX (RFC 7505)."),
    ),
    "trapped_form": Words(
        _PROGRAMS,
        _("A field that people do not see was filled in. Once in a while a password manager does that."),
        _("The trap field of the form was not empty."),
    ),
    "hurried_form": Words(
        _PROGRAMS,
        _("The form was filled in very fast. Password managers are as fast: that alone is ordinary."),
        _("Time from opening the form to sending it."),
    ),
    "unseen_form": Words(
        _PROGRAMS,
        _("What was sent did not come from a form that was opened here lately. Ask the caller to load the page anew."),
        _("The form's opening was missing, forged, or longer ago than sign_up.form_hours."),
    ),
}
_MANY_THERE = _("Several accounts were opened lately with addresses like this one.")
FINDINGS |= {
    "accounts_at_domain": Words(
        _MANY_THERE,
        _("Many accounts began at one mail domain lately. Ask what it is: a company's or family's can be passed."),
        _("Accounts whose mailbox was shown at this mail domain within trust.domain_days, this one included."),
    ),
    "accounts_at_host": Words(
        _MANY_THERE,
        _("Many accounts began lately at new mail domains whose mail goes to one place. Ask who runs their mail."),
        _("The same at all domains whose mail goes to the same network (/24, /48)."),
    ),
}
_CROWD = "burst_"  # and the feature that many customers shared
UNKNOWN = Words(
    _SOMETHING,
    _("Something else was unusual. Ask a colleague who may see the details."),
    _("A finding that this release has no words for."),
)


def words(code: str) -> Words:
    """The words for a finding; a stored one of another release may be one that this release does not know."""
    if code in FINDINGS:
        return FINDINGS[code]
    shared = next((SHOWN[feature].name for feature in Feature if code == f"{_CROWD}{feature}"), None)
    if shared is None:
        return UNKNOWN
    return Words(
        _BUSY,
        _("Unusually many customers came with something they share. Do not take this for the caller's doing."),
        translate("More newcomers shared this than its mean explains: %(feature)s.") % {"feature": shared},
    )
