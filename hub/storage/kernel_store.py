"""The durable side of the hub session: `HubStore` and `HubTransaction` of the kernel on SQLAlchemy.

One rule: a transaction object lives inside one database transaction and keeps nothing beyond it.

Rows are locked in one order by all transactions, so that two of them rarely wait for each other in a circle: the lease,
actors, people, entities, interest, head rows, and within each by key. Where a later step must go back (joining
duplicates, welcome coupons, grants), the database finds the circle, and the session runs the transaction again.
"""

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, func, insert, select, update

from hub.metrics import HubMetrics
from hub.storage import feeds, people
from hub.storage.cells import (
    SLOT_COLUMNS,
    SLOT_SUMS,
    join_in_counters,
    join_in_records,
    join_in_registers,
    lock_heads,
    owners_of,
    slots_of,
)
from hub.storage.database import HubDatabase
from hub.storage.keystore import KeyStore
from hub.storage.leases import Lease
from hub.storage.own_writes import issue_coupons, read_programme, write_registers
from hub.storage.partitions import Partitions
from hub.storage.sets import among, insert_new, upsert, upsert_greatest
from hub.storage.tables import (
    actors,
    alarms,
    contacts,
    counters,
    dead_letters,
    entities,
    feed_positions,
    heads,
    quarantine,
    receipts,
)
from loyalty.receipts import RECORD_KIND, Receipt, decode_receipt
from sync_protocol.accounts import Slots, rights
from sync_protocol.cells import Counter, Record, Value
from sync_protocol.hub_ports import ACTIVE, Accepted, ActorState, Expansion, Granted, StoreConflict, StreamStep
from sync_protocol.limits import COUNTER_MAX, NODE_AMOUNT_MAX
from sync_protocol.messages import EntityState, MemberKey, WantRights
from sync_protocol.names import hub_actor, is_chain_entity, is_entity, is_link, split_actor

BASKET_REF_CHARS_MAX = 200
"""A basket's name is looked up by index, which must be able to hold it."""


