"""Which variants lie in a cart that was left behind, so that a mail leads back to it, and what each mail was to show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail_deeds", sa.Column("variants", JSONB(), server_default="{}", nullable=False))
    op.add_column("mail_triggers", sa.Column("items", JSONB(), server_default="[]", nullable=False))
    shown = sa.text("state = 'sent' AND items <> '[]'")
    op.create_index("mail_triggers_shown", "mail_triggers", ["shop_id", "done_at"], postgresql_where=shown)


def downgrade() -> None:
    op.drop_index("mail_triggers_shown", "mail_triggers")
    op.drop_column("mail_triggers", "items")
    op.drop_column("mail_deeds", "variants")
