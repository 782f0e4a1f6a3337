"""What the API says about members."""

from typing import Literal

from pydantic import BaseModel, Field

from hub.api.paging import Page
from hub.api.receipts.schemas import ReceiptSummary


class MemberSummary(BaseModel):
    """One person: the id that all their ids were joined to, and what they have under all of them."""

    member: str = Field(description="Id, `m:<node>:<n>`.")
    aliases: list[str] = Field(description="Further ids of the same person, joined to this one.")
    name: str | None = Field(description="Name; null where none was given, or none can be read any more.")
    phone_masked: str | None = Field(description="Phone, all but the last four characters hidden.")
    card_masked: str | None = Field(description="Card, all but the last four characters hidden.")
    home_store: str | None = Field(description="Store where they are at home.")
    balance_points: int = Field(description="Points in all their accounts.")
    stores_holding: list[str] = Field(description="Stores that hold them, and sell to them offline.")


class MemberPage(Page):
    """People, by id."""

    members: list[MemberSummary]


class PointsAccount(BaseModel):
    """One account of points."""

    account: str
    owner: str = Field(description="Which of the person's ids it belongs to.")
    expires: str | None = Field(description="Month (yyyymm) at whose end these points expire; null: never.")
    balance_points: int


class CouponView(BaseModel):
    """One coupon of the person; amounts in minor units."""

    coupon: str = Field(description="Id, `c:<issuer>:<n>`.")
    owner: str = Field(description="Which of the person's ids it belongs to.")
    code: str
    title_zh: str
    title_en: str
    value_minor: int
    threshold_minor: int = Field(description="From which amount on it can be used.")
    state: Literal["open", "used", "void"]
    right_with: list[str] = Field(
        description="Who may accept it now: a node, or `hub`, from where a node can ask for it; empty once it is used."
    )


class MemberView(MemberSummary):
    """One person with accounts, coupons and the latest receipts."""

    enrolled_at_ms: int | None = Field(description="When they were enrolled, ms since 1970.")
    accounts: list[PointsAccount] = Field(description="Accounts of points, by account.")
    coupons: list[CouponView] = Field(description="Coupons, by id.")
    receipts: list[ReceiptSummary] = Field(description="The latest 50 receipts, newest sale first.")
