"""Read recorded shopping from CSV, so that a demo can replay what real customers bought.

One rule: a receipt is replayed whole or not at all, and every row is accounted for: it stands in a basket, in the list
of rejected rows with its reason, or it was left out because of the number of stores or receipts asked for. Lines that
are equal to the last letter are kept, for a thing scanned twice is two lines; so are lines with a quantity or an amount
of 0 and quantities of any size, as recorded. The file is read row by row; nothing is written, nothing guessed.

The layouts and their sources stand in `layouts`, what counts as a number in `numerals`.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from simulators.traffic.baskets import Kind, Rejected, TrafficBasket, TrafficLine
from simulators.traffic.errors import RecordingUnreadableError, SettingError
from simulators.traffic.layouts import (
    SUFFIXES,
    Layout,
    asked_layout,
    check_columns,
    find_recording,
    recognised_layout,
)
from simulators.traffic.numerals import (
    CellError,
    exact_minor,
    multiply_to_minor,
    read_minor,
    read_number,
    read_quantity,
    read_time,
)

STORE_ID_MAX = 12
RESERVED_STORE_IDS = frozenset({"hub"})
LINE_DIGITS_MAX = 18
COMPANION = "another row of its basket was rejected"
_GZIP_MAGIC = b"\x1f\x8b"

_Key = tuple[str, str]
"""A basket's place: recorded name of the store, id of the basket. Some tills count receipts for each store alone."""


@dataclass(frozen=True, slots=True)
class RecordedTraffic:
    """What a recording holds.

    `baskets` are in order of business time, equal times in order of the file; `rejected` in order of the file, one
    entry for each row that is in no basket because it, or another row of its basket, cannot be used. `rows_read`
    counts rows below the header, blank lines apart; it equals rows in baskets + rejected + `rows_left_out`.
    `store_names` maps the ids of the stores selected to their recorded names, the busiest first. `currency` is empty
    where the layout does not tell.
    """

    path: Path
    layout: str
    currency: str
    baskets: tuple[TrafficBasket, ...]
    rejected: tuple[Rejected, ...]
    baskets_rejected: int
    rows_read: int
    rows_left_out: int
    store_names: dict[str, str]

    @property
    def rejected_counts(self) -> dict[str, int]:
        """Rejected rows by reason, the most frequent first."""
        return dict(Counter(row.reason for row in self.rejected).most_common())


