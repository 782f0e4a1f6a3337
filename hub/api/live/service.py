"""The live view put together."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from hub.api.balances.repository import sum_points
from hub.api.incidents.repository import count_incidents
from hub.api.live.schemas import LiveReceipt, LiveTotals, LiveView
from hub.api.live.sums import Sums
from hub.api.members.repository import count_people, read_members
from hub.api.members.service import masked_identity, open_personal
from hub.api.programme.repository import read_programme
from hub.api.programme.schemas import CurrencyView
from hub.api.receipts.repository import read_page
from hub.api.rows import AnyRow
from hub.api.stores.repository import StoreRow, read_stores, sum_receipts
from hub.api.stores.schemas import StoreView
from hub.api.stores.service import view_store
from hub.storage.database import HubDatabase
from hub.storage.keystore import KeyStore
from loyalty.programme import Currency
from sync_protocol.hub_ports import ACTIVE

LATEST_RECEIPTS = 20
STORES_MAX = 500


def read_sums(database: HubDatabase) -> Sums:
    """Sum up what has to be summed up over large tables, in one transaction."""
    with database.read() as connection:
        return Sums(sum_receipts(connection), count_people(connection), sum_points(connection))


def read_all_stores(database: HubDatabase) -> list[StoreRow]:
    """Read where all stores stand, in one transaction."""
    with database.read() as connection:
        return read_stores(connection)


def live_view(connection: Connection, keys: KeyStore, sums: Sums, now_ms: int, dark_after_ms: int) -> LiveView:
    """Show the chain as of `now_ms`."""
    stores = [view_store(row, sums.by_store, now_ms, dark_after_ms) for row in read_stores(connection)]
    programme = read_programme(connection)
    currency = programme.currency if programme is not None else Currency()
    incidents = count_incidents(connection)
    totals = LiveTotals(
        stores=len(stores),
        dark=sum(store.is_dark for store in stores),
        members=sums.members,
        receipts=sum(sold.receipts_count for sold in sums.by_store.values()),
        net_minor=sum(sold.net_minor for sold in sums.by_store.values()),
        points_balance=sums.points_balance,
        dead_letters=incidents.dead_letters,
        quarantined=incidents.quarantined,
        alarms=incidents.alarms,
    )
    latest = read_page(connection, None, None, LATEST_RECEIPTS, newest=True)
    return LiveView(
        now_ms=now_ms,
        currency=CurrencyView.model_validate(msgspec.to_builtins(currency)),
        totals=totals,
        stores=sorted(stores, key=_urgency)[:STORES_MAX],
        receipts=_receipts(connection, keys, latest, {store.store: store.name for store in stores}),
    )


def _urgency(store: StoreView) -> tuple[bool, bool, str]:
    return (not store.is_dark, store.state == ACTIVE, store.store)


def _receipts(
    connection: Connection, keys: KeyStore, rows: Sequence[AnyRow], names: dict[str, str]
) -> list[LiveReceipt]:
    members = read_members(connection, {row.member for row in rows if row.member is not None})
    opened = open_personal(keys, members.values())
    shown = {member: masked_identity(person) or member for member, person in opened.items()}
    return [
        LiveReceipt(
            receipt=row.receipt,
            store=row.store,
            store_name=names.get(row.store, row.store),
            total_minor=row.total_minor,
            business_time_ms=row.business_time_ms,
            received_ms=row.received_ms,
            member=None if row.member is None else shown.get(row.member, row.member),
            offline=bool(row.offline),
            points_earned=row.points_earned,
            points_used=row.points_used,
        )
        for row in rows
    ]
