"""The tables. Migrations build them; a test holds the two together.

A verdict and a person's truth are kept as one JSON document each (`codec`): they are always read whole, and JSON
carries every string and float exactly on both databases. Only what a query asks for has a column of its own.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

boots = Table(
    "boots",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("boot_id", String, nullable=False, unique=True),
    Column("started_utc_ns", BigInteger, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", String, nullable=False, unique=True),
    Column("plc_id", Integer, nullable=False, index=True),
    Column("sku", String),
    Column("barcode", String),
    Column("opened_utc_ns", BigInteger, nullable=False),
    Column("state", String, nullable=False, index=True),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("item", Integer, ForeignKey("items.id"), nullable=False, unique=True),
    Column("utc_ns", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)

pictures = Table(
    "pictures",
    metadata,
    Column("item", Integer, ForeignKey("items.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("media_type", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("number", Integer, ForeignKey("verdicts.number"), primary_key=True, autoincrement=False),
    Column("utc_ns", BigInteger, nullable=False),
)
"""One row for each time the controller read on: every verdict up to the greatest `number` is read."""

truths = Table(
    "truths",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item", Integer, ForeignKey("items.id"), nullable=False, index=True),
    Column("recorded_utc_ns", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
"""Everything people said of an item, in the order they said it; the last word counts."""
