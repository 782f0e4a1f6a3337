"""Names that both sides build alike: pinned, so that they never change by accident."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.names import (
    CHAIN_TOPIC,
    actor_id,
    down_topic,
    hub_actor,
    is_chain_entity,
    is_hub,
    is_store_id,
    minted,
    node_topic,
    owner_in_name,
    parse_node_topic,
    partition_of,
    points_account,
    points_expiry,
    split_actor,
    store_stream,
)

stores = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True).filter(is_store_id)
incarnations = st.integers(1, 999_999)


@pytest.mark.parametrize("store", ["0042", "a", "z9", "a1b2c3d4e5f6", "hub1"])
def test_a_store_id_is_small_letters_and_digits(store: str) -> None:
    assert is_store_id(store)


@pytest.mark.parametrize("store", ["", "hub", "A1", "a-1", "a_1", "a1b2c3d4e5f6g", "店", "a/b", "a\n", "+", "#"])
def test_a_store_id_is_nothing_else_and_never_hub(store: str) -> None:
    assert not is_store_id(store)
    with pytest.raises(ValueError):
        actor_id(store, 1)


@given(stores, incarnations)
def test_an_actor_taken_apart_gives_back_its_store_and_incarnation(store: str, incarnation: int) -> None:
    assert split_actor(actor_id(store, incarnation)) == (store, incarnation)


@pytest.mark.parametrize("incarnation", [0, -1, 1_000_000])
def test_incarnations_count_from_one(incarnation: int) -> None:
    with pytest.raises(ValueError):
        actor_id("0042", incarnation)


@pytest.mark.parametrize("text", ["0042", "0042-", "0042-0", "0042-01", "-1", "0042-1-1", "A-1", "0042-1\n", "0042-x"])
def test_what_is_no_actor_is_not_taken_apart(text: str) -> None:
    with pytest.raises(ValueError):
        split_actor(text)


def test_the_hubs_actors_are_told_from_nodes() -> None:
    assert is_hub(hub_actor(3))
    assert not is_hub("hub1-1")
    assert not is_hub("hub")


@pytest.mark.parametrize(("store", "partition"), [("0042", "0544"), ("0001", "0139"), ("shanghai1", "0818")])
def test_partitions_never_change(store: str, partition: str) -> None:
    assert partition_of(store) == partition


@given(stores)
def test_a_partition_is_four_digits_of_the_stores_hash(store: str) -> None:
    digest = hashlib.sha256(store.encode()).digest()
    assert partition_of(store) == f"{(digest[0] * 256 + digest[1]) % 1024:04d}"


@given(stores, incarnations, st.sampled_from(["up", "rpc", "state"]))
def test_a_nodes_topic_taken_apart_gives_back_channel_and_actor(store: str, incarnation: int, channel: str) -> None:
    actor = actor_id(store, incarnation)
    assert parse_node_topic(node_topic(channel, actor)) == (channel, actor)


@given(stores)
def test_a_wrong_partition_is_refused(store: str) -> None:
    right = int(partition_of(store))
    for other in {(right + 1) % 1024, (right + 512) % 1024}:
        assert parse_node_topic(f"tillsync/1/{other:04d}/up/{store}-1") is None


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "tillsync/1/chain",
        "tillsync/1/down/0042-1",
        f"tillsync/1/{partition_of('0042')}/down/0042-1",
        f"tillsync/2/{partition_of('0042')}/up/0042-1",
        f"tillsync/1/{partition_of('0042')}/up/0042",
        f"tillsync/1/{partition_of('0042')}/up/0042-1/more",
        f"/tillsync/1/{partition_of('0042')}/up/0042-1",
        "$SYS/broker/uptime",
    ],
)
def test_any_other_topic_is_not_a_nodes(topic: str) -> None:
    assert parse_node_topic(topic) is None


@given(st.text(max_size=60))
def test_any_text_as_topic_raises_nothing(topic: str) -> None:
    parsed = parse_node_topic(topic)
    assert parsed is None or node_topic(*parsed) == topic


def test_topics_read_as_written_in_the_specification() -> None:
    assert node_topic("up", "0042-1") == f"tillsync/1/{partition_of('0042')}/up/0042-1"
    assert down_topic("0042-1") == "tillsync/1/down/0042-1"
    assert CHAIN_TOPIC == "tillsync/1/chain"
    assert store_stream("0042") == "store/0042"


@given(stores, st.integers(1, 10**6), st.sampled_from(["202706", "999912"]))
def test_a_points_account_names_its_member_and_its_month(store: str, n: int, month: str) -> None:
    member = minted("m", actor_id(store, 1), n)
    account = points_account(member, "main", month)
    assert owner_in_name(account) == member
    assert points_expiry(account) == month


def test_ids_read_as_written_in_the_specification() -> None:
    assert minted("m", "0042-1", 57) == "m:0042-1:57"
    assert points_account("m:0042-1:57", "main", "202706") == "p:m:0042-1:57:main:202706"
    assert owner_in_name("c:hub-1:9001") is None


def test_everyone_holds_catalogue_programme_and_stores_and_never_a_member_or_coupon() -> None:
    assert all(is_chain_entity(entity) for entity in ("i:123", "programme:main", "s:0042"))
    assert not any(is_chain_entity(entity) for entity in ("m:0042-1:1", "c:hub-1:1", "", "item"))
