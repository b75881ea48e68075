"""Mails as Klaviyo's templates: HTML for phones, desks and dark mode, and the plain text beside it."""
