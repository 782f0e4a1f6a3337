"""Tables of the hub's main database (SQLAlchemy Core).

One rule: kernel tables carry their distribution key (member or account) as first key column, and text keys compare by
bytes on every database.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

KeyText = String().with_variant(String(collation="C"), "postgresql")
RowId = BigInteger().with_variant(Integer(), "sqlite")


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


meta = Table(
    "meta",
    metadata,
    Column("key", KeyText, primary_key=True),
    Column("number", BigInteger, nullable=False, server_default=text("0")),
)

stores = Table(
    "stores",
    metadata,
    Column("store", KeyText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

actors = Table(
    "actors",
    metadata,
    Column("actor", KeyText, primary_key=True),
    Column("store", KeyText, nullable=False, index=True),
    Column("incarnation", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("high_stamp", BigInteger, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("actor", KeyText, primary_key=True),
    Column("last_contact_ms", BigInteger, nullable=False),
    Column("last_entry", BigInteger, nullable=False, server_default=text("0")),
    Column("offline_ms", BigInteger),
)

feed_positions = Table(
    "feed_positions",
    metadata,
    Column("actor", KeyText, primary_key=True),
    Column("stream", KeyText, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

entities = Table(
    "entities",
    metadata,
    Column("entity", KeyText, primary_key=True),
    Column("kind", KeyText, nullable=False),
    Column("owner", KeyText, index=True),
    Column("alias_of", KeyText, index=True),
    Column("code", KeyText),
    Column("home_store", KeyText),
    Column("fields", LargeBinary, nullable=False),
    Index("entities_kind_entity", "kind", "entity"),
)

links = Table(
    "links",
    metadata,
    Column("kind", KeyText, primary_key=True),
    Column("blind", KeyText, primary_key=True),
    Column("member", KeyText, primary_key=True),
)

counters = Table(
    "counters",
    metadata,
    Column("account", KeyText, primary_key=True),
    Column("node", KeyText, primary_key=True),
    Column("hub_n", Integer, primary_key=True),
    Column("owner", KeyText, index=True),
    _amount("made"),
    _amount("used"),
    _amount("to_hub"),
    _amount("granted"),
    _amount("taken"),
    _amount("void"),
)

heads = Table(
    "heads",
    metadata,
    Column("account", KeyText, primary_key=True),
    Column("owner", KeyText, index=True),
    _amount("made"),
    _amount("used"),
    _amount("void"),
    _amount("free"),
    CheckConstraint("free >= 0", name="heads_free_never_negative"),
)

records = Table(
    "records",
    metadata,
    Column("actor", KeyText, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("hash", LargeBinary(32), primary_key=True),
    Column("kind", KeyText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("receipt", KeyText, primary_key=True),
    Column("actor", KeyText, nullable=False),
    Column("record", BigInteger, nullable=False),
    Column("store", KeyText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("member", KeyText, index=True),
    Column("basket_ref", KeyText, nullable=False, index=True),
    Column("business_time_ms", BigInteger, nullable=False),
    Column("business_day", KeyText, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("points_earned", BigInteger, nullable=False),
    Column("points_used", BigInteger, nullable=False),
    Column("offline", Integer, nullable=False),
    Column("received_ms", BigInteger, nullable=False, index=True),
    Index("receipts_store_day", "store", "business_day"),
    Index("receipts_store_sums", "store", "total_minor", "received_ms"),
    Index("receipts_store_received", "store", "received_ms", "receipt"),
)

interest = Table(
    "interest",
    metadata,
    Column("entity", KeyText, primary_key=True),
    Column("store", KeyText, primary_key=True),
)

marks = Table(
    "marks",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("entity", KeyText, nullable=False),
    Column("stream", KeyText, nullable=False, server_default=text("''")),
    Column("partition", Integer),
)

streams = Table(
    "streams",
    metadata,
    Column("stream", KeyText, primary_key=True),
    Column("head", BigInteger, nullable=False),
)

feed_index = Table(
    "feed_index",
    metadata,
    Column("stream", KeyText, primary_key=True),
    Column("entity", KeyText, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Index("feed_index_seq", "stream", "seq", unique=True),
)

leases = Table(
    "leases",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("first_partition", Integer, nullable=False),
    Column("last_partition", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_started", BigInteger, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("actor", KeyText, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("settled_ms", BigInteger),
    Column("settled_note", Text),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", KeyText, nullable=False),
    Column("channel", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("alarms_kind_at", "kind", "at_ms"),
)
