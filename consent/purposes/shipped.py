"""The purposes that every installation begins with, and what permissions of apps are for. Staff may follow them up."""

from dataclasses import dataclass, field

from consent.purposes.policy import Access, Basis, Recipient, Sensitivity, Terms

OF_SCOPES = {
    "openid": "sign_in",
    "profile": "profile",
    "email": "contact_details",
    "phone": "contact_details",
    "identity": "identity",
    "identity_evidence": "identity",
    "activity": "activity",
    "delegations": "sign_in",
    "offline_access": "sign_in",
}
"""For what each permission is. One that is missing here stops the start. Those of partners themselves open nothing."""
CATEGORIES_OF_SCOPES: dict[str, tuple[str, ...]] = {
    "openid": ("pseudonym",),
    "profile": ("name", "preference"),
    "email": ("email",),
    "phone": ("phone",),
    "identity": ("identity",),
    "identity_evidence": ("document",),
    "activity": ("behavior", "location", "device"),
    "delegations": (),
    "offline_access": (),
}
SECURITY_NOTICES, PRODUCT_NEWS, RESEARCH, IMPROVE_SERVICE, OWN_APPLICATIONS, ACTING = (
    "security_notices", "product_news", "research", "improve_service", "own_applications", "acting",
)  # fmt: skip
NEEDED = frozenset({*OF_SCOPES.values(), SECURITY_NOTICES, OWN_APPLICATIONS, ACTING})
"""What the portal itself rests on: a version may follow another, but one is always active."""
_CONNECTED_DAYS, _ASKED_DAYS = 730, 395  # what a connection lives at most; what is asked for besides, 13 months


@dataclass(frozen=True, slots=True)
class Shipped:
    """One purpose, as the installation has it approved with its first version."""

    key: str
    terms: Terms
    texts: dict[str, dict[str, str]] = field(default_factory=dict)


def _texts(en: tuple[str, str], de: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {language: {"title": title, "words": words} for language, (title, words) in {"en": en, "de": de}.items()}


def _connected(*categories: str, optional: tuple[str, ...] = (), sensitivity: Sensitivity) -> Terms:
    return Terms(
        Basis.CONSENT, Access.SHARE, categories, optional, (Recipient.APP,), None, _CONNECTED_DAYS, sensitivity
    )


SHIPPED = (
    Shipped(
        "sign_in",
        Terms(
            Basis.CONTRACT, Access.SHARE, ("pseudonym",), (), (Recipient.OURSELVES, Recipient.APP), None, None,
            Sensitivity.ORDINARY,
        ),
        _texts(
            ("Sign you in", "To sign you in, here and at apps that you connect, and to know you when you return."),
            ("Sie anmelden", "Um Sie hier und bei verbundenen Apps anzumelden und Sie wiederzuerkennen."),
        ),
    ),
    Shipped(
        "contact_details",
        _connected("email", "phone", optional=("phone",), sensitivity=Sensitivity.ORDINARY),
        _texts(
            ("Give an app your contact details", "So that an app that you connect can reach you."),
            ("Einer App Ihre Kontaktdaten geben", "Damit eine App, die Sie verbinden, Sie erreichen kann."),
        ),
    ),
    Shipped(
        "profile",
        _connected("name", "preference", sensitivity=Sensitivity.ORDINARY),
        _texts(
            ("Give an app your profile", "So that an app that you connect knows your name, language and time zone."),
            ("Einer App Ihr Profil geben", "Damit eine verbundene App Ihren Namen, Ihre Sprache und Zeitzone kennt."),
        ),
    ),
    Shipped(
        "identity",
        _connected("identity", "document", optional=("document",), sensitivity=Sensitivity.SENSITIVE),
        _texts(
            ("Tell an app who you are", "So that an app that you connect can be sure of who you are."),
            ("Einer App zeigen, wer Sie sind", "Damit sich eine verbundene App darauf verlassen kann, wer Sie sind."),
        ),
    ),
    Shipped(
        "activity",
        _connected("behavior", "location", "device", sensitivity=Sensitivity.SENSITIVE),
        _texts(
            ("Show an app your sign-ins", "So that an app that you connect can show when and where you signed in."),
            ("Einer App Ihre Anmeldungen zeigen", "Damit eine verbundene App zeigt, wann und wo Sie sich anmelden."),
        ),
    ),
    Shipped(
        SECURITY_NOTICES,
        Terms(
            Basis.CONTRACT, Access.CONTACT, ("email", "phone", "recovery"), (), (Recipient.OURSELVES,), None, None,
            Sensitivity.ORDINARY,
        ),
        _texts(
            ("Tell you about your account", "To tell you what happens to your account, so that nobody takes it."),
            ("Sie über Ihr Konto informieren", "Um Ihnen zu sagen, was mit Ihrem Konto geschieht, zu Ihrem Schutz."),
        ),
    ),
    Shipped(
        OWN_APPLICATIONS,
        Terms(
            Basis.CONTRACT, Access.READ, ("email", "name", "phone", "preference", "pseudonym"), (),
            (Recipient.OURSELVES,), None, None, Sensitivity.ORDINARY,
        ),
        _texts(
            ("Know you in our applications", "So that our own applications know who you are when you use them."),
            ("Sie in unseren Anwendungen kennen", "Damit unsere eigenen Anwendungen wissen, wer Sie sind."),
        ),
    ),
    Shipped(
        ACTING,
        Terms(
            Basis.CONTRACT, Access.SHARE, ("email", "name", "phone", "preference"), (), (Recipient.DELEGATE,), None,
            None, Sensitivity.ORDINARY,
        ),
        _texts(
            ("Let others act for you", "So that people whom you let act for you see what you let them see."),
            ("Andere für Sie handeln lassen", "Damit Menschen, die für Sie handeln, sehen, was Sie ihnen zeigen."),
        ),
    ),
    Shipped(
        PRODUCT_NEWS,
        Terms(
            Basis.CONSENT, Access.CONTACT, ("email", "name", "phone"), ("name", "phone"), (Recipient.OURSELVES,), None,
            _ASKED_DAYS, Sensitivity.ORDINARY,
        ),
        _texts(
            ("Send you news", "To write to you about new things that we offer."),
            ("Ihnen Neuigkeiten senden", "Um Ihnen über neue Angebote zu schreiben."),
        ),
    ),
    Shipped(
        RESEARCH,
        Terms(
            Basis.CONSENT, Access.SHARE, ("behavior", "device", "location"), ("device", "location"),
            (Recipient.RESEARCHER,), 365, _ASKED_DAYS, Sensitivity.SENSITIVE,
        ),
        _texts(
            ("Help research", "To let researchers study how people sign in. They get no name and no address."),
            ("Die Forschung unterstützen", "Damit Forschende sehen, wie Menschen sich anmelden; ohne Namen."),
        ),
    ),
    Shipped(
        IMPROVE_SERVICE,
        Terms(
            Basis.LEGITIMATE_INTEREST, Access.PROFILE, ("behavior", "device"), (), (Recipient.OURSELVES,), 365, None,
            Sensitivity.ORDINARY,
        ),
        _texts(
            ("Improve our service", "To see which of our pages are used and where people get stuck. You can object."),
            ("Unseren Dienst verbessern", "Um zu sehen, welche Seiten genutzt werden. Sie können widersprechen."),
        ),
    ),
)  # fmt: skip