def read_baskets(
    path: Path,
    preset: str | None = None,
    mapping: Mapping[str, str] | None = None,
    stores: int | None = None,
    receipts: int = 0,
) -> RecordedTraffic:
    """Read the recording at `path`, a CSV or CSV.gz file or a folder that holds it.

    The layout is the `preset`'s, with `mapping` (field to column) over it; where neither is given, the preset is
    known by the file's columns. `stores` keeps that many of the stores with the most baskets, ties by store id;
    `receipts` then the first so many in order of time, 0 being all.

    Raises: SettingError, RecordingNotFoundError, RecordingUnreadableError, PresetUnknownError, MappingError.
    """
    if stores is not None and stores < 1:
        raise SettingError(f"stores must be at least 1, not {stores}")
    if receipts < 0:
        raise SettingError(f"receipts must not be negative, not {receipts}")
    layout = asked_layout(preset, mapping)
    file = find_recording(path, layout)
    with _opened(file) as rows:
        _, header = next(rows, (1, []))
        columns = [cell.strip() for cell in header]
        if not any(columns):
            raise RecordingUnreadableError(file, "there is no header")
        layout = layout or recognised_layout(columns)
        check_columns(layout, columns)
        collected = _Collector(layout, columns, _article_names(file, layout))
        for number, cells in rows:
            collected.add(number, cells)
    return _select(file, layout, collected, stores, receipts)


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Give every store name an id of our own: 1 to 12 of a-z and 0-9, all different, never a reserved one.

    A name that is such an id keeps it; of the others, in order of name, a clash gets a number. The same set of names
    always gets the same ids.
    """
    given: dict[str, str] = {}
    taken = set(RESERVED_STORE_IDS)
    for name in sorted(set(names), key=lambda name: (not _is_store_id(name), name)):
        base = _bare(name) or "store"
        slug, number = base, 2
        while slug in taken:
            slug = f"{base[: STORE_ID_MAX - len(str(number))]}{number}"
            number += 1
        taken.add(slug)
        given[name] = slug
    return given


def _is_store_id(name: str) -> bool:
    return bool(name) and _bare(name) == name and name not in RESERVED_STORE_IDS


def _bare(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())[:STORE_ID_MAX]


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Open a CSV file, packed or not, as (row number, cells) without blank lines; the first is the header.

    Raises: RecordingUnreadableError.
    """
    row = 0

    def numbered(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
        nonlocal row
        for row, cells in enumerate(reader, start=1):
            if cells:
                yield row, cells

    try:
        with path.open("rb") as raw:
            packed = raw.peek(2).startswith(_GZIP_MAGIC)
            with (
                gzip.GzipFile(fileobj=raw) if packed else raw as plain,
                TextIOWrapper(plain, "utf-8-sig", newline="") as text,
            ):
                yield numbered(csv.reader(text, strict=True))
    except UnicodeDecodeError as error:
        raise RecordingUnreadableError(path, f"not UTF-8 after row {row}: {error.reason}") from error
    except csv.Error as error:
        raise RecordingUnreadableError(path, f"not CSV after row {row}: {error}") from error
    except (EOFError, OSError, zlib.error) as error:
        raise RecordingUnreadableError(path, f"cannot be read after row {row}: {error}") from error


def _article_names(file: Path, layout: Layout) -> dict[str, str]:
    """Read the names of articles from the file beside the recording, if it is there and has the columns."""
    if layout.article_names is None:
        return {}
    stem, code, parts = layout.article_names
    beside = [file.with_name(stem + suffix) for suffix in SUFFIXES]
    for path in (path for path in beside if path.is_file()):
        with _opened(path) as rows:
            _, header = next(rows, (1, []))
            if not {code, *parts} <= set(header):
                continue
            places = [header.index(part) for part in parts]
            at = header.index(code)
            return {
                cells[at].strip(): " ".join(cells[place].strip() for place in places).strip()
                for _, cells in rows
                if len(cells) == len(header)
            }
    return {}


@dataclass(slots=True)
class _Draft:
    """A basket in the making."""

    first_row: int
    time_ms: int
    time_local: str
    member: str
    lines: list[tuple[int, int, TrafficLine]] = field(default_factory=list)  # line number, row, line
    coupon: bool = False


class _Collector:
    """Sorts rows into baskets and remembers which baskets are spoilt."""

    def __init__(self, layout: Layout, columns: Sequence[str], article_names: Mapping[str, str]) -> None:
        self._layout = layout
        self._width = len(columns)
        self._zone = ZoneInfo(layout.zone) if layout.zone else None
        self._article_names = article_names
        self._at = {name: columns.index(column) for name, column in layout.columns.items()}
        self._discounts = [(name, columns.index(column)) for name, column in layout.discounts.items()]
        self._key: Callable[[Sequence[str]], _Key] = itemgetter(self._at["store"], self._at["basket"])
        self.drafts: dict[_Key, _Draft] = {}
        self.spoilt_keys: set[_Key] = set()
        self.spoilt_refs: set[str] = set()
        self.rejected: list[Rejected] = []
        self.rows = 0
        self.stores: set[str] = set()

    def add(self, row: int, cells: list[str]) -> None:
        """Put one row into its basket, or reject it and spoil the basket."""
        self.rows += 1
        if len(cells) != self._width:
            place = self._at["basket"]
            self._reject(
                row, "", cells[place].strip() if place < len(cells) else "", "row has the wrong number of cells"
            )
            return
        store, basket = (cell.strip() for cell in self._key(cells))
        if not basket or not store:
            self._reject(row, store, basket, f"{'store' if basket else 'basket'} is blank")
            return
        self.stores.add(store)
        try:
            self._take(row, (store, basket), cells)
        except CellError as error:
            self._reject(row, store, basket, str(error))

    def _take(self, row: int, key: _Key, cells: list[str]) -> None:
        line = self._line(cells)
        number = self._line_number(cells)
        time_ms, time_local = self._time(cells)
        member = self._cell(cells, "member")
        draft = self.drafts.get(key)
        if draft is None:
            draft = self.drafts[key] = _Draft(row, time_ms, time_local, member)
        if member and draft.member and member != draft.member:
            raise CellError("its basket names another member")
        draft.member = draft.member or member
        if time_ms < draft.time_ms:
            draft.time_ms, draft.time_local = time_ms, time_local
        draft.lines.append((number, row, line))
        draft.coupon = draft.coupon or any(name in self._layout.coupons for name, _ in line.discounts)

    def _line(self, cells: list[str]) -> TrafficLine:
        code = self._cell(cells, "code")
        if not code:
            raise CellError("code is blank")
        quantity = read_quantity(cells[self._at["quantity"]])
        price = read_number(cells[self._at["price"]], "price") if "price" in self._at else None
        if price is None or "amount" in self._at:
            amount_minor = read_minor(cells[self._at["amount"]], "amount")
        else:
            amount_minor = multiply_to_minor(quantity, price)
        discounts = [(name, read_minor(cells[place], name)) for name, place in self._discounts]
        return TrafficLine(
            code,
            self._cell(cells, "name") or self._article_names.get(code) or code,
            quantity,
            amount_minor,
            None if price is None else exact_minor(price),
            tuple(discount for discount in discounts if discount[1]),
        )

    def _line_number(self, cells: list[str]) -> int:
        text = self._cell(cells, "line")
        if not text:
            return 0
        if len(text) > LINE_DIGITS_MAX or not (text.isascii() and text.isdigit()):
            raise CellError("line is not a whole number")
        return int(text)

    def _time(self, cells: list[str]) -> tuple[int, str]:
        time_ms, local = read_time(cells[self._at["time"]], "time", self._zone)
        utc = self._cell(cells, "utc")
        if utc and read_time(utc, "utc", None)[0] != time_ms:
            raise CellError("time and utc are different instants")
        return time_ms, local

    def _cell(self, cells: list[str], name: str) -> str:
        place = self._at.get(name)
        return "" if place is None else cells[place].strip()

    def _reject(self, row: int, store: str, basket: str, reason: str) -> None:
        self.rejected.append(Rejected(row, basket, reason))
        if store and basket:
            self.spoilt_keys.add((store, basket))
        elif basket:
            self.spoilt_refs.add(basket)  # the store is not known: it may be any basket of that id


def _select(file: Path, layout: Layout, collected: _Collector, stores: int | None, receipts: int) -> RecordedTraffic:
    """Drop the spoilt baskets, then keep the stores and receipts asked for."""
    whole: dict[_Key, _Draft] = {}
    spoilt = set(collected.spoilt_keys)
    rejected = list(collected.rejected)
    for key, draft in collected.drafts.items():
        if key in collected.spoilt_keys or key[1] in collected.spoilt_refs:
            spoilt.add(key)
            rejected += [Rejected(row, key[1], COMPANION) for _, row, _ in draft.lines]
        else:
            whole[key] = draft
    ids = slugs(collected.stores)
    busiest = Counter(key[0] for key in whole)
    kept_stores = sorted(collected.stores, key=lambda name: (-busiest[name], ids[name]))[:stores]
    wanted = frozenset(kept_stores)
    kept = sorted(
        ((draft.time_ms, draft.first_row, key) for key, draft in whole.items() if key[0] in wanted),
    )[: receipts or None]
    baskets = tuple(_basket(layout, ids[key[0]], key[1], whole[key]) for _, _, key in kept)
    known_spoilt = {basket for _, basket in spoilt}
    return RecordedTraffic(
        path=file,
        layout=layout.name,
        currency=layout.currency,
        baskets=baskets,
        rejected=tuple(sorted(rejected, key=lambda row: row.row)),
        baskets_rejected=len(spoilt) + len(collected.spoilt_refs - known_spoilt),
        rows_read=collected.rows,
        rows_left_out=collected.rows - len(rejected) - sum(len(basket.lines) for basket in baskets),
        store_names={ids[name]: name for name in kept_stores if busiest[name]},
    )


def _basket(layout: Layout, store: str, basket_ref: str, draft: _Draft) -> TrafficBasket:
    lines = tuple(line for _, _, line in sorted(draft.lines, key=itemgetter(0, 1)))
    return TrafficBasket(
        basket_ref=basket_ref,
        store=store,
        business_time_ms=draft.time_ms,
        business_time_local=draft.time_local,
        member_ref=draft.member or None,
        lines=lines,
        kind=_kind(layout, basket_ref, lines),
        wants_points=False,
        wants_coupon=draft.coupon,
    )


def _kind(layout: Layout, basket_ref: str, lines: Sequence[TrafficLine]) -> Kind:
    for beginning, kind in layout.kinds:
        if basket_ref.startswith(beginning):
            return kind
    quantities = [line.quantity for line in lines]
    return "return" if min(quantities) < 0 and max(quantities) <= 0 else "sale"
