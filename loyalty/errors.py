"""What the rules refuse, and why.

    RuleError
    ├── QuantityOutOfRange   a quantity beyond what this till accepts
    ├── TenderShort          the tenders do not cover the total
    └── TenderRefused        a tender that cannot be taken like this

Each carries a `code` that a page can translate.
"""


class RuleError(Exception):
    """Root of what the rules refuse. Trying again with the same basket gives the same answer."""

    code = "refused"


class QuantityOutOfRange(RuleError):
    """A quantity or amount beyond the till's stated maximum."""

    code = "quantity-out-of-range"


class TenderShort(RuleError):
    """The tenders do not cover the total."""

    code = "tender-short"

    def __init__(self, missing_minor: int) -> None:
        super().__init__(f"{missing_minor} (minor units) are missing")
        self.missing_minor = missing_minor


class TenderRefused(RuleError):
    """A tender of an unknown kind, negative, doubled, or change on what gives none."""

    code = "tender-refused"
