"""What the API says about balances."""

from pydantic import BaseModel, Field

from hub.api.paging import Page


class AccountBalance(BaseModel):
    """One account's worth."""

    account: str = Field(description="Points `p:…` or a coupon `c:…`.")
    owner: str | None = Field(description="Member it belongs to; null for a coupon without one.")
    made: int = Field(description="Everything made, by all actors.")
    used: int = Field(description="Everything used, by all actors.")
    balance: int = Field(description="Everything made, less everything used and void.")


class BalancePage(Page):
    """Balances, by account."""

    balances: list[AccountBalance]
