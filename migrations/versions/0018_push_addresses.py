"""The address, sealed, under which each Klaviyo profile was written, so that it is found again to be emptied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("klaviyo_pushes", sa.Column("sent_to", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("klaviyo_pushes", "sent_to")
