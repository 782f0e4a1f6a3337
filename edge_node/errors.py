"""What a node refuses, each with a code that pages translate and a next step for people.

    NodeError
    ├── UnknownItem, UnknownMember, UnknownBasket, UnknownReceipt, UnknownCoupon
    ├── CouponRefused        known, but not usable in this basket or not here
    ├── RightsShort          points wanted beyond the rights that this node holds
    ├── NotIntroduced        the node has never met its hub: it knows no programme or no blind-index key
    ├── BasketPaid           the basket has its receipt already
    ├── NodeFenced           this node's name must not sell any more
    ├── RecordedNotAllowed   a replayed basket on a node that takes none
    ├── AlreadyEnrolled      the phone or card belongs to a member held here
    ├── StorageUnavailable   the disk is full or read-only, or another program locks the database; may pass
    └── DatabaseRefused      at the start: no node's database, damaged, or written by a newer Tillsync

The HTTP status and the fields that go into the problem document (RFC 9457) stand with each class.
"""

from typing import ClassVar


class NodeError(Exception):
    """Root of the node's errors."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This cannot be done"
    next_step: ClassVar[str] = ""

    def __init__(self, detail: str, **fields: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class UnknownItem(NodeError):
    """No item of this code in the catalogue."""

    code = "unknown-item"
    status = 404
    title = "Item not known"
    next_step = "Check the code, or search by name."


class UnknownMember(NodeError):
    """No member of this identity, as far as this node can tell."""

    code = "member-not-found"
    status = 404
    title = "Member not found"
    next_step = "Check the number, or enrol the customer."


class UnknownBasket(NodeError):
    """No basket of this id is open here."""

    code = "unknown-basket"
    status = 404
    title = "Basket not known"
    next_step = "Send the basket again (PUT), then pay."


class UnknownReceipt(NodeError):
    """No receipt of this number was issued here."""

    code = "unknown-receipt"
    status = 404
    title = "Receipt not known"
    next_step = "Check the number on the printed receipt."


class UnknownCoupon(NodeError):
    """No coupon of this code is held here."""

    code = "unknown-coupon"
    status = 404
    title = "Coupon not known here"
    next_step = "Identify the member first: their coupons are held with them."


class CouponRefused(NodeError):
    """The coupon is known, but cannot be used in this basket or not here."""

    code = "coupon-refused"
    title = "Coupon cannot be used"
    next_step = "Take the coupon off the basket, or try again when the hub is in reach."


class RightsShort(NodeError):
    """More points are wanted than this node has rights to spend."""

    code = "insufficient-rights"
    title = "Not enough points can be spent here"
    next_step = "Lower the points to what can be spent here, and take another tender for the rest."


class NotIntroduced(NodeError):
    """The node lacks something that only the hub can give it once."""

    code = "not-introduced"
    status = 503
    title = "This store has not met its hub yet"
    next_step = "Connect the store to the hub once; afterwards it works alone."


class NodeFenced(NodeError):
    """This node's name must stop selling."""

    code = "node-fenced"
    status = 503
    title = "This till must not sell any more"
    next_step = "Call support: the store's node must be enrolled again."


class BasketPaid(NodeError):
    """The basket was paid already; what it holds cannot change any more."""

    code = "basket-paid"
    title = "This basket is paid"
    next_step = "Begin a new basket; the receipt of this one can be reprinted."


class RecordedNotAllowed(NodeError):
    """Replayed baskets carry their own prices; only nodes set up for replays take them."""

    code = "recorded-not-allowed"
    status = 403
    title = "Recorded baskets are not taken here"
    next_step = "Start the node with recorded_sales for a replay."


class AlreadyEnrolled(NodeError):
    """The phone or card already belongs to a member held here."""

    code = "already-enrolled"
    title = "Already a member"
    next_step = "Look the member up by this number."


class StorageUnavailable(NodeError):
    """The database cannot be written or read right now. Trying again makes sense once the cause is mended."""

    code = "storage-unavailable"
    status = 503
    title = "The node cannot store anything right now"
    next_step = (
        "Call support: the node's disk needs room or mending. Nothing was sold by this call; try again afterwards."
    )


class DatabaseRefused(NodeError):
    """The database in the node's directory is none that this program may open."""

    code = "database-refused"
    status = 503
    title = "The node's database cannot be used"
