"""What goes from each table with a customer, what with the shop, and what an export shows of it.

The order matters for customers: a row goes before the link by which it was found, so that an erasure that was killed
half-way still finds the rest. A test compares this list with the tables that exist.
"""

from __future__ import annotations

from dataclasses import dataclass

IS_PERSONAL_TOPIC = "topic LIKE ANY (ARRAY['customers/%', 'orders/%', 'refunds/%', 'checkouts/%'])"
BY_WHO = (
    "(kind = 'customer' AND who = cast(:customer AS text)) OR (kind IN ('visitor', 'client') AND who = ANY(:digests))"
)


def _is_theirs(kind: str, id: str) -> str:
    """SQL that is true of the names of the person."""
    return (
        f"(({kind} = 'customer' AND {id} = cast(:customer AS text)) OR ({kind} = 'visitor' AND {id} = ANY(:visitors)) "
        f"OR ({kind} = 'client' AND {id} = ANY(:clients)) OR ({kind} = 'email' AND {id} = ANY(:emails)) "
        f"OR ({kind} = 'klaviyo' AND {id} = ANY(:klaviyo)) OR ({kind} = 'ga4' AND {id} = ANY(:ga4)) "
        f"OR ({kind}, {id}) IN (SELECT m.kind, m.id FROM profile_members m WHERE m.profile = ANY(:profiles)))"
    )


BY_NAMES = f"{_is_theirs('left_kind', 'left_id')} OR {_is_theirs('right_kind', 'right_id')}"
IS_MEMBER = f"{_is_theirs('kind', 'id')}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one table is treated; the session sets the shop.

    SQL may name :customer (0 for a guest), :orders, :visitors, :clients, :profiles, :emails (keyed hashes as
    hexadecimal text), :hashes (the same as bytes), :klaviyo, :ga4 and :digests (by which `shopper_preferences` knows
    browsers).
    """

    table: str
    erase: str | None = None
    """None: the table holds nothing about a customer."""
    export: str | None = None
    with_shop: str | None = None
    """What the shop's erasure does; all rows are deleted unless said otherwise."""
    boxes: tuple[str, ...] = ()
    """Columns of the export that are opened first."""
    left: str | None = None
    """A condition that finds what should be gone, where it is not the condition of `erase` itself."""


