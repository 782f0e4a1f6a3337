"""From rows of stores to what the API says about them."""

from collections.abc import Mapping

from hub.api.stores.repository import ReceiptSums, StoreRow
from hub.api.stores.schemas import StoreView

_NO_RECEIPTS = ReceiptSums(0, 0, 0)


def is_dark(last_contact_ms: int | None, now_ms: int, dark_after_ms: int) -> bool:
    """Tell whether a store counts as dark: not heard for longer than `dark_after_ms`, or never."""
    return last_contact_ms is None or now_ms - last_contact_ms > dark_after_ms


def view_store(row: StoreRow, sums: Mapping[str, ReceiptSums], now_ms: int, dark_after_ms: int) -> StoreView:
    """Show one store as of `now_ms`."""
    sold = sums.get(row.store, _NO_RECEIPTS)
    return StoreView(
        store=row.store,
        name=row.name,
        actor=row.actor,
        state=row.state,
        is_dark=is_dark(row.last_contact_ms, now_ms, dark_after_ms),
        last_contact_ms=row.last_contact_ms,
        offline_hint_ms=row.offline_ms,
        cursor=row.cursor,
        last_entry=row.last_entry,
        lag_entries=max(row.last_entry - row.cursor, 0),
        feed_lag=max(row.feed_head - row.feed_position, 0),
        receipts_count=sold.receipts_count,
        net_minor=sold.net_minor,
        last_receipt_ms=sold.last_received_ms if sold.receipts_count else None,
    )