class SqlHubStore:
    """See `sync_protocol.hub_ports.HubStore`."""

    def __init__(
        self,
        database: HubDatabase,
        keys: KeyStore,
        hub_n: int = 1,
        lease: Lease | None = None,
        metrics: HubMetrics | None = None,
    ) -> None:
        """Work under a lease; without one the caller sees to it that nobody else works on this database."""
        self.hub_n = hub_n
        self.blind_index_key = keys.blind_index_key()
        self.others_have_marks = False
        self._database = database
        self._keys = keys
        self._lease = lease
        self._metrics = metrics or HubMetrics()
        self._partitions = lease.partitions if lease is not None else Partitions()

    @contextmanager
    def transaction(self) -> Iterator["SqlHubTransaction"]:
        """See `HubStore.transaction`. Raises: LeaseLost, and then nothing was applied."""
        started_s = time.perf_counter()
        try:
            with self._database.write() as connection:
                if self._lease is not None:
                    self._lease.check(connection)
                transaction = SqlHubTransaction(
                    connection, self._keys, self.hub_n, self.blind_index_key, self._partitions
                )
                yield transaction
                transaction.write_contacts()
        except StoreConflict:
            self._metrics.database_retries.inc()
            raise
        self.others_have_marks = self.others_have_marks or transaction.others_have_marks
        if transaction.merged_count:
            self._metrics.merged(transaction.merged_count, time.perf_counter() - started_s)

    def high_stamp(self) -> int:
        """See `HubStore.high_stamp`."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.coalesce(func.max(actors.c.high_stamp), 0))).scalar_one())


class SqlHubTransaction:
    """See `sync_protocol.hub_ports.HubTransaction`."""

    def __init__(
        self, connection: Connection, keys: KeyStore, hub_n: int, secret: bytes, partitions: Partitions
    ) -> None:
        self.others_have_marks = False
        self.merged_count = 0
        self._connection = connection
        self._partitions = partitions
        self._keys = keys
        self._hub_n = hub_n
        self._secret = secret
        self._contacts: dict[str, tuple[int, int | None]] = {}

    # --- actors ---------------------------------------------------------------------------------------------------

    def lock_actors(self, wanted: Sequence[str]) -> dict[str, ActorState]:
        """See `HubTransaction.lock_actors`."""
        rows = self._connection.execute(
            select(actors).where(among(actors.c.actor, wanted)).order_by(actors.c.actor).with_for_update()
        )
        return {
            row.actor: ActorState(row.actor, row.store, row.state, row.cursor, row.chain, row.high_stamp)
            for row in rows
        }

    def save_actor(self, actor: ActorState) -> None:
        """See `HubTransaction.save_actor`."""
        self._connection.execute(
            update(actors)
            .where(actors.c.actor == actor.actor)
            .values(state=actor.state, cursor=actor.cursor, chain=actor.chain, high_stamp=actor.high_stamp)
        )

    def note_contact(self, actor: str, now_ms: int, last_entry: int | None, cursors: dict[str, int] | None) -> None:
        """See `HubTransaction.note_contact`; written once, at the end of the transaction."""
        _, known = self._contacts.get(actor, (0, None))
        self._contacts[actor] = (now_ms, last_entry if last_entry is not None else known)
        for stream, seq in (cursors or {}).items():
            self.note_feed(actor, stream, seq)

    def write_contacts(self) -> None:
        """Write what `note_contact` gathered."""
        for actor, (now_ms, last_entry) in sorted(self._contacts.items()):
            row: dict[str, object] = {"actor": actor, "last_contact_ms": now_ms, "offline_ms": None}
            if last_entry is not None:
                row["last_entry"] = last_entry
            upsert(self._connection, contacts, [row])

    def note_offline(self, actor: str, now_ms: int) -> None:
        """See `HubTransaction.note_offline`."""
        self._connection.execute(update(contacts).where(contacts.c.actor == actor).values(offline_ms=now_ms))

    def note_feed(self, actor: str, stream: str, seq: int) -> None:
        """See `HubTransaction.note_feed`."""
        row = {"actor": actor, "stream": stream[:160], "seq": seq}
        upsert_greatest(self._connection, feed_positions, "seq", [row])

    # --- merging --------------------------------------------------------------------------------------------------

    def merge(self, accepted: Sequence[Accepted], keys: Sequence[MemberKey], now_ms: int) -> None:
        """See `HubTransaction.merge`."""
        self.merged_count += len(accepted)
        # Keys first, in their own database: a key without its member does no harm, a member without key would.
        self._keys.put_member_keys(keys)
        registers = [cell for one in accepted for cell in one.entry.registers]
        holdings = _holdings(accepted)
        if any(is_link(register.field) for register in registers):
            people.lock_joining(self._connection)
        elif holdings:
            people.lock_people(self._connection)
        cells = [cell for one in accepted for cell in one.entry.counters]
        bodies = [cell for one in accepted for cell in one.entry.records]
        changed, new = join_in_registers(self._connection, registers)
        _check_new_members(accepted, new)
        for store, wanted in sorted(holdings.items()):
            feeds.hold(self._connection, store, wanted)
        self._refuse_unknown_coupons(cells)
        accounts = join_in_counters(self._connection, cells)
        for record in join_in_records(self._connection, bodies, now_ms):
            self._alarm(
                "record-doubled", f"{record.actor} wrote two bodies under record number {record.number}", now_ms
            )
        self._project_receipts(bodies, now_ms)
        owners = {owner for owner in owners_of(self._connection, accounts).values() if owner is not None}
        feeds.mark(self._connection, changed | owners)
        joined = self._join_duplicates(changed, new, now_ms)
        self._welcome(sorted(new - set(joined)), now_ms)

    def _refuse_unknown_coupons(self, cells: Sequence[Counter]) -> None:
        coupons = sorted({cell.account for cell in cells if cell.account.startswith("c:")})
        if not coupons:
            return
        rows = self._connection.execute(select(entities.c.entity).where(among(entities.c.entity, coupons)))
        unknown = set(coupons) - {row.entity for row in rows}
        if unknown:
            raise ValueError(f"coupon {min(unknown)} was never issued")

    def _project_receipts(self, bodies: Sequence[Record], now_ms: int) -> None:
        rows = []
        for record in bodies:
            if record.kind != RECORD_KIND:
                continue
            body = decode_receipt(record.body)
            _check_receipt(record.actor, body)
            rows.append(
                {
                    "receipt": body.receipt,
                    "actor": record.actor,
                    "record": record.number,
                    "store": body.store,
                    "kind": body.kind,
                    "member": body.member,
                    "basket_ref": body.basket_ref,
                    "business_time_ms": body.business_time_ms,
                    "business_day": body.business_day,
                    "total_minor": body.total_minor,
                    "points_earned": body.points_earned,
                    "points_used": body.points_used,
                    "offline": int(body.offline),
                    "received_ms": now_ms,
                }
            )
        insert_new(self._connection, receipts, rows)

    def _join_duplicates(self, changed: set[str], new: set[str], now_ms: int) -> list[str]:
        """Make one person of members that share an identity; all their holders come to hold all their ids."""
        members = {entity for entity in changed if entity.startswith("m:")}
        aliases = people.duplicates(self._connection, members, new)
        if not aliases:
            return []
        writes: dict[str, dict[str, Value]] = {alias: {"alias_of": root} for alias, root in aliases.items()}
        write_registers(self._connection, self._hub_n, writes, now_ms)
        for root in sorted(set(aliases.values())):
            ids = people.people_of(self._connection, [root])[root]
            for store in people.holders_of(self._connection, ids):
                feeds.hold(self._connection, store, ids)
            feeds.mark(self._connection, ids)
        return sorted(aliases)

    def _welcome(self, new: Sequence[str], now_ms: int) -> None:
        """Issue the programme's welcome coupon to members who have just become known."""
        members = [entity for entity in new if entity.startswith("m:")]
        programme = read_programme(self._connection) if members else None
        if programme is None or programme.welcome_coupon is None:
            return
        rows = self._connection.execute(
            select(entities.c.entity, entities.c.home_store).where(among(entities.c.entity, members))
        )
        homes = {row.entity: row.home_store or "" for row in rows}
        issue_coupons(self._connection, self._hub_n, self._secret, homes, programme.welcome_coupon, now_ms)

    # --- keeping apart --------------------------------------------------------------------------------------------

    def quarantine(self, actor: str, number: int, data: bytes, reason: str, now_ms: int) -> None:
        """See `HubTransaction.quarantine`."""
        digest = hashlib.sha256(data).digest()
        row = {
            "actor": actor,
            "number": number,
            "data": data,
            "hash": digest,
            "reason": _storable(reason),
            "at_ms": now_ms,
        }
        insert_new(self._connection, quarantine, [row])
        self._alarm("quarantine", f"entry {number} of {actor}: {reason}", now_ms)

    def dead_letter(self, actor: str, channel: str, payload: bytes, code: str, reason: str, now_ms: int) -> None:
        """See `HubTransaction.dead_letter`."""
        self._connection.execute(
            insert(dead_letters).values(
                at_ms=now_ms, actor=actor, channel=channel, code=code, reason=_storable(reason), payload=payload
            )
        )

    def _alarm(self, kind: str, detail: str, now_ms: int) -> None:
        self._connection.execute(insert(alarms).values(at_ms=now_ms, kind=kind, detail=_storable(detail)[:1000]))

    # --- rights ---------------------------------------------------------------------------------------------------

    def owner_of(self, account: str) -> str | None:
        """See `HubTransaction.owner_of`."""
        return self._connection.execute(select(heads.c.owner).where(heads.c.account == account)).scalar_one_or_none()

    def grant(self, actor: str, want: WantRights, now_ms: int) -> Granted:
        """See `HubTransaction.grant`. Rights are reckoned with the newer of the stored and the stated row."""
        del now_ms
        owner = self.owner_of(want.account)
        lock_heads(self._connection, [want.account], {want.account: owner})
        free = int(self._connection.execute(select(heads.c.free).where(heads.c.account == want.account)).scalar_one())
        stored = slots_of(self._connection, want.account, actor)
        row = stored._replace(
            made=max(stored.made, want.made), used=max(stored.used, want.used), to_hub=max(stored.to_hub, want.to_hub)
        )
        needed = max(want.target - rights(row), 0)
        given = min(needed, free)
        if given <= 0:
            cell = self._granted_cell(want.account, actor) if stored.granted else None
            return Granted(cell, needed)
        now_granted = self._granted_by_this_hub(want.account, actor) + given
        cell = Counter(want.account, hub_actor(self._hub_n), f"to:{actor}", now_granted)
        join_in_counters(self._connection, [cell])
        if owner is not None:
            feeds.mark(self._connection, [owner])
        return Granted(cell, needed - given)

    def _granted_by_this_hub(self, account: str, actor: str) -> int:
        found = self._connection.execute(
            select(counters.c.granted).where(
                counters.c.account == account, counters.c.node == actor, counters.c.hub_n == self._hub_n
            )
        ).scalar_one_or_none()
        return int(found or 0)

    def _granted_cell(self, account: str, actor: str) -> Counter | None:
        granted = self._granted_by_this_hub(account, actor)
        return Counter(account, hub_actor(self._hub_n), f"to:{actor}", granted) if granted else None

    def rights_elsewhere(self, account: str, actor: str) -> list[tuple[str, int]]:
        """See `HubTransaction.rights_elsewhere`."""
        rows = self._connection.execute(
            select(counters.c.node, *SLOT_SUMS)
            .join(actors, actors.c.actor == counters.c.node)
            .where(counters.c.account == account, counters.c.node != actor, actors.c.state == ACTIVE)
            .group_by(counters.c.node)
        )
        held = [(row.node, rights(Slots(*(int(getattr(row, name)) for name in SLOT_COLUMNS)))) for row in rows]
        return sorted(((node, amount) for node, amount in held if amount > 0), key=lambda pair: (-pair[1], pair[0]))

    # --- feeds ----------------------------------------------------------------------------------------------------

    def heads(self, stores: Sequence[str]) -> dict[str, dict[str, int]]:
        """See `HubTransaction.heads`."""
        return feeds.heads_of(self._connection, stores)

    def find_members(self, kind: str, blind: str) -> list[str]:
        """See `HubTransaction.find_members`."""
        people.lock_people(self._connection)
        return people.find_members(self._connection, kind, blind)

    def hold(self, store: str, wanted: Sequence[str]) -> None:
        """See `HubTransaction.hold`. Who holds one id of a person holds all."""
        people.lock_people(self._connection)
        roots = people.roots_of(self._connection, wanted)
        ids = people.people_of(self._connection, sorted(set(roots.values())))
        feeds.hold(self._connection, store, sorted({*wanted, *(one for person in ids.values() for one in person)}))

    def readers(self, stores: Sequence[str]) -> dict[str, str]:
        """See `HubTransaction.readers`."""
        return feeds.readers_of(self._connection, stores)

    def expand_marks(self, limit: int) -> Expansion:
        """See `HubTransaction.expand_marks`."""
        expanded = feeds.expand_marks(self._connection, self._partitions, limit)
        self.others_have_marks = expanded.for_others
        return Expansion(expanded.steps, expanded.more)

    def changed_after(self, stream: str, after: int, limit: int) -> StreamStep:
        """See `HubTransaction.changed_after`."""
        return feeds.changed_after(self._connection, stream, after, limit)

    def entity_states(self, wanted: Sequence[str], now_ms: int) -> list[EntityState]:
        """See `HubTransaction.entity_states`."""
        del now_ms
        return feeds.entity_states(self._connection, self._keys, wanted)


