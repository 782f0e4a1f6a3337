"""What the API says about the catalogue."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.api.paging import Page

ITEMS_MAX = 50_000
CODE_PATTERN = r"^[A-Za-z0-9._-]{1,40}$"

# What a name is made of: everything but control characters and lone surrogates.
ItemName = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Item(BaseModel):
    """One item, to be written."""

    model_config = ConfigDict(strict=True, extra="forbid")

    code: str = Field(pattern=CODE_PATTERN, description="Code, `[A-Za-z0-9._-]{1,40}`; it never changes.")
    gtin: str = Field(default="", pattern=r"^[0-9]{0,14}$", description="Number in the barcode; empty: none.")
    name_zh: ItemName = Field(default="", description="Name in Chinese.")
    name_en: ItemName = Field(default="", description="Name in English.")
    price_minor: int = Field(ge=0, le=10**12, description="Price of one piece or kilogram, in minor units.")
    tax_bp: int = Field(ge=0, le=10_000, description="Tax rate in basis points; prices include it.")


class ItemBatch(BaseModel):
    """Items to write; each whole."""

    model_config = ConfigDict(strict=True, extra="forbid")

    items: list[Item] = Field(min_length=1, max_length=ITEMS_MAX, description="Items; no code twice.")


class ItemView(BaseModel):
    """One item as it stands in the catalogue."""

    code: str = Field(description="Code of the item.")
    gtin: str = Field(description="Number in the barcode; empty: none.")
    name_zh: str = Field(description="Name in Chinese.")
    name_en: str = Field(description="Name in English.")
    price_minor: int = Field(description="Price of one piece or kilogram, in minor units.")
    tax_bp: int = Field(description="Tax rate in basis points; prices include it.")


class ItemCounts(BaseModel):
    """What writing items came to."""

    received: int = Field(description="Items in the request.")
    changed: int = Field(description="Items that are new or differ; they are on their way to all stores.")
    unchanged: int = Field(description="Items that were like this already.")


class ItemPage(Page):
    """Items, by code."""

    items: list[ItemView]
