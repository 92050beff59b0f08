"""The only speaker of iptocc: the countries that the registries assigned address blocks to, shipped in the package."""

import iptocc

from ciam_portal.core.places.kinds import Address, country_of


class Registry:
    """What is known before an operator loads anything: countries."""

    def country(self, ip: Address) -> str:
        """The country that the block was assigned to, or ""."""
        return country_of(iptocc.country_code(str(ip)))

    def asn(self, ip: Address) -> int | None:  # noqa: ARG002  (a Reader's shape)
        """Not in the package."""
        return None
