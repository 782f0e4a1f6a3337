"""The lag of stores over time: what it means, what is kept of it, and what is shown of many stores."""

import asyncio
from typing import Any

import pytest

from hub.api.live.lag import KEPT_MS, LOOK_EVERY_MS, LOOKS_MAX
from sync_protocol.messages import Heartbeat
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub
from tests.integration.conftest import eventually

DARK_AFTER_MS = 15_000


def look(hub: Hub, *heard: str, after_ms: int = LOOK_EVERY_MS, **query: Any) -> Any:
    """Let time pass, some stores be heard, and look."""
    hub.clock.now_ms += after_ms
    for store in heard:
        hub.chain.deliver(store)
    return hub.get("/api/live/lag", **query)


def lags_of(view: Any, store: str) -> list[int | None]:
    found: list[int | None] = next(row["lags_ms"] for row in view["worst"] if row["store"] == store)
    return found


def test_a_chain_without_stores_has_an_empty_history(hub: Hub) -> None:
    view = hub.get("/api/live/lag")
    assert (view["stores"], view["at_ms"], view["worst"]) == (0, [START_MS], [])
    assert (view["median_ms"], view["high_ms"]) == ([0], [0])


def test_a_store_that_is_heard_and_has_sent_everything_is_not_behind(hub: Hub) -> None:
    hub.create_store("a", "上海一店")
    look(hub, "a")
    hub.chain.node("a").sell(Sale())
    view = look(hub, "a")
    assert view["worst"] == [{"store": "a", "name": "上海一店", "is_dark": False, "lags_ms": [0, 0]}]
    assert view["at_ms"] == [START_MS + LOOK_EVERY_MS, START_MS + 2 * LOOK_EVERY_MS]


def test_entries_that_a_store_named_and_the_hub_lacks_count_from_the_last_look_that_lacked_none(hub: Hub) -> None:
    hub.create_store("a")
    look(hub, "a")
    for looks in (1, 2):
        hub.clock.now_ms += LOOK_EVERY_MS
        hub.chain.say("a-1", Heartbeat("a-1", 1, {}, hub.clock.now_ms))  # names an entry that is still on its way
        view = hub.get("/api/live/lag")
        assert lags_of(view, "a") == [n * LOOK_EVERY_MS for n in range(looks + 1)]


def test_a_silent_store_is_behind_since_it_was_last_heard_once_it_counts_as_dark(hub: Hub) -> None:
    hub.create_store("a")
    hub.create_store("b")
    for _ in range(3):
        look(hub, "b")
    view = look(hub, "b")
    assert lags_of(view, "a") == [0, 0, 0, 4 * LOOK_EVERY_MS]
    assert lags_of(view, "b") == [0, 0, 0, 0]
    assert {row["store"]: row["is_dark"] for row in view["worst"]} == {"a": True, "b": False}
    back = look(hub, "a", "b")
    assert lags_of(back, "a")[-1] == 0


def test_a_store_whose_connection_ended_is_behind_before_it_counts_as_dark(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.session.gone("a-1")
    hub.chain.work()
    view = look(hub)
    assert (lags_of(view, "a"), view["worst"][0]["is_dark"]) == ([LOOK_EVERY_MS], False)


def test_a_store_that_was_never_heard_is_left_out_and_begins_when_it_is(hub: Hub) -> None:
    hub.create_store("a")
    hub.create_store("b", greet=False)
    assert look(hub, "a")["stores"] == 1
    hub.chain.greet("b")
    view = look(hub, "a", "b")
    assert view["stores"] == 2
    assert lags_of(view, "b") == [None, 0]


def test_looks_are_five_seconds_apart_however_often_is_asked(hub: Hub) -> None:
    hub.create_store("a")
    look(hub, "a")
    for _ in range(3):
        assert len(look(hub, "a", after_ms=LOOK_EVERY_MS // 5)["at_ms"]) == 1
    assert len(look(hub, "a", after_ms=LOOK_EVERY_MS)["at_ms"]) == 2


def test_an_hour_is_kept_and_no_more(hub: Hub) -> None:
    hub.create_store("a")
    for _ in range(LOOKS_MAX + 3):
        hub.clock.now_ms += LOOK_EVERY_MS
        hub.api.state.parts.lags.look(hub.clock.now_ms)
    view = hub.get("/api/live/lag")
    assert len(view["at_ms"]) == LOOKS_MAX
    assert view["at_ms"][-1] - view["at_ms"][0] < KEPT_MS
    assert len(lags_of(view, "a")) == LOOKS_MAX


def test_a_clock_set_back_begins_anew(hub: Hub) -> None:
    hub.create_store("a")
    look(hub, "a")
    view = look(hub, after_ms=-3_600_000)
    assert (view["at_ms"], lags_of(view, "a")) == ([hub.clock.now_ms], [0])


def test_of_many_stores_the_worst_are_shown_and_the_rest_as_median_and_95_percent(hub: Hub) -> None:
    stores = [f"s{n:02d}" for n in range(40)]
    for store in stores:
        hub.create_store(store)
    look(hub, *stores)
    look(hub, *stores[3:], after_ms=DARK_AFTER_MS + 1)
    hub.clock.now_ms += 1_000
    view = look(hub, *stores[2:], after_ms=DARK_AFTER_MS + 1, worst=4)
    assert [row["store"] for row in view["worst"]] == ["s00", "s01", "s02", "s03"]
    assert [lags_of(view, store)[-1] for store in ("s00", "s02", "s03")] == [2 * (DARK_AFTER_MS + 1) + 1_000, 0, 0]
    assert view["median_ms"] == [0, 0, 0]
    assert view["high_ms"] == [0, DARK_AFTER_MS + 1, 0]


def test_a_store_that_just_came_back_is_shown_before_those_that_never_were_behind(hub: Hub) -> None:
    for store in ("a", "b", "c"):
        hub.create_store(store)
    look(hub, "a", "b", after_ms=DARK_AFTER_MS + 1)
    view = look(hub, "a", "b", "c", worst=1)
    assert [row["store"] for row in view["worst"]] == ["c"]


@pytest.mark.parametrize("worst", ["0", "13", "many"])
def test_a_number_of_stores_out_of_bounds_is_refused(hub: Hub, worst: str) -> None:
    assert hub.http.get("/api/live/lag", params={"worst": worst}).json()["code"] == "invalid"


def test_looks_go_on_while_nobody_asks(hub: Hub) -> None:
    hub.create_store("a")
    lags = hub.api.state.parts.lags

    def count_looks() -> int:
        return len(lags.view(hub.clock.now_ms, 1).at_ms)

    async def serve() -> None:
        async with hub.api.router.lifespan_context(hub.api):
            await asyncio.to_thread(eventually, lambda: count_looks() == 1, "a look is taken")
            hub.clock.now_ms += LOOK_EVERY_MS
            await asyncio.to_thread(eventually, lambda: count_looks() == 2, "another one is taken")

    asyncio.run(serve())
