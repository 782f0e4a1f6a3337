"""First cut: everything the first version keeps."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Text keys compare by bytes on every database.
KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TABLES = (
    "actors",
    "alarms",
    "contacts",
    "counters",
    "dead_letters",
    "entities",
    "feed_index",
    "feed_positions",
    "heads",
    "interest",
    "links",
    "marks",
    "meta",
    "quarantine",
    "receipts",
    "records",
    "stores",
    "streams",
)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    _actors_and_entities()
    _cells()
    _receipts()
    _feeds()
    _kept_apart()


def downgrade() -> None:
    """Drop all tables."""
    for table in TABLES:
        op.drop_table(table)


def _actors_and_entities() -> None:
    op.create_table(
        "actors",
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("store", KEY_TEXT, nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("high_stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor"),
    )
    op.create_index(("ix_actors_store"), "actors", ["store"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("last_contact_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_entry", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("offline_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("actor"),
    )
    op.create_table(
        "entities",
        sa.Column("entity", KEY_TEXT, nullable=False),
        sa.Column("kind", KEY_TEXT, nullable=False),
        sa.Column("owner", KEY_TEXT, nullable=True),
        sa.Column("alias_of", KEY_TEXT, nullable=True),
        sa.Column("code", KEY_TEXT, nullable=True),
        sa.Column("home_store", KEY_TEXT, nullable=True),
        sa.Column("fields", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entity"),
    )
    op.create_index("entities_kind_entity", "entities", ["kind", "entity"], unique=False)
    op.create_index(("ix_entities_alias_of"), "entities", ["alias_of"], unique=False)
    op.create_index(("ix_entities_owner"), "entities", ["owner"], unique=False)
    op.create_table(
        "links",
        sa.Column("kind", KEY_TEXT, nullable=False),
        sa.Column("blind", KEY_TEXT, nullable=False),
        sa.Column("member", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "blind", "member"),
    )
    op.create_table(
        "meta",
        sa.Column("key", KEY_TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "stores",
        sa.Column("store", KEY_TEXT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )


def _cells() -> None:
    op.create_table(
        "counters",
        sa.Column("account", KEY_TEXT, nullable=False),
        sa.Column("node", KEY_TEXT, nullable=False),
        sa.Column("hub_n", sa.Integer(), nullable=False),
        sa.Column("owner", KEY_TEXT, nullable=True),
        sa.Column("made", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("to_hub", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("granted", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("void", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account", "node", "hub_n"),
    )
    op.create_index(("ix_counters_owner"), "counters", ["owner"], unique=False)
    op.create_table(
        "heads",
        sa.Column("account", KEY_TEXT, nullable=False),
        sa.Column("owner", KEY_TEXT, nullable=True),
        sa.Column("made", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("void", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("free", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("free >= 0", name="heads_free_never_negative"),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_index(("ix_heads_owner"), "heads", ["owner"], unique=False)
    op.create_table(
        "records",
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", KEY_TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "number", "hash"),
    )


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("receipt", KEY_TEXT, nullable=False),
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("record", sa.BigInteger(), nullable=False),
        sa.Column("store", KEY_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member", KEY_TEXT, nullable=True),
        sa.Column("basket_ref", KEY_TEXT, nullable=False),
        sa.Column("business_time_ms", sa.BigInteger(), nullable=False),
        sa.Column("business_day", KEY_TEXT, nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("points_earned", sa.BigInteger(), nullable=False),
        sa.Column("points_used", sa.BigInteger(), nullable=False),
        sa.Column("offline", sa.Integer(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receipt"),
    )
    op.create_index(("ix_receipts_basket_ref"), "receipts", ["basket_ref"], unique=False)
    op.create_index(("ix_receipts_member"), "receipts", ["member"], unique=False)
    op.create_index(("ix_receipts_received_ms"), "receipts", ["received_ms"], unique=False)
    op.create_index("receipts_store_day", "receipts", ["store", "business_day"], unique=False)
    op.create_index("receipts_store_received", "receipts", ["store", "received_ms", "receipt"], unique=False)
    op.create_index("receipts_store_sums", "receipts", ["store", "total_minor", "received_ms"], unique=False)


def _feeds() -> None:
    op.create_table(
        "feed_index",
        sa.Column("stream", KEY_TEXT, nullable=False),
        sa.Column("entity", KEY_TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "entity"),
    )
    op.create_index("feed_index_seq", "feed_index", ["stream", "seq"], unique=True)
    op.create_table(
        "feed_positions",
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("stream", KEY_TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "stream"),
    )
    op.create_table(
        "interest",
        sa.Column("entity", KEY_TEXT, nullable=False),
        sa.Column("store", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entity", "store"),
    )
    op.create_table(
        "marks",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("entity", KEY_TEXT, nullable=False),
        sa.Column(
            "stream",
            KEY_TEXT,
            server_default=sa.text("('')"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "streams",
        sa.Column("stream", KEY_TEXT, nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )


def _kept_apart() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alarms_kind_at", "alarms", ["kind", "at_ms"], unique=False)
    op.create_table(
        "dead_letters",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "quarantine",
        sa.Column("actor", KEY_TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.Column("settled_note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("actor", "number"),
    )
