"""Profiles as they stand in the Klaviyo twin after a push."""
