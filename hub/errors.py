"""What the hub refuses, each with a code for machines and a next step for people.

HubError
├── NotFound            no such store, member, receipt or quarantined entry
├── StoreExists         a slot of this name was created already
└── BadDocument         a catalogue or programme document that cannot be used; names the field
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
