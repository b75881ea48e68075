"""All tables, by topic. Every one has ``shop_id`` in its key and row-level security forced, except the two that
must be read before the shop is known: ``shops`` and ``due_work``.

Personal fields (law 3) are columns of type bytes that hold `app.adapters.crypto` boxes; money is in minor units.
"""

from __future__ import annotations

from app.adapters.db.tables.behaviour import (
    ChangedDay,
    Click,
    DecisionRow,
    EventCount,
    VisitDay,
    VisitorClient,
    VisitorOrder,
    VisitorTombstone,
)
from app.adapters.db.tables.care import CareText, MailCareRow, MailPreviewRow, StoreArticle
from app.adapters.db.tables.catalogue import Collection, CollectionProduct, InventoryLevel, Product, Variant
from app.adapters.db.tables.engagement import (
    EngagementHook,
    EngagementMark,
    FeedKey,
    IgnoredProduct,
    MailCount,
    MailFeedRow,
)
from app.adapters.db.tables.experiments import (
    ExperimentChange,
    ExperimentCustomer,
    ExperimentReading,
    ExperimentRow,
    ExperimentWindow,
)
from app.adapters.db.tables.flows import KlaviyoFlowRow, KlaviyoTemplateRow, MailLookRow
from app.adapters.db.tables.governance import (
    AccessEntry,
    BrowserConsent,
    BuriedEmail,
    ConsentChange,
    RetentionRun,
    ShopperPreference,
)
from app.adapters.db.tables.house import (
    Claim,
    Consent,
    Credential,
    Delivery,
    DueWork,
    Setting,
    Shop,
    ShopProfile,
    SyncProblem,
    SyncRun,
)
from app.adapters.db.tables.identity import CustomerMerge, IdentityCut, IdentityTie, ProfileMember, ProfileRow
from app.adapters.db.tables.klaviyo import KlaviyoAskingRow, KlaviyoConnectionRow
from app.adapters.db.tables.mail import MailDeed, MailGood, MailOffer, MailOfferDiscount, MailSettingsRow, MailTrigger
from app.adapters.db.tables.models import ModelPointer, ModelRun, ModelTrial, PublishedList
from app.adapters.db.tables.privacy import Receipt, Tombstone
from app.adapters.db.tables.push import KlaviyoPush, KlaviyoPushing
from app.adapters.db.tables.sales import Customer, Order, OrderLine, Refund, RefundLine, Removal
from app.adapters.db.tables.segment_outlets import AudienceCount, FlowEntry, SegmentOutlet, ToldCustomer
from app.adapters.db.tables.segments import (
    SegmentChangeRow,
    SegmentDayRow,
    SegmentMember,
    SegmentPreview,
    SegmentRow,
    SegmentScale,
)
from app.adapters.db.tables.sources import (
    AdSpend,
    DeliveryOfSource,
    OutsideStock,
    SourceDay,
    SourceQuality,
    SourceUpload,
    StockKey,
    StockRuleRow,
)
from app.adapters.db.tables.steering import ProductImpression, SteeringVersion

OPEN_TABLES = frozenset({"shops", "due_work", "alembic_version"})
"""The tables without row-level security."""

__all__ = [
    "OPEN_TABLES",
    "AccessEntry",
    "AdSpend",
    "AudienceCount",
    "BrowserConsent",
    "BuriedEmail",
    "CareText",
    "ChangedDay",
    "Claim",
    "Click",
    "Collection",
    "CollectionProduct",
    "Consent",
    "ConsentChange",
    "Credential",
    "Customer",
    "CustomerMerge",
    "DecisionRow",
    "Delivery",
    "DeliveryOfSource",
    "DueWork",
    "EngagementHook",
    "EngagementMark",
    "EventCount",
    "ExperimentChange",
    "ExperimentCustomer",
    "ExperimentReading",
    "ExperimentRow",
    "ExperimentWindow",
    "FeedKey",
    "FlowEntry",
    "IdentityCut",
    "IdentityTie",
    "IgnoredProduct",
    "InventoryLevel",
    "KlaviyoAskingRow",
    "KlaviyoConnectionRow",
    "KlaviyoFlowRow",
    "KlaviyoPush",
    "KlaviyoPushing",
    "KlaviyoTemplateRow",
    "MailCareRow",
    "MailCount",
    "MailDeed",
    "MailFeedRow",
    "MailGood",
    "MailLookRow",
    "MailOffer",
    "MailOfferDiscount",
    "MailPreviewRow",
    "MailSettingsRow",
    "MailTrigger",
    "ModelPointer",
    "ModelRun",
    "ModelTrial",
    "Order",
    "OrderLine",
    "OutsideStock",
    "Product",
    "ProductImpression",
    "ProfileMember",
    "ProfileRow",
    "PublishedList",
    "Receipt",
    "Refund",
    "RefundLine",
    "Removal",
    "RetentionRun",
    "SegmentChangeRow",
    "SegmentDayRow",
    "SegmentMember",
    "SegmentOutlet",
    "SegmentPreview",
    "SegmentRow",
    "SegmentScale",
    "Setting",
    "Shop",
    "ShopProfile",
    "ShopperPreference",
    "SourceDay",
    "SourceQuality",
    "SourceUpload",
    "SteeringVersion",
    "StockKey",
    "StockRuleRow",
    "StoreArticle",
    "SyncProblem",
    "SyncRun",
    "ToldCustomer",
    "Tombstone",
    "Variant",
    "VisitDay",
    "VisitorClient",
    "VisitorOrder",
    "VisitorTombstone",
]
