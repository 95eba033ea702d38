"""The first tables: boots, items, verdicts, evidence pictures, acknowledgements, truths."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "boots",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("boot_id", sa.String, nullable=False, unique=True),
        sa.Column("started_utc_ns", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("item_id", sa.String, nullable=False, unique=True),
        sa.Column("plc_id", sa.Integer, nullable=False, index=True),
        sa.Column("sku", sa.String),
        sa.Column("barcode", sa.String),
        sa.Column("opened_utc_ns", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False, index=True),
    )
    op.create_table(
        "verdicts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("item", sa.Integer, sa.ForeignKey("items.id"), nullable=False, unique=True),
        sa.Column("utc_ns", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "pictures",
        sa.Column("item", sa.Integer, sa.ForeignKey("items.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("number", sa.Integer, sa.ForeignKey("verdicts.number"), primary_key=True, autoincrement=False),
        sa.Column("utc_ns", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "truths",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("item", sa.Integer, sa.ForeignKey("items.id"), nullable=False, index=True),
        sa.Column("recorded_utc_ns", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
