"""Endpoints of the catalogue."""

from collections import Counter

from fastapi import APIRouter

from hub.api.catalogue import repository
from hub.api.catalogue.schemas import ItemBatch, ItemCounts, ItemPage
from hub.api.paging import After, Limit, cut_page
from hub.api.parts import Parts
from hub.api.problems import invalid

router = APIRouter(prefix="/api/catalogue/items", tags=["catalogue"])


@router.post("")
def write_items(batch: ItemBatch, parts: Parts) -> ItemCounts:
    """Write many items at once, all or none; what is there already and the same stays as it is. At most 16 MiB."""
    code, times = Counter(item.code for item in batch.items).most_common(1)[0]
    if times > 1:
        raise invalid(("body", "items"), f"the code {code} stands {times} times in this request")
    context = parts.context
    changed = context.database.transact(
        lambda connection: repository.write_items(connection, context.hub_n, batch.items, parts.now_ms())
    )
    if changed:
        context.wake()
    return ItemCounts(received=len(batch.items), changed=changed, unchanged=len(batch.items) - changed)


@router.get("")
def list_items(parts: Parts, after: After = None, limit: Limit = 100) -> ItemPage:
    """List items by code."""
    with parts.context.database.read() as connection:
        rows = repository.read_items(connection, after, limit + 1)
    items, next_after = cut_page(rows, limit, lambda item: item.code)
    return ItemPage(items=list(items), next_after=next_after)
