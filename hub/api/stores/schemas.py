"""What the API says about stores."""

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sync_protocol.names import is_store_id

_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control and formatting characters, lone surrogates, line and paragraph breaks."""


def _as_store_id(text: str) -> str:
    if not is_store_id(text):
        raise ValueError("a store's id is [a-z0-9]{1,12} and never 'hub'")
    return text


def _as_shown_name(text: str) -> str:
    name = text.strip()
    if not name or any(unicodedata.category(char) in _UNSEEN_CATEGORIES for char in name):
        raise ValueError("a name is one line of visible text")
    return name


StoreId = Annotated[str, AfterValidator(_as_store_id)]


class NewStore(BaseModel):
    """A slot for a store, to be created."""

    model_config = ConfigDict(strict=True, extra="forbid")

    store: StoreId = Field(description="Id, `[a-z0-9]{1,12}`, never `hub`; it never changes.", examples=["0042"])
    name: Annotated[str, AfterValidator(_as_shown_name)] = Field(
        max_length=80, description="Name as people say it.", examples=["南京路店"]
    )


class StoreView(BaseModel):
    """One store: its node, how far it is, and what it sold."""

    store: str = Field(description="Id of the store.")
    name: str = Field(description="Name of the store.")
    actor: str | None = Field(description="The store's node: its newest incarnation.")
    state: str | None = Field(
        description="`active`; `held`: an entry in quarantine waits for staff; `fenced`: this name must not sell on."
    )
    is_dark: bool = Field(description="Not heard for longer than the hub's setting `dark_after_ms`, or never.")
    last_contact_ms: int | None = Field(description="When the node was last heard, ms since 1970.")
    offline_hint_ms: int | None = Field(
        description="When the broker said that the node's connection ended, if nothing was heard since: a hint."
    )
    cursor: int = Field(description="Last entry of the node that is durable here and acknowledged.")
    last_entry: int = Field(description="Last entry that the node said it has.")
    lag_entries: int = Field(description="Entries the node said it has that are not here yet.")
    feed_lag: int = Field(description="Changes of the store's stream that the node has not applied yet.")
    receipts_count: int = Field(description="Receipts of the store that arrived.")
    net_minor: int = Field(description="Sum of the totals of these receipts, returns included, in minor units.")
    last_receipt_ms: int | None = Field(description="When the latest of them arrived, ms since 1970.")


class StoreList(BaseModel):
    """All stores, by id."""

    stores: list[StoreView]
