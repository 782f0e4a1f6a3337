"""How far each store is behind, kept for an hour: for how long the hub has been without everything the store has.

One rule: lag is zero while the store is heard and has named no entry that is not here; else it is the time since the
last moment when that was known to be so. That moment is the last contact for a store that fell silent with nothing
open, and the last look that found nothing open for one whose entries are on their way; so a lag is exact to one look.

What is kept is bounded: 720 looks at up to 5,000 stores of 4 bytes each, 14.4 MB at most, whatever is asked of it.
Several API processes keep one each; after a start the hour fills anew.
"""

import threading
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from hub.api.live.schemas import LagSeries, LagView
from hub.api.stores.repository import StoreRow
from hub.api.stores.service import is_dark

LOOK_EVERY_MS: Final = 5_000
KEPT_MS: Final = 3_600_000
LOOKS_MAX: Final = KEPT_MS // LOOK_EVERY_MS
STORES_MAX: Final = 5_000
HIGH_PERCENT: Final = 95

_LAG_MS_MAX: Final = 2**32 - 2
_UNKNOWN: Final = 2**32 - 1


class _Look(NamedTuple):
    at_ms: int
    lags_ms: "array[int]"
    median_ms: int
    high_ms: int


class _Store(NamedTuple):
    place: int
    name: str
    is_dark: bool
    whole_ms: int
    behind_ms: int


class LagHistory:
    """Looks at all stores, one every five seconds; safe to use from several threads."""

    def __init__(self, dark_after_ms: int, read: Callable[[], Sequence[StoreRow]]) -> None:
        self._dark_after_ms = dark_after_ms
        self._read = read
        self._looks: deque[_Look] = deque(maxlen=LOOKS_MAX)
        self._stores: dict[str, _Store] = {}
        self._lock = threading.Lock()

    def look(self, now_ms: int) -> None:
        """Look at all stores, unless that was just done. Raises: whatever reading raises."""
        with self._lock:
            last_ms = self._looks[-1].at_ms if self._looks else None
            if last_ms is not None and now_ms < last_ms:
                self._looks.clear()  # the clock was set back: times kept so far say nothing beside those to come
            elif last_ms is not None and now_ms - last_ms < LOOK_EVERY_MS:
                return
            self._looks.append(self._note(self._read(), now_ms))

    def view(self, now_ms: int, worst: int) -> LagView:
        """Show what is kept: all stores summed up at each look, and the `worst` stores one by one."""
        with self._lock:
            looks = list(self._looks)
            stores = dict(self._stores)
        latest = looks[-1].lags_ms if looks else array("I")

        def urgency(item: tuple[str, _Store]) -> tuple[int, int, str]:
            return (-latest[item[1].place], -item[1].behind_ms, item[0])

        chosen = sorted(stores.items(), key=urgency)[:worst]
        return LagView(
            now_ms=now_ms,
            every_ms=LOOK_EVERY_MS,
            kept_ms=KEPT_MS,
            stores=len(stores),
            at_ms=[look.at_ms for look in looks],
            median_ms=[look.median_ms for look in looks],
            high_ms=[look.high_ms for look in looks],
            worst=[_series(name, store, looks) for name, store in chosen],
        )

    def _note(self, rows: Sequence[StoreRow], now_ms: int) -> _Look:
        heard = [row for row in rows if row.last_contact_ms is not None and self._has_room(row.store)]
        lags_ms = array("I", [_UNKNOWN]) * (len(self._stores) + sum(row.store not in self._stores for row in heard))
        for row in heard:
            store = self._next(row, now_ms)
            self._stores[row.store] = store
            lags_ms[store.place] = min(max(now_ms - store.whole_ms, 0), _LAG_MS_MAX)
        known_ms = sorted(lag_ms for lag_ms in lags_ms if lag_ms != _UNKNOWN)
        return _Look(now_ms, lags_ms, _percentile(known_ms, 50), _percentile(known_ms, HIGH_PERCENT))

    def _has_room(self, store: str) -> bool:
        return store in self._stores or len(self._stores) < STORES_MAX

    def _next(self, row: StoreRow, now_ms: int) -> _Store:
        """Give what is now known of a store that was heard at least once."""
        contact_ms = row.last_contact_ms or 0
        known = self._stores.get(row.store)
        place = known.place if known else len(self._stores)
        whole_ms = known.whole_ms if known else contact_ms
        dark = is_dark(row.last_contact_ms, now_ms, self._dark_after_ms)
        if row.cursor >= row.last_entry:
            is_heard = not dark and row.offline_ms is None
            whole_ms = now_ms if is_heard else contact_ms
        behind_ms = now_ms if whole_ms < now_ms else (known.behind_ms if known else 0)
        return _Store(place, row.name, dark, whole_ms, behind_ms)


def _percentile(ordered_ms: Sequence[int], percent: int) -> int:
    """Give the smallest value that `percent` of all values do not exceed (nearest rank); 0 of none."""
    if not ordered_ms:
        return 0
    return ordered_ms[-(-len(ordered_ms) * percent // 100) - 1]


def _series(store: str, known: _Store, looks: Sequence[_Look]) -> LagSeries:
    lags_ms = [
        None if known.place >= len(look.lags_ms) or look.lags_ms[known.place] == _UNKNOWN else look.lags_ms[known.place]
        for look in looks
    ]
    return LagSeries(store=store, name=known.name, is_dark=known.is_dark, lags_ms=lags_ms)
