"""Random cells, entries and messages, within the bounds of the protocol.

One rule: whatever these draw must survive encoding; what must be refused is written out in the tests.
"""

from hypothesis import strategies as st

from sync_protocol.cells import Counter, Record, Register, Value
from sync_protocol.entries import Entry, Extra
from sync_protocol.limits import COUNTER_MAX, STAMP_MAX
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

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
counts = st.integers(0, COUNTER_MAX)
numbers = st.integers(1, COUNTER_MAX)
stamps = st.integers(0, STAMP_MAX)
bodies = st.binary(max_size=40)
hashes = st.binary(min_size=32, max_size=32)
cursors = st.dictionaries(names, counts, max_size=3)

values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-COUNTER_MAX, COUNTER_MAX), texts, bodies
)
registers = st.builds(Register, entity=names, field=names, value=values, stamp=stamps, actor=names)
counters = st.builds(Counter, account=names, actor=names, slot=names, value=counts, increment=counts)
records = st.builds(Record, actor=names, number=numbers, kind=names, body=bodies)
extras = st.builds(Extra, tag=names, skippable=st.booleans(), body=bodies)
entries = st.builds(
    Entry,
    number=numbers,
    stamp=stamps,
    boot=names,
    monotonic_ms=counts,
    registers=st.lists(registers, max_size=3),
    counters=st.lists(counters, max_size=3),
    records=st.lists(records, max_size=3),
    offset_ms=st.one_of(st.none(), st.integers(-COUNTER_MAX, COUNTER_MAX)),
    extras=st.lists(extras, max_size=2),
)
states = st.builds(
    EntityState,
    entity=names,
    registers=st.lists(registers, max_size=2),
    counters=st.lists(counters, max_size=2),
    key=st.one_of(st.none(), hashes),
    whole=st.booleans(),
)
keys = st.builds(MemberKey, member=names, key=hashes)
questions = st.one_of(
    st.builds(FindMember, kind=names, blind=names),
    st.builds(WantRights, account=names, target=counts, made=counts, used=counts, to_hub=counts),
)

from_node: st.SearchStrategy[FromNode] = st.one_of(
    st.builds(
        Birth,
        actor=names,
        boot=names,
        last_entry=counts,
        last_chain=hashes,
        hub_n=counts,
        cursors=cursors,
        software=texts,
        capabilities=st.lists(texts, max_size=2),
        challenge_answer=bodies,
        fenced=texts,
    ),
    st.builds(
        Batch,
        actor=names,
        first=numbers,
        last=numbers,
        prev=hashes,
        entries=st.lists(bodies, max_size=3),
        keys=st.lists(keys, max_size=2),
    ),
    st.builds(Heartbeat, actor=names, last_entry=counts, cursors=cursors, node_time_ms=counts),
    st.builds(Fetch, stream=names, after=counts),
    st.builds(FeedAcknowledge, stream=names, seq=counts),
    st.builds(Ask, id=counts, deadline_ms=counts, question=questions),
)
from_hub: st.SearchStrategy[FromHub] = st.one_of(
    st.builds(
        Welcome,
        hub_n=numbers,
        cursor=counts,
        chain=hashes,
        hub_time_ms=counts,
        heads=cursors,
        blind_index_key=hashes,
    ),
    st.builds(Acknowledge, hub_n=numbers, cursor=counts, heads=cursors),
    st.builds(Refuse, code=names, detail=texts, hub_n=numbers, cursor=counts, number=counts),
    st.builds(
        Feed,
        hub_n=numbers,
        stream=names,
        previous=counts,
        seq=counts,
        entities=st.lists(states, max_size=2),
        more=st.booleans(),
    ),
    st.builds(Answer, id=counts, outcome=names, detail=texts, entities=st.lists(states, max_size=2)),
    st.builds(CallBack, account=names, amount=counts),
    st.builds(Fence, reason=texts),
)
