"""When each segment was first counted by its rule and all orders were last looked through, and notes of changed minds.

A note asks for a look at the Klaviyo profile of a customer whose record of consent has changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Where it is stored, so that no webhook, import or answer of Shopify's can forget it. What the id adds tells this note
# from the next one about the same customer.
CHANGED_MIND = """
    INSERT INTO due_work (shop_id, kind, id, due_at)
    SELECT p.shop_id, 'push_objections', p.customer_id || '/' || gen_random_uuid(), clock_timestamp()
    FROM klaviyo_pushes p WHERE p.shop_id = NEW.shop_id AND p.customer_id = NEW.id;
"""


def upgrade() -> None:
    op.add_column("segments", sa.Column("first_counted_at", sa.DateTime(timezone=True), nullable=True))
    # When that was is not on record; whoever comes in after the last count so far has come into it.
    op.execute("ALTER TABLE segments NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE segments SET first_counted_at = counted_at")
    op.execute("ALTER TABLE segments FORCE ROW LEVEL SECURITY")
    op.add_column("mail_settings", sa.Column("rhythms_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "CREATE FUNCTION note_changed_mind() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {CHANGED_MIND} RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER note_changed_mind AFTER UPDATE OF opted_out, email_marketing ON customers FOR EACH ROW "
        "WHEN ((OLD.opted_out, OLD.email_marketing) IS DISTINCT FROM (NEW.opted_out, NEW.email_marketing)) "
        "EXECUTE FUNCTION note_changed_mind()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER note_changed_mind ON customers")
    op.execute("DROP FUNCTION note_changed_mind()")
    op.drop_column("mail_settings", "rhythms_at")
    op.drop_column("segments", "first_counted_at")
