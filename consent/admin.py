"""Where Django's admin looks for pages."""

from consent.business import admin as business
from consent.family import admin as family
from consent.ledger import admin as ledger
from consent.permission import admin
from consent.purposes import admin as purposes
from consent.rights import admin as rights

__all__ = ["admin", "business", "family", "ledger", "purposes", "rights"]
