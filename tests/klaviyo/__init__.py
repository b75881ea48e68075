"""Tests of the connection to Klaviyo."""
