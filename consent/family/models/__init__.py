"""Families, who answers for whom in them, and what they ask of one another."""

from consent.family.models.asking import FamilyRequest, Removal
from consent.family.models.people import Dependant, Family, Membership, ParentalResponsibility

__all__ = ["Dependant", "Family", "FamilyRequest", "Membership", "ParentalResponsibility", "Removal"]