RULES = (
    Rule(
        "segment_members",
        erase="DELETE FROM segment_members WHERE profile = ANY(:profiles)",
        export="SELECT s.name, s.sentence, m.since, m.why FROM segment_members m "
        "JOIN segments s ON s.id = m.segment_id WHERE m.profile = ANY(:profiles)",
    ),
    Rule(
        "segment_changes",
        erase="DELETE FROM segment_changes WHERE profile = ANY(:profiles)",
        export="SELECT s.name, c.at, c.entered FROM segment_changes c JOIN segments s ON s.id = c.segment_id "
        "WHERE c.profile = ANY(:profiles)",
    ),
    Rule(
        # A preview lives for a day, and whose numbers its sample shows is not worth an index.
        "segment_previews",
        erase="DELETE FROM segment_previews WHERE sample <> '[]'",
    ),
    Rule(
        "clicks",
        erase="DELETE FROM clicks WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT at, placement, rail, product_id, position FROM clicks "
        "WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
    ),
    Rule(
        "decisions",
        # A unit is the first id of a customer, who may have come under another one this time.
        erase="UPDATE decisions SET visitor = NULL, unit = NULL "
        "WHERE visitor = ANY(:visitors) OR unit = ANY(:visitors)",
        export="SELECT request_id, at, placement, rail, product_id, strategy, variant, items FROM decisions "
        "WHERE visitor = ANY(:visitors) OR unit = ANY(:visitors)",
    ),
    Rule(
        "experiment_customers",
        erase="DELETE FROM experiment_customers WHERE customer_id = :customer",
        export="SELECT experiment_id, arm, at FROM experiment_customers WHERE customer_id = :customer",
    ),
    Rule(
        "visitor_clients",
        erase="DELETE FROM visitor_clients WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT visitor, client, at FROM visitor_clients "
        "WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
    ),
    Rule(
        "deliveries",
        # Payloads can't be searched; those that may name people and are done with go a few days early.
        erase=f"UPDATE deliveries SET payload = NULL WHERE state <> 'pending' AND payload IS NOT NULL "
        f"AND {IS_PERSONAL_TOPIC}",
        # The request for the erasure is itself a delivery; without it a killed erasure would never be finished.
        with_shop="DELETE FROM deliveries WHERE state <> 'pending'",
    ),
    Rule(
        # That somebody looked stays, whose fields they were does not.
        "access_log",
        erase="UPDATE access_log SET subject_id = 'erased' WHERE (subject_kind = 'customer' AND :customer <> 0 "
        "AND subject_id = cast(:customer AS text)) OR (subject_kind = 'order' "
        "AND subject_id = ANY(cast(cast(:orders AS bigint[]) AS text[])))",
        export="SELECT at, reader, fields, why FROM access_log WHERE (subject_kind = 'customer' "
        "AND subject_id = cast(:customer AS text)) OR (subject_kind = 'order' "
        "AND subject_id = ANY(cast(cast(:orders AS bigint[]) AS text[])))",
    ),
    Rule(
        "browser_consents",
        erase=f"DELETE FROM browser_consents WHERE {BY_WHO}",
        export=f"SELECT kind, analytics, preferences, marketing, at FROM browser_consents WHERE {BY_WHO}",
    ),
    Rule(
        "consent_changes",
        erase=f"DELETE FROM consent_changes WHERE {BY_WHO}",
        export=f"SELECT at, kind, what, was, became, source FROM consent_changes WHERE {BY_WHO}",
    ),
    Rule(
        "shopper_preferences",
        erase=f"DELETE FROM shopper_preferences WHERE {BY_WHO}",
        export=f"SELECT kind, personalise, remember, email, hidden, changed_at FROM shopper_preferences WHERE {BY_WHO}",
    ),
    Rule(
        "receipts",
        erase="UPDATE receipts SET export = NULL WHERE export IS NOT NULL AND subject = cast(:customer AS text)",
        with_shop="UPDATE receipts SET export = NULL WHERE export IS NOT NULL",
    ),
    Rule(
        "identity_ties",
        erase=f"DELETE FROM identity_ties WHERE {BY_NAMES}",
        export="SELECT left_kind, left_id, right_kind, right_id, evidence, "
        "to_timestamp(hours[1] * 3600::bigint) AS first, "
        f"cardinality(hours) AS times FROM identity_ties WHERE {BY_NAMES}",
    ),
    Rule("identity_cuts", erase=f"DELETE FROM identity_cuts WHERE {BY_NAMES}"),
    Rule(
        "customer_merges",
        erase="DELETE FROM customer_merges WHERE gone = :customer OR kept = :customer",
        export="SELECT gone, kept, at, undone_at FROM customer_merges WHERE gone = :customer OR kept = :customer",
    ),
    Rule(
        "profiles",
        erase="DELETE FROM profiles WHERE id = ANY(:profiles)",
        export="SELECT id, since, changed_at FROM profiles WHERE id = ANY(:profiles)",
    ),
    Rule(
        # After all that is found by visitors and clients; burying has noted them here.
        "visitor_orders",
        erase="DELETE FROM visitor_orders "
        "WHERE order_id = ANY(:orders) OR visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT order_id, visitor, client, at FROM visitor_orders WHERE order_id = ANY(:orders)",
    ),
    Rule(
        # After all that is found by the profile.
        "profile_members",
        erase=f"DELETE FROM profile_members WHERE {IS_MEMBER}",
        export=f"SELECT kind, id FROM profile_members WHERE {IS_MEMBER}",
    ),
    Rule(
        "order_lines",
        export="SELECT order_id, product_id, variant_id, quantity, unit_price, discount FROM order_lines "
        "WHERE order_id = ANY(:orders)",
    ),
    Rule(
        "orders",
        # What was sold stays for the shop's figures; who bought it goes.
        erase="UPDATE orders SET customer_id = NULL, contact = NULL, email_hash = NULL, erased = true "
        "WHERE id = ANY(:orders) "
        "AND (NOT erased OR customer_id IS NOT NULL OR contact IS NOT NULL OR email_hash IS NOT NULL)",
        export="SELECT id, name, contact, currency, total, discounts, refunded, discount_codes, created_at FROM orders "
        "WHERE id = ANY(:orders)",
        boxes=("contact",),
    ),
    Rule(
        # After the orders: a guest's order is found by the e-mail that stands here.
        "customers",
        erase="DELETE FROM customers WHERE id = :customer",
        export="SELECT id, contact, orders_count, amount_spent, email_marketing, opted_out, tags, created_at "
        "FROM customers WHERE id = :customer",
        boxes=("contact",),
    ),
    Rule(
        "flow_outbox",
        erase="DELETE FROM flow_outbox WHERE profile = ANY(:profiles)",
        export="SELECT handle, segment_id, at, state FROM flow_outbox WHERE profile = ANY(:profiles)",
    ),
    Rule(
        # What stands in the store's metafields is taken away by a job of its own, which is due in the same step.
        "told_customers",
        erase="WITH gone AS (DELETE FROM told_customers WHERE :customer <> 0 AND customer_id = :customer "
        "RETURNING shop_id, customer_id) INSERT INTO due_work (shop_id, kind, id, due_at) "
        "SELECT shop_id, 'untell', customer_id::text, now() FROM gone ON CONFLICT DO NOTHING",
        export="SELECT digest, at FROM told_customers WHERE customer_id = :customer",
        left=":customer <> 0 AND customer_id = :customer",
    ),
    Rule(
        "ignored_products",
        erase="DELETE FROM ignored_products WHERE :customer <> 0 AND customer_id = :customer",
        export="SELECT product_id, times FROM ignored_products WHERE customer_id = :customer",
    ),
    Rule(
        "mail_triggers",
        erase="DELETE FROM mail_triggers WHERE :customer <> 0 AND customer_id = :customer",
        export="SELECT trigger, at, product_id, cart, items, state, arm FROM mail_triggers "
        "WHERE customer_id = :customer",
    ),
    Rule(
        # That a code was given out stays, for the budget; to whom does not.
        "mail_offers",
        erase="UPDATE mail_offers SET customer_id = NULL WHERE :customer <> 0 AND customer_id = :customer",
        export="SELECT code, issued_at, expires_at, used_at FROM mail_offers WHERE customer_id = :customer",
    ),
    Rule(
        "mail_deeds",
        erase="DELETE FROM mail_deeds "
        "WHERE kind = 'visitor' AND who = ANY(:visitors) OR kind = 'client' AND who = ANY(:clients)",
        export="SELECT product_id, what, times, variants, first_at, last_at FROM mail_deeds "
        "WHERE kind = 'visitor' AND who = ANY(:visitors) OR kind = 'client' AND who = ANY(:clients)",
    ),
    Rule(
        # What stands in Klaviyo is found by the address alone, which waits, sealed, until the profile is empty.
        "klaviyo_pushes",
        erase="WITH due AS (INSERT INTO due_work (shop_id, kind, id, due_at) "
        "SELECT shop_id, 'unpush', 'sealed:' || encode(sent_to, 'hex'), now() FROM klaviyo_pushes "
        "WHERE :customer <> 0 AND customer_id = :customer AND sent_to IS NOT NULL ON CONFLICT DO NOTHING) "
        "DELETE FROM klaviyo_pushes WHERE :customer <> 0 AND customer_id = :customer",
        export="SELECT products, state, at FROM klaviyo_pushes WHERE customer_id = :customer",
        left=":customer <> 0 AND customer_id = :customer",
    ),
    Rule(
        "mail_previews",
        erase="DELETE FROM mail_previews WHERE :customer <> 0 AND customer_id = :customer",
        export="SELECT mail, arm, asked_at FROM mail_previews WHERE customer_id = :customer",
    ),
    Rule("klaviyo_pushing"),
    Rule("audience_counts"),
    Rule("segment_outlets"),
    Rule("buried_emails"),
    Rule("ad_spend"),
    Rule("changed_days"),
    Rule("claims"),
    Rule("collection_products"),
    Rule("collections"),
    Rule("consents"),
    Rule("credentials"),
    Rule("deliveries_of_sources"),
    Rule("engagement_hooks"),
    Rule("engagement_marks"),
    Rule("event_counts"),
    Rule("experiment_changes"),
    Rule("experiment_readings"),
    Rule("experiment_windows"),
    Rule("experiments"),
    Rule("feed_keys"),
    Rule("inventory_levels"),
    Rule("mail_counts"),
    Rule("mail_feeds"),
    Rule("mail_goods"),
    Rule("mail_offer_discounts"),
    Rule("mail_settings"),
    Rule("model_pointers"),
    Rule("model_runs"),
    Rule("model_trials"),
    Rule("product_impressions"),
    Rule("products"),
    Rule("outside_stock"),
    Rule("published_lists"),
    Rule("refund_lines"),
    Rule("refunds"),
    Rule("removals"),
    Rule("retention_runs"),
    Rule("segment_days"),
    Rule("segment_scales"),
    Rule("segments"),
    Rule("settings"),
    Rule("shop_profiles"),
    Rule("source_days"),
    Rule("source_quality"),
    # Sealed, and of minutes: who takes it in heeds the tombstones.
    Rule("source_uploads"),
    Rule("stock_keys"),
    Rule("klaviyo_connections"),
    Rule("klaviyo_askings"),
    Rule("klaviyo_flows"),
    Rule("klaviyo_templates"),
    Rule("mail_looks"),
    Rule("mail_care"),
    Rule("care_texts"),
    Rule("store_articles"),
    Rule("stock_rules"),
    Rule("steering_versions"),
    Rule("sync_problems"),
    Rule("sync_runs"),
    Rule("tombstones"),
    Rule("variants"),
    Rule("visit_days"),
    Rule("visitor_tombstones"),
)
