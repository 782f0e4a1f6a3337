"""One example of every message and of an entry, with nothing left to chance: what the test vectors hold.

One rule: an example is never changed once its vector has shipped; a new field gets a new example beside the old one.
"""

from sync_protocol.cells import Counter, Record, Register
from sync_protocol.entries import Entry, Extra, chain_start
from sync_protocol.messages import (
    Acknowledge,
    Answer,
    Ask,
    Batch,
    Birth,
    CallBack,
    EntityState,
    Feed,
    FeedAcknowledge,
    Fence,
    Fetch,
    FindMember,
    FromHub,
    FromNode,
    Heartbeat,
    MemberKey,
    Refuse,
    WantRights,
    Welcome,
)

ACTOR = "0042-1"
MEMBER = "m:0042-1:57"
POINTS = f"p:{MEMBER}:main:202706"
STAMP = 0x019B_7740_0000_0001
KEY = bytes(range(32))

ENTRY = Entry(
    number=7,
    stamp=STAMP,
    boot="9f0c",
    monotonic_ms=123_456,
    registers=[
        Register(MEMBER, "name", b"\x00\x01sealed", STAMP, ACTOR),
        Register(MEMBER, "home_store", "0042", STAMP, ACTOR),
        Register(MEMBER, "tag:vip", True, STAMP, ACTOR),
        Register(MEMBER, "tag:old", None, STAMP, ACTOR),
        Register(MEMBER, "enrolled_at_ms", 1_767_225_600_000, STAMP, ACTOR),
    ],
    counters=[Counter(POINTS, ACTOR, "made", 250, 100), Counter(POINTS, ACTOR, "to:hub", 2**40, 1)],
    records=[Record(ACTOR, 12, "receipt", b"body")],
    offset_ms=-1_500,
    extras=[Extra("later", True, b"\xff")],
)

STATE = EntityState(
    entity=MEMBER,
    registers=[Register(MEMBER, "home_store", "0042", STAMP, ACTOR)],
    counters=[Counter(POINTS, "hub-1", "to:0042-1", 300)],
    key=KEY,
)

FROM_NODE: dict[str, FromNode] = {
    "birth": Birth(
        actor=ACTOR,
        boot="9f0c",
        last_entry=7,
        last_chain=chain_start(ACTOR),
        hub_n=1,
        cursors={"chain": 5, "store/0042": 2**32},
        software="tillsync/0.1.0",
        capabilities=["zstd"],
        challenge_answer=b"\x01",
        fenced="set back",
    ),
    "batch": Batch(ACTOR, 6, 7, chain_start(ACTOR), [b"\x90", b"\x91\x01"], [MemberKey(MEMBER, KEY)]),
    "heartbeat": Heartbeat(ACTOR, 7, {"chain": 5}, 1_767_225_600_000),
    "fetch": Fetch("store/0042", 17),
    "feed-ack": FeedAcknowledge("chain", 18),
    "ask-find": Ask(3, 250, FindMember("card", "00ff")),
    "ask-rights": Ask(4, 250, WantRights(POINTS, 400, 250, 50, 100)),
}

FROM_HUB: dict[str, FromHub] = {
    "welcome": Welcome(1, 7, chain_start(ACTOR), 1_767_225_600_000, {"chain": 5, "store/0042": 9}, KEY),
    "ack": Acknowledge(1, 7, {"chain": 5}),
    "refuse": Refuse("quarantined", "coupon c:hub-1:7 was not issued by 0042-1", 1, 8, 8),
    "feed": Feed(1, "store/0042", 8, 9, [STATE], True),
    "answer": Answer(4, "short", "100 short", [EntityState(MEMBER, counters=STATE.counters, whole=False)]),
    "call-back": CallBack(POINTS, 300),
    "fence": Fence("two histories share one name"),
}
