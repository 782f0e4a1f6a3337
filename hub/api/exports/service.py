"""Exports put together: one row a person, one row a store.

One rule: an export adds up. Members that are known by their receipts or points alone have a row too.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from hub.api.balances.repository import sum_points_by_owner
from hub.api.exports.repository import sum_receipts_by_member
from hub.api.members.repository import read_all_members
from hub.api.members.service import Opened, first_of, open_personal
from hub.api.stores.repository import read_store_names, sum_receipts
from hub.storage.keystore import KeyStore

MEMBER_COLUMNS = ("external_id", "receipts", "net_minor", "points_balance")
STORE_COLUMNS = ("store", "receipts", "net_minor")
_MEMBERS_AT_A_TIME = 2_000
_LINES_AT_A_TIME = 1_000

CsvRow = tuple[str | int, ...]


def member_rows(connection: Connection, keys: KeyStore) -> list[CsvRow]:
    """Give one row a person, over all their ids, sorted: external id, receipts, net in minor units, points."""
    sold = sum_receipts_by_member(connection)
    points = sum_points_by_owner(connection)
    roots, opened = _read_identities(connection, keys)
    people: defaultdict[str, list[str]] = defaultdict(list)
    for member in sorted({*roots, *sold, *points}):
        root = roots.get(member, member)
        people[root].insert(0 if member == root else len(people[root]), member)
    receipts, net_minor = Counter[str](), Counter[str]()
    for member, sums in sold.items():
        receipts[roots.get(member, member)] += sums.receipts_count
        net_minor[roots.get(member, member)] += sums.net_minor
    balance: Counter[str] = Counter()
    for member, amount in points.items():
        balance[roots.get(member, member)] += amount
    return sorted(
        (_external_id(ids, opened), receipts[root], net_minor[root], balance[root]) for root, ids in people.items()
    )


def _read_identities(connection: Connection, keys: KeyStore) -> tuple[dict[str, str], dict[str, Opened]]:
    roots: dict[str, str] = {}
    opened: dict[str, Opened] = {}
    after = ""
    while rows := read_all_members(connection, after, _MEMBERS_AT_A_TIME):
        roots |= {row.entity: row.root for row in rows}
        opened |= open_personal(keys, rows)
        after = rows[-1].entity
    return roots, opened


def _external_id(ids: Sequence[str], opened: dict[str, Opened]) -> str:
    person = first_of(ids, opened)
    return person.card or person.phone or ids[0]


def store_rows(connection: Connection) -> list[CsvRow]:
    """Give one row a store, sorted: name, receipts, net in minor units. Stores without receipts have one too."""
    sums = sum_receipts(connection)
    names = read_store_names(connection)
    found: list[tuple[str, str, int, int]] = []
    for store in {*names, *sums}:
        sold = sums.get(store)
        count, net_minor = (sold.receipts_count, sold.net_minor) if sold else (0, 0)
        found.append((names.get(store, store), store, count, net_minor))
    return [(name, count, net_minor) for name, _, count, net_minor in sorted(found)]


def csv_text(columns: Sequence[str], rows: Iterable[CsvRow]) -> Iterator[str]:
    """Write rows as CSV (RFC 4180, but lines end with a line feed alone), in pieces."""
    lines: list[CsvRow] = [tuple(columns)]
    for row in rows:
        lines.append(row)
        if len(lines) >= _LINES_AT_A_TIME:
            yield _lines_text(lines)
            lines = []
    yield _lines_text(lines)


def _lines_text(lines: Iterable[CsvRow]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()
