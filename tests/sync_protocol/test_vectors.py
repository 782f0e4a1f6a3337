"""Today's code speaks exactly the bytes of the test vectors, so that a node can be written in another language.

The vectors are the bodies before compression: what a compressor makes of them may differ between versions.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from sync_protocol.entries import chain_next, chain_start, decode_entry, encode_entry
from sync_protocol.envelope import HEADER_BYTES, plain_hub_envelope, plain_node_envelope
from sync_protocol.messages import FromHub, FromNode
from tests.sync_protocol.examples import ACTOR, ENTRY, FROM_HUB, FROM_NODE

VECTORS = Path(__file__).parent.parent / "vectors" / "plain"


def _vectors(name: str) -> Any:
    return msgspec.json.decode((VECTORS / name).read_bytes())


def _body(payload: bytes) -> bytes:
    return zstandard.decompress(payload[HEADER_BYTES:])


def _payload(body_hex: str) -> bytes:
    return b"\x01\x00" + bytes(16) + zstandard.compress(bytes.fromhex(body_hex))


@pytest.mark.parametrize("name", FROM_NODE)
def test_a_nodes_message_is_encoded_and_decoded_as_its_vector_says(name: str) -> None:
    vector = _vectors("from_node.json")[name]
    message: FromNode = FROM_NODE[name]
    assert _body(plain_node_envelope().seal(message)).hex() == vector
    assert plain_hub_envelope().open(_payload(vector)) == message


@pytest.mark.parametrize("name", FROM_HUB)
def test_the_hubs_message_is_encoded_and_decoded_as_its_vector_says(name: str) -> None:
    vector = _vectors("from_hub.json")[name]
    message: FromHub = FROM_HUB[name]
    assert _body(plain_hub_envelope().seal(message)).hex() == vector
    assert plain_node_envelope().open(_payload(vector)) == message


def test_there_is_a_vector_for_every_message() -> None:
    said = {type(message) for message in (*FROM_NODE.values(), *FROM_HUB.values())}
    assert said == {*FromNode.__args__, *FromHub.__args__}
    assert set(_vectors("from_node.json")) == set(FROM_NODE)
    assert set(_vectors("from_hub.json")) == set(FROM_HUB)


def test_an_entry_is_encoded_decoded_and_chained_as_its_vector_says() -> None:
    vector = _vectors("entry.json")
    data = bytes.fromhex(vector["entry"])
    assert encode_entry(ENTRY) == data
    assert decode_entry(data) == ENTRY
    assert vector["actor"] == ACTOR
    assert chain_start(ACTOR).hex() == vector["chain_before"]
    assert chain_next(chain_start(ACTOR), data).hex() == vector["chain_after"]


def test_a_body_written_by_hand_is_understood() -> None:
    by_hand = "94" + "a3" + b"ack".hex() + "01" + "07" + "81" + "a5" + b"chain".hex() + "05"
    assert by_hand == _vectors("from_hub.json")["ack"]
