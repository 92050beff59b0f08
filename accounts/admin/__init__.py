"""The staff site's pages about customers: their records, what they dispute, and what watching risk found."""

from accounts.admin import alerts, customers, disputes, roles

__all__ = ["alerts", "customers", "disputes", "roles"]
