"""What can go wrong in the kernel, and whose fault it was.

    ProtocolError
    ├── LocalError              our own side asked for something that must not be done
    │   ├── InsufficientRights  an actor wants to spend or hand over more than it has rights to
    │   └── EntryTooLarge       an entry would not fit into one message
    └── PeerError               what came over the wire is not acceptable; kept with its bytes, never dropped silently
        ├── EnvelopeError       outer form: version, suite, size, compression
        ├── DecodeError         inner form: unknown tag, wrong types, values out of range
        ├── NumberingError      numbers that do not follow one another
        └── OwnershipError      written in another's name, or into what only the hub may write

None of these is worth trying again with the same input.
"""


class ProtocolError(Exception):
    """Root of the kernel's errors."""


class LocalError(ProtocolError):
    """Our own side erred; nothing was written."""


class InsufficientRights(LocalError):
    """An actor wants more of an account than it holds rights to (SPEC 2.2)."""

    def __init__(self, account: str, wanted: int, available: int) -> None:
        super().__init__(f"{account}: {wanted} wanted, {available} available here")
        self.account = account
        self.wanted = wanted
        self.available = available


class EntryTooLarge(LocalError):
    """An entry would not fit into one message (SPEC 8.3)."""

    def __init__(self, size_bytes: int, size_bytes_max: int) -> None:
        super().__init__(f"entry of {size_bytes} bytes, at most {size_bytes_max} are allowed")
        self.size_bytes = size_bytes
        self.size_bytes_max = size_bytes_max


class PeerError(ProtocolError):
    """The peer sent something that cannot be accepted."""

    code = "peer-error"


class EnvelopeError(PeerError):
    """Version, suite, size or compression of a payload is wrong."""

    code = "bad-envelope"


class DecodeError(PeerError):
    """The payload opened, but is no message or entry of this protocol."""

    code = "undecodable"


class NumberingError(PeerError):
    """Numbers do not follow one another where they must."""

    code = "bad-numbering"


class OwnershipError(PeerError):
    """A cell is written in another actor's name, or into what only the hub may write (SPEC 1.4)."""

    code = "not-owner"
