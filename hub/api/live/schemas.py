"""What the live page needs, in one answer."""

from pydantic import BaseModel, Field

from hub.api.programme.schemas import CurrencyView
from hub.api.stores.schemas import StoreView


class LiveTotals(BaseModel):
    """Totals of the chain. What has to be summed up over large tables may be a moment old."""

    stores: int
    dark: int = Field(description="Stores that are dark.")
    members: int = Field(description="People, ids joined to others left out.")
    receipts: int
    net_minor: int = Field(description="Sum of the totals of all receipts, in minor units.")
    points_balance: int = Field(description="Points that members have.")
    dead_letters: int
    quarantined: int = Field(description="Entries in quarantine that wait for staff.")
    alarms: int


class LiveReceipt(BaseModel):
    """One of the latest receipts."""

    receipt: str
    store: str
    store_name: str
    total_minor: int
    business_time_ms: int
    received_ms: int
    member: str | None = Field(description="Masked card or phone, else the member's id; null: no member.")
    offline: bool
    points_earned: int
    points_used: int


class LiveView(BaseModel):
    """The chain at this moment."""

    now_ms: int = Field(description="The hub's time, ms since 1970; compare other times with this one.")
    currency: CurrencyView
    totals: LiveTotals
    stores: list[StoreView] = Field(description="At most 500, those that need looking at first.")
    receipts: list[LiveReceipt] = Field(description="The latest 20 that arrived, newest first.")


class LagSeries(BaseModel):
    """How far one store was behind, look by look."""

    store: str
    name: str
    is_dark: bool = Field(description="Dark at the latest look.")
    lags_ms: list[int | None] = Field(description="One lag for each of `at_ms`; null: the store was not known yet.")


class LagView(BaseModel):
    """For how long the hub has been without everything each store has, over the last hour.

    Zero while a store is heard and has named no entry that is not here; else the time since that was last known to be
    so, exact to one look. Stores that were never heard are left out.
    """

    now_ms: int = Field(description="The hub's time, ms since 1970.")
    every_ms: int = Field(description="How far looks are apart; a wider gap is a time without looks.")
    kept_ms: int = Field(description="How far back looks are kept.")
    stores: int = Field(description="Stores that were ever heard, at most 5,000.")
    at_ms: list[int] = Field(description="When the looks were, oldest first.")
    median_ms: list[int] = Field(description="Half of all stores were at most so far behind, for each of `at_ms`.")
    high_ms: list[int] = Field(description="95% of all stores were at most so far behind, for each of `at_ms`.")
    worst: list[LagSeries] = Field(description="The stores furthest behind now, then those most lately behind.")
