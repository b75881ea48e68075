"""Everything that writes something about a shopper, and why it may: the list that a test holds against the code.

The test finds the writers by reading the code: SQL that writes into a table of people, modules that use a shopper's
keys in Redis, and whatever makes a file of the lake. One that is not here fails it; one that says that it asks fails it
unless the module that it names really calls the consent function.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Basis(StrEnum):
    """Why a writer may write."""

    ASKS = "asks the consent function"
    SQL = "says the same in SQL, which a test compares with the consent function"
    CONTRACT = "keeps Shopify's own records, under the merchant's contract; what is made of them asks"
    RIGHTS = "honours somebody's right, or proves that it was honoured"
    UPKEEP = "only changes, joins or takes away what stands already"
    OWN = "is about the merchant, who gave it"


@dataclass(frozen=True, slots=True)
class Writer:
    """A module and the places that it writes.

    `asked` is the module that calls the consent function before anything gets here; only for those that ask.
    """

    module: str
    places: tuple[str, ...]
    basis: Basis
    asked: str = ""


EVENTS: Final = "app/core/events.py"
FOLDING: Final = "app/services/fold_events.py"
SERVING: Final = "app/services/serve_recommendations.py"
LAKE_INDEX: Final = "app/adapters/db/lake.py"
TAKING_IN: Final = "app/services/take_in.py"
TIES: Final = "app/core/profiles/identity_ties.py"
SEGMENTS: Final = "app/adapters/db/segment_people.py"

WRITERS: Final = (
    # What browsers report and what they are answered.
    Writer("app/adapters/redis/event_stream.py", ("redis.events",), Basis.ASKS, EVENTS),
    Writer("app/adapters/redis/consumer.py", ("redis.dead_letters", "redis.events"), Basis.ASKS, EVENTS),
    Writer("app/adapters/redis/decision_buffer.py", ("redis.events",), Basis.ASKS, SERVING),
    Writer(
        "app/adapters/redis/live_state.py",
        ("redis.visitor", "redis.client", "redis.client_state", "redis.unit", "redis.customer", "redis.erased"),
        Basis.ASKS,
        FOLDING,
    ),
    Writer(
        "app/adapters/redis/deeds.py",
        ("redis.deeds", "redis.visitor", "redis.erased"),
        Basis.ASKS,
        "app/services/follow_live_rules.py",
    ),
    Writer(
        "app/adapters/redis/units.py",
        ("redis.unit", "redis.unit_of_customer", "redis.browsers_of_customer"),
        Basis.ASKS,
        SERVING,
    ),
    Writer(
        LAKE_INDEX,
        (
            "database.clicks",
            "database.decisions",
            "database.visitor_orders",
            "database.visitor_clients",
            "database.browser_consents",
        ),
        Basis.ASKS,
        LAKE_INDEX,
    ),
    Writer("app/adapters/lake/lake.py", ("lake",), Basis.ASKS, LAKE_INDEX),
    # What other systems deliver: of browsers by the consent that each row carries, of customers by their opt-out.
    Writer("app/adapters/lake/source_rows.py", ("lake.ga4",), Basis.ASKS, "app/core/sources/ga4.py"),
    Writer("app/adapters/lake/source_rows.py", ("lake.engagement", "lake.tickets"), Basis.ASKS, TAKING_IN),
    # Made of engagement, which asked on its way in; objectors are left out once more.
    Writer("app/adapters/db/engagement.py", ("database.ignored_products",), Basis.ASKS, TAKING_IN),
    Writer("app/adapters/db/roll_ups.py", ("database.visitor_orders",), Basis.UPKEEP),
    Writer("app/adapters/lake/upkeep.py", ("lake",), Basis.UPKEEP),
    # Imports of other sources.
    Writer("app/adapters/db/source_deliveries.py", ("database.source_uploads",), Basis.CONTRACT),
    # Shopify's own records, and the keyed store that is made of them.
    Writer("app/adapters/db/merge_people.py", ("database.customers", "database.orders"), Basis.CONTRACT),
    Writer("app/adapters/db/inbox.py", ("database.deliveries",), Basis.CONTRACT),
    Writer("app/adapters/db/installations.py", ("database.deliveries", "database.klaviyo_connections"), Basis.UPKEEP),
    Writer("app/adapters/db/email_customers.py", ("database.experiment_customers",), Basis.SQL),
    Writer("app/adapters/redis/customers.py", ("redis.customer",), Basis.CONTRACT),
    # Who is one person, and in which segments.
    Writer(
        "app/adapters/db/identity_ties.py",
        ("database.identity_ties", "database.profile_members", "database.profiles"),
        Basis.ASKS,
        TIES,
    ),
    Writer(
        "app/adapters/db/stitching.py",
        ("database.identity_ties", "database.profile_members", "database.profiles"),
        Basis.ASKS,
        TIES,
    ),
    Writer("app/adapters/db/profile_cuts.py", ("database.identity_cuts", "database.identity_ties"), Basis.UPKEEP),
    Writer(
        "app/adapters/db/customer_merges.py",
        ("database.customer_merges", "database.customers", "database.orders"),
        Basis.CONTRACT,
    ),
    Writer(
        "app/adapters/db/segment_members.py",
        ("database.segment_members", "database.segment_changes"),
        Basis.ASKS,
        SEGMENTS,
    ),
    Writer(
        "app/adapters/db/live_rules.py",
        ("database.segment_members", "database.segment_changes"),
        Basis.ASKS,
        "app/services/follow_live_rules.py",
    ),
    Writer("app/adapters/db/segment_previews.py", ("database.segment_previews",), Basis.ASKS, SEGMENTS),
    Writer("app/adapters/db/flow_outbox.py", ("database.flow_outbox",), Basis.ASKS, "app/services/tell_flow.py"),
    Writer(
        "app/adapters/db/told_customers.py", ("database.told_customers",), Basis.ASKS, "app/services/tell_segments.py"
    ),
    Writer("app/adapters/db/mail_deeds.py", ("database.mail_deeds",), Basis.ASKS, "app/services/note_mail_deeds.py"),
    # What stands already is joined to occasions; before anything is sent of one, the consent function is asked.
    Writer("app/adapters/db/mail_occasions.py", ("database.mail_triggers", "database.mail_deeds"), Basis.UPKEEP),
    Writer("app/adapters/db/mail_triggers.py", ("database.mail_triggers",), Basis.ASKS, "app/services/start_flows.py"),
    Writer("app/adapters/db/mail_previews.py", ("database.mail_previews",), Basis.ASKS, "app/services/preview_mail.py"),
    Writer("app/adapters/db/mail_offers.py", ("database.mail_offers",), Basis.ASKS, "app/services/start_flows.py"),
    Writer(
        "app/adapters/db/klaviyo_pushes.py",
        ("database.klaviyo_pushes",),
        Basis.ASKS,
        "app/services/compose_profiles.py",
    ),
    Writer("app/adapters/db/klaviyo_connections.py", ("database.klaviyo_connections",), Basis.OWN),
    # In another account nothing is known of what stands in whose profile.
    Writer("app/adapters/db/klaviyo_connections.py", ("database.klaviyo_pushes",), Basis.UPKEEP),
    # What shoppers ask for, and the proof of it.
    Writer(
        "app/adapters/db/shopper_consents.py",
        ("database.shopper_preferences", "database.consent_changes"),
        Basis.RIGHTS,
    ),
    Writer("app/adapters/redis/preferences.py", ("redis.own", "redis.own_of"), Basis.RIGHTS),
    Writer("app/adapters/db/access_log.py", ("database.access_log",), Basis.RIGHTS),
    Writer(
        "app/adapters/db/privacy.py",
        (
            "database.buried_emails",
            "database.receipts",
            "database.tombstones",
            "database.visitor_orders",
            "database.visitor_tombstones",
        ),
        Basis.RIGHTS,
    ),
    Writer(
        "app/adapters/db/erasure_rules.py",
        (
            "database.access_log",
            "database.decisions",
            "database.deliveries",
            "database.mail_offers",
            "database.orders",
            "database.receipts",
        ),
        Basis.UPKEEP,
    ),
    Writer("app/adapters/db/retention.py", ("database.deliveries", "database.receipts"), Basis.UPKEEP),
    Writer(
        "app/adapters/redis/erasable.py",
        (
            "redis.events",
            "redis.dead_letters",
            "redis.visitor",
            "redis.client",
            "redis.client_state",
            "redis.customer",
            "redis.unit",
            "redis.unit_of_customer",
            "redis.browsers_of_customer",
            "redis.own",
            "redis.own_of",
            "redis.erased",
            "redis.deeds",
        ),
        Basis.RIGHTS,
    ),
)
