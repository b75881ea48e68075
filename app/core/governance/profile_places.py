"""The tables that say who is one person, in which segments they are, and what was told of that elsewhere."""

from __future__ import annotations

from typing import Final

from app.core.governance.catalogue import UNTIL_ERASED, UNTIL_REPLACED, WHILE_KNOWN, WITH_SHOP, Place, Source
from app.core.governance.terms import Term

PROFILE_PLACES: Final = (
    Place(
        "database.identity_ties",
        "Evidence that names are one person",
        Source.ATTUNE,
        "To know a shopper again across devices",
        WHILE_KNOWN,
        pseudonyms="left_id right_id",
        about="left_kind right_kind evidence hours",
        plain="marks stitched",
    ),
    Place(
        "database.identity_cuts",
        "Names that you have parted",
        Source.MERCHANT,
        "To keep two persons apart",
        UNTIL_ERASED,
        pseudonyms="left_id right_id",
        about="left_kind right_kind at by",
    ),
    Place(
        "database.customer_merges",
        "Merged customers",
        Source.SHOPIFY,
        "To follow a merge, and to undo it",
        UNTIL_ERASED,
        pseudonyms="gone kept orders",
        about="at undone_at undone_by",
    ),
    Place(
        "database.profiles",
        "Profiles",
        Source.ATTUNE,
        "One view of each shopper",
        WHILE_KNOWN,
        pseudonyms="id",
        about="since changed_at",
    ),
    Place(
        "database.profile_members",
        "Names of profiles",
        Source.ATTUNE,
        "One view of each shopper",
        WHILE_KNOWN,
        pseudonyms="id profile",
        about="kind standing",
    ),
    Place(
        "database.segment_members",
        "Members of segments",
        Source.ATTUNE,
        "Who is in which segment, and why",
        UNTIL_REPLACED,
        pseudonyms="profile",
        about="segment_id since why",
    ),
    Place(
        "database.segment_changes",
        "History of segments",
        Source.ATTUNE,
        "Who entered and left which segment",
        Term.SEGMENTS,
        pseudonyms="profile",
        about="segment_id at entered",
    ),
    Place(
        "database.told_customers",
        "Customers told to Shopify",
        Source.ATTUNE,
        "So that a metafield is written once, and taken back",
        UNTIL_ERASED,
        pseudonyms="customer_id",
        about="digest at complaint",
    ),
    Place(
        "database.flow_outbox",
        "Triggers for Shopify Flow",
        Source.ATTUNE,
        "To tell Flow who entered a segment, once",
        Term.SEGMENTS,
        pseudonyms="profile",
        about="handle segment_id at state done_at complaint",
    ),
    Place(
        "database.segment_previews",
        "Previews of segments",
        Source.ATTUNE,
        "A count and a few examples before you save a rule",
        WITH_SHOP,
        pseudonyms="sample",
        about="state everybody",
        plain="id rule asked_at count complaint",
    ),
)
