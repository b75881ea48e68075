"""Klaviyo, through its own SDK: for workers only, because the SDK is slow to import and heavy in memory."""
