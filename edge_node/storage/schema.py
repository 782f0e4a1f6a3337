"""Tables of the node's database, as migrations of sqlite-utils.

One rule: a migration that has shipped is never changed; what comes later is a new one.

An entity is one row with its fields packed (value, stamp, actor per field) and the columns that are searched. Counters
are one row per account and node with all slots between them. Records are one row per body.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("edge_node")

_TABLES = (
    """
    CREATE TABLE node (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        store TEXT NOT NULL,
        actor TEXT NOT NULL,
        last_entry INTEGER NOT NULL DEFAULT 0,
        last_chain BLOB NOT NULL,
        last_record INTEGER NOT NULL DEFAULT 0,
        last_receipt INTEGER NOT NULL DEFAULT 0,
        last_member INTEGER NOT NULL DEFAULT 0,
        swept_receipt INTEGER NOT NULL DEFAULT 0,
        high_stamp INTEGER NOT NULL DEFAULT 0,
        clock_offset_ms INTEGER NOT NULL DEFAULT 0,
        acknowledged INTEGER NOT NULL DEFAULT 0,
        hub_n INTEGER NOT NULL DEFAULT 0,
        blind_index_key BLOB,
        last_contact_ms INTEGER,
        fenced TEXT
    ) STRICT
    """,
    """
    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY,
        data BLOB NOT NULL,
        prev BLOB NOT NULL,
        keys BLOB,
        written_ms INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE entities (
        entity TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        owner TEXT,
        alias_of TEXT,
        code TEXT,
        gtin TEXT,
        search TEXT,
        whole INTEGER NOT NULL DEFAULT 0,
        fields BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX entities_owner ON entities (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX entities_alias_of ON entities (alias_of) WHERE alias_of IS NOT NULL",
    "CREATE INDEX entities_code ON entities (kind, code) WHERE code IS NOT NULL",
    "CREATE INDEX entities_gtin ON entities (gtin) WHERE gtin IS NOT NULL",
    """
    CREATE TABLE links (
        kind TEXT NOT NULL,
        blind TEXT NOT NULL,
        member TEXT NOT NULL,
        PRIMARY KEY (kind, blind, member)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE member_keys (
        member TEXT PRIMARY KEY,
        wrapped BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE counters (
        account TEXT NOT NULL,
        node TEXT NOT NULL,
        hub_n INTEGER NOT NULL,
        owner TEXT,
        made INTEGER NOT NULL DEFAULT 0 CHECK (made >= 0),
        used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
        to_hub INTEGER NOT NULL DEFAULT 0 CHECK (to_hub >= 0),
        granted INTEGER NOT NULL DEFAULT 0 CHECK (granted >= 0),
        taken INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
        void INTEGER NOT NULL DEFAULT 0 CHECK (void >= 0),
        PRIMARY KEY (account, node, hub_n)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX counters_owner ON counters (owner) WHERE owner IS NOT NULL",
    """
    CREATE TABLE records (
        actor TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL,
        kind TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (actor, number, hash)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE receipts (
        n INTEGER PRIMARY KEY,
        receipt TEXT NOT NULL UNIQUE,
        basket_ref TEXT NOT NULL UNIQUE,
        record INTEGER NOT NULL,
        entry INTEGER NOT NULL,
        member TEXT,
        business_time_ms INTEGER NOT NULL,
        total_minor INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE print_jobs (
        job INTEGER PRIMARY KEY,
        receipt TEXT NOT NULL,
        copy INTEGER NOT NULL,
        drawer INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'started', 'done', 'failed')),
        reason TEXT,
        queued_ms INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX print_jobs_open ON print_jobs (job) WHERE state IN ('queued', 'started')",
    """
    CREATE TABLE feeds (
        stream TEXT PRIMARY KEY,
        cursor INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE dead_letters (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        payload BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE refusals (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        code TEXT NOT NULL,
        offline INTEGER NOT NULL,
        detail TEXT NOT NULL
    ) STRICT
    """,
)


@migrations()
def m0001_first_cut(db: Database) -> None:
    """Create everything the first version keeps."""
    for statement in _TABLES:
        db.execute(statement)


def known_steps() -> list[str]:
    """Name all migrations that this program knows, the first one first."""
    empty = Database(memory=True)
    try:
        return [step.name for step in migrations.pending(empty)]
    finally:
        empty.close()
