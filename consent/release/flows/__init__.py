"""A partner exchanges what it holds. Whatever that rests on is asked again, under lock; or found to be unchanged.

Rows are locked in one order: consent, customer, session, and what hangs from them. A withdrawal, a lock or an end waits
for an exchange, or the exchange finds it. A code or token that was found but not exchanged is an outcome (``Why``), not
a refusal: that it was presented must be kept.
"""
