"""What the hub refuses, each with a code for machines and a next step for people; and what keeps it from starting.

HubError
├── NotFound            no such store, member, receipt or quarantined entry
├── StoreExists         a slot of this name was created already
└── BadDocument         a catalogue or programme document that cannot be used; names the field

HubCannotStart
├── DatabaseUrlUnusable  the database's URL is wrong
├── DatabaseTooNew       a newer Tillsync wrote this database
├── DatabaseNotOurs      the database holds somebody else's tables
├── KeyStoreForeign      the database belongs to another key store
└── PartitionsHeld       another process works on these partitions already
"""

from typing import ClassVar


class HubError(Exception):
    """Root of the hub's errors."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This cannot be done"
    next_step: ClassVar[str] = ""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(HubError):
    """Nothing of this id is known here."""

    code = "not-found"
    status = 404
    title = "Not known here"
    next_step = "Check the id; lists are at the path above."


class StoreExists(HubError):
    """The slot exists already."""

    code = "store-exists"
    title = "This store exists already"
    next_step = "Choose another id, or use the store that is there."


class BadDocument(HubError):
    """A document that cannot be used."""

    code = "bad-document"
    status = 422
    title = "The document cannot be used"
    next_step = "Mend the named field and send it again."


class HubCannotStart(Exception):
    """Root of what keeps a process of the hub from starting: the cause and the next step, in one message."""


class DatabaseUrlUnusable(HubCannotStart):
    """The database's URL is wrong. The message never repeats the URL: it may hold a password."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"the database's URL cannot be used: {cause}. "
            "Write sqlite:///PATH or postgresql+psycopg://USER@HOST:PORT/DATABASE?passfile=FILE"
        )


class DatabaseTooNew(HubCannotStart):
    """A newer Tillsync wrote this database."""

    def __init__(self, database: str, found: str, known: str) -> None:
        super().__init__(
            f"{database} was written by a newer Tillsync: its schema is {found}, this program knows up to {known}. "
            "Install the newer version again, or name another database with --database"
        )
        self.found = found
        self.known = known


class DatabaseNotOurs(HubCannotStart):
    """The database holds somebody else's tables."""

    def __init__(self, database: str, table: str) -> None:
        super().__init__(
            f"{database} holds a table {table!r} that Tillsync did not make. "
            "Name a database of its own with --database, empty at first"
        )


class KeyStoreForeign(HubCannotStart):
    """The database belongs to another key store: with two, one card would be two people."""

    def __init__(self, database: str) -> None:
        super().__init__(
            f"{database} belongs to another key store. Give all processes of one hub the same --keystore and the same "
            "kek.key in their directory"
        )


class PartitionsHeld(HubCannotStart):
    """Another process works on these partitions already."""

    def __init__(self, holder: str, epoch: int, until_ms: int) -> None:
        super().__init__(
            f"another process works on this database already: {holder}. "
            "Stop it first, or give each worker partitions of its own with --partitions"
        )
        self.holder = holder
        self.epoch = epoch
        self.until_ms = until_ms
