"""Endpoints of stores."""

from fastapi import APIRouter, status
from sqlalchemy import Connection

from hub.api.paging import IdInPath
from hub.api.parts import ApiParts, Parts
from hub.api.stores import repository
from hub.api.stores.repository import StoreRow
from hub.api.stores.schemas import NewStore, StoreList, StoreView
from hub.api.stores.service import view_store
from hub.errors import NotFound, StoreExists

router = APIRouter(prefix="/api/stores", tags=["stores"])


@router.post("", status_code=status.HTTP_201_CREATED)
def create_store(new: NewStore, parts: Parts) -> StoreView:
    """Create a store's slot with its first node, ready to be enrolled. 409 `store-exists` when the id is taken."""
    context = parts.context

    def create(connection: Connection) -> StoreRow:
        if not repository.create_store(connection, context.hub_n, new.store, new.name, parts.now_ms()):
            raise StoreExists(f"the store {new.store} was created before")
        return repository.read_stores(connection, new.store)[0]

    row = context.database.transact(create)
    context.wake()
    return view_store(row, {}, parts.now_ms(), context.settings.dark_after_ms)


@router.get("")
def list_stores(parts: Parts) -> StoreList:
    """List all stores by id, with how far each is and what it sold."""
    return StoreList(stores=_read(parts, None))


@router.get("/{store}")
def read_store(store: IdInPath, parts: Parts) -> StoreView:
    """Read one store."""
    found = _read(parts, store)
    if not found:
        raise NotFound(f"there is no store {store}")
    return found[0]


def _read(parts: ApiParts, store: str | None) -> list[StoreView]:
    with parts.context.database.read() as connection:
        rows = repository.read_stores(connection, store)
        sums = repository.sum_receipts(connection, store)
    now_ms = parts.now_ms()
    return [view_store(row, sums, now_ms, parts.context.settings.dark_after_ms) for row in rows]