def _storable(text: str) -> str:
    """Make a text of a peer fit any database: PostgreSQL refuses NUL in texts."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _check_receipt(actor: str, body: Receipt) -> None:
    """Refuse a receipt that its actor cannot have issued, or that would upset every sum. Raises: ValueError."""
    if not re.fullmatch(rf"{re.escape(actor)}/[0-9]{{6,18}}", body.receipt, re.ASCII):
        raise ValueError(f"receipt {body.receipt[:60]!r} is not numbered by {actor}")
    if body.member is not None and not is_entity(body.member):
        raise ValueError(f"receipt {body.receipt} names no member")
    if not re.fullmatch(r"[0-9]{8}", body.business_day, re.ASCII) or len(body.basket_ref) > BASKET_REF_CHARS_MAX:
        raise ValueError(f"receipt {body.receipt} has a day or a basket out of form")
    if body.store != split_actor(actor).store:
        raise ValueError(f"receipt {body.receipt} names store {body.store[:20]!r}, {actor} is not there")
    amounts = (body.total_minor, body.discount_minor, body.tax_minor, body.points_earned, body.points_used)
    if max(map(abs, amounts)) > NODE_AMOUNT_MAX:
        raise ValueError(f"receipt {body.receipt} has an amount beyond {NODE_AMOUNT_MAX}")
    if not 0 <= body.business_time_ms <= COUNTER_MAX:
        raise ValueError(f"receipt {body.receipt} has no time")


def _check_new_members(accepted: Sequence[Accepted], new: set[str]) -> None:
    """Refuse a member that becomes known through a store which did not enrol them. Raises: ValueError."""
    for one in accepted:
        store = split_actor(one.actor).store
        for register in one.entry.registers:
            if register.entity in new and not re.match(rf"m:{re.escape(store)}-[0-9]+:[0-9]+$", register.entity):
                raise ValueError(f"member {register.entity} was not enrolled in store {store}")


def _holdings(accepted: Sequence[Accepted]) -> dict[str, list[str]]:
    """Read from registers `held:<store>` which members stores have begun to hold."""
    holdings: dict[str, list[str]] = {}
    for one in accepted:
        for register in one.entry.registers:
            if register.field.startswith("held:") and register.value and not is_chain_entity(register.entity):
                holdings.setdefault(register.field.partition(":")[2], []).append(register.entity)
    return holdings
