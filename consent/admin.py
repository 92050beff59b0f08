"""Where Django's admin looks for pages."""

from consent.permission import admin
from consent.purposes import admin as purposes
from consent.rights import admin as rights

__all__ = ["admin", "purposes", "rights"]
