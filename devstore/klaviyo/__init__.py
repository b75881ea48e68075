"""The Klaviyo twin: a separate program that speaks Klaviyo's wire, sends its mails into an inbox, and has shoppers.

It imports nothing of ``app`` or ``workers``. `devstore.klaviyo.twin.create_twin` composes it.
"""
