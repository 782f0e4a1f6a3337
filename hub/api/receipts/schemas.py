"""What the API says about receipts."""

from pydantic import BaseModel, Field

from hub.api.paging import Page


class ReceiptSummary(BaseModel):
    """One receipt without its lines."""

    receipt: str = Field(description="Number as printed: `0042-1/000123`.")
    actor: str = Field(description="Node that wrote it.")
    store: str = Field(description="Store that sold.")
    kind: str = Field(description="`sale`, `return` or `adjustment`.")
    member: str | None = Field(description="Member's id as it was at the till; it may have become an alias since.")
    basket_ref: str = Field(description="Reference that makes a repeated payment the same sale.")
    business_time_ms: int = Field(description="When it was sold, ms since 1970.")
    business_day: str = Field(description="Day of business of the store, yyyymmdd.")
    total_minor: int = Field(description="Total in minor units; negative for a return.")
    points_earned: int = Field(description="Points earned by it.")
    points_used: int = Field(description="Points that paid for it.")
    offline: bool = Field(description="Whether the hub was out of reach when it was sold.")
    received_ms: int = Field(description="When it arrived here, ms since 1970.")


class ReceiptPage(Page):
    """Receipts by (`received_ms`, `receipt`)."""

    receipts: list[ReceiptSummary]


class LineDiscount(BaseModel):
    """One discount on a line."""

    name: str = Field(description="What it was for.")
    amount_minor: int = Field(description="Amount in minor units.")


class LineView(BaseModel):
    """One line of a receipt; amounts in minor units."""

    code: str = Field(description="Code of the item.")
    name_zh: str
    name_en: str
    quantity_milli: int = Field(description="Quantity in thousandths.")
    unit_price_minor: int
    gross_minor: int = Field(description="Before discounts.")
    discount_minor: int
    net_minor: int = Field(description="What the line came to.")
    tax_bp: int = Field(description="Tax rate in basis points.")
    tax_minor: int = Field(description="Tax inside the net amount.")
    discounts: list[LineDiscount]


class CouponUse(BaseModel):
    """A coupon that was used."""

    coupon: str = Field(description="Id of the coupon.")
    code: str
    discount_minor: int


class TenderView(BaseModel):
    """What paid."""

    kind: str = Field(description="`cash`, `card` or `points`.")
    amount_minor: int
    points: int = Field(description="Points, where points paid.")


class ReceiptView(ReceiptSummary):
    """One receipt whole, as it is kept for ever."""

    discount_minor: int
    tax_minor: int
    change_minor: int
    programme_version: int = Field(description="Version of the programme that it was reckoned by.")
    lines: list[LineView]
    coupons: list[CouponUse]
    tenders: list[TenderView]
    bodies_count: int = Field(description="Bodies known under its record number; more than one raised an alarm.")


class ReceiptRef(BaseModel):
    """What a machine compares of a receipt."""

    receipt: str
    basket_ref: str
    store: str
    member: str | None
    total_minor: int


class ReceiptRefPage(Page):
    """References of receipts, by number."""

    receipts: list[ReceiptRef]
