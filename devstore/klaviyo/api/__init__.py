"""Klaviyo's HTTP API over an `Account`: JSON:API documents, scopes, quotas and errors as Klaviyo gives them.

One module for each family of endpoints; `gate` is what every request passes through.
"""
