"""The staff site's pages about customers: records, restrictions, what they dispute, and what watching risk found."""

from accounts.admin import alerts, customers, disputes, restrictions, roles

__all__ = ["alerts", "customers", "disputes", "restrictions", "roles"]
