"""Words for what a sign-in showed: one feature of the model each.

The customer hears of two things only, browser and place: which of the finer ones spoke would tell somebody else what
to imitate.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.risk.visit import Feature
from ciam_portal.core.words import Text

# Nobody knows yet who it was, so nothing here says "you".
NEW_BROWSER = _("The browser was one we have not seen with your account, or one that has forgotten it.")
SELDOM_BROWSER = _("The browser was one that is seldom used with your account.")
NEW_PLACE = _("The place, network or connection was one we have not seen with your account.")
SELDOM_PLACE = _("The place or network was one that is seldom used with your account.")
SEEN = (NEW_BROWSER, SELDOM_BROWSER, NEW_PLACE, SELDOM_PLACE)


@dataclass(frozen=True, slots=True)
class FeatureTexts:
    """One feature: what the operator calls it, and what customer and agent read if it is new, or known but seldom."""

    name: Text
    new: Text
    seldom: Text
    agent_new: Text
    agent_seldom: Text


def _of_browser(name: Text, agent_new: Text, agent_seldom: Text) -> FeatureTexts:
    return FeatureTexts(name, NEW_BROWSER, SELDOM_BROWSER, agent_new, agent_seldom)


def _of_place(name: Text, agent_new: Text, agent_seldom: Text) -> FeatureTexts:
    return FeatureTexts(name, NEW_PLACE, SELDOM_PLACE, agent_new, agent_seldom)


SHOWN: dict[Feature, FeatureTexts] = {
    Feature.DEVICE: _of_browser(
        _("device key"),
        _("The browser brought no key of this customer. Ask: new device, cookies cleared, or a private window?"),
        _("The browser brought a key of this customer that is rarely used. Ask which device it was."),
    ),
    Feature.COUNTRY: _of_place(
        _("country"),
        _("The country is new for this customer. Ask where they were, and whether they use a VPN."),
        _("The country is one this customer rarely signs in from. Ask where they were."),
    ),
    Feature.ASN: _of_place(
        _("network operator (AS)"),
        _("The network operator is new for this customer. Ask: another provider, a hotel, a VPN?"),
        _("The network operator is one this customer rarely uses. Ask which connection they used."),
    ),
    Feature.PREFIX: _of_place(
        _("network prefix"),
        _("The network is new for this customer. Ask which connection they used."),
        _("The network is one this customer rarely uses. Ask which connection they used."),
    ),
    Feature.ADDRESS: _of_place(
        _("network address"),
        _("The network address is new for this customer. That alone is ordinary: addresses change."),
        _("The network address is one this customer rarely has. That alone is ordinary."),
    ),
    Feature.SYSTEM: _of_browser(
        _("operating system"),
        _("The operating system is new for this customer. Ask whether they have a new device."),
        _("The operating system is one this customer rarely uses. Ask which device it was."),
    ),
    Feature.KIND: _of_browser(
        _("kind of device"),
        _("The kind of device (phone or computer) is new for this customer. Ask which device it was."),
        _("The kind of device is one this customer rarely uses. Ask which device it was."),
    ),
    Feature.BROWSER: _of_browser(
        _("browser family"),
        _("The browser is new for this customer. Ask which browser they used."),
        _("The browser is one this customer rarely uses. Ask which browser they used."),
    ),
    Feature.AGENT: _of_browser(
        _("browser's full name"),
        _("The browser's version is new for this customer. That alone is ordinary: browsers update."),
        _("The browser's version is one this customer rarely shows. That alone is ordinary."),
    ),
}
