"""The programme's document as the API describes it. What may stand in it is decided by the rules of the trade."""

from pydantic import BaseModel, Field


class CurrencyView(BaseModel):
    """How amounts are shown."""

    code: str = Field(default="CNY", description="ISO 4217 code.")
    symbol: str = Field(default="¥", description="Symbol before the amount.")
    decimals: int = Field(default=2, description="Decimals of the minor unit, 0 to 3.")


class WelcomeCouponView(BaseModel):
    """The coupon that every member gets once enrolled; amounts in minor units."""

    value_minor: int = Field(description="What it takes off, at least 1.")
    threshold_minor: int = Field(description="From which amount on it can be used.")
    title_zh: str = Field(description="Title in Chinese, at most 80 characters.")
    title_en: str = Field(description="Title in English, at most 80 characters.")


class ProgrammeDocument(BaseModel):
    """One programme. Unknown fields are refused."""

    version: int = Field(default=1, description="Version; it stands on every receipt.")
    currency: CurrencyView = Field(default_factory=CurrencyView)
    earn_per_minor: int = Field(default=100, description="Net amount in minor units that earns one point.")
    point_value_minor: int = Field(default=1, description="What one point pays as tender, in minor units.")
    valid_months: int | None = Field(
        default=None, description="Points expire at the end of that month after the sale's; null: never."
    )
    float_points_max: int = Field(default=20_000, description="Rights that a store keeps per member at home in it.")
    welcome_coupon: WelcomeCouponView | None = None


class ProgrammeWritten(BaseModel):
    """What writing a programme came to."""

    changed: bool = Field(description="Whether it differs from what was there; if so, it is on its way to all stores.")
    programme: ProgrammeDocument
