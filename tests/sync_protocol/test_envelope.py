"""The outside of a payload: any message comes back, and any bytes raise only the peer's error."""

import os
from contextlib import suppress

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.envelope import HEADER_BYTES, plain_hub_envelope, plain_node_envelope
from sync_protocol.errors import DecodeError, EnvelopeError, PeerError
from sync_protocol.limits import DECOMPRESSED_BYTES_MAX, MESSAGE_BYTES_MAX
from sync_protocol.messages import Acknowledge, Batch, Fence, FromHub, FromNode, Heartbeat
from tests.sync_protocol.strategies import from_hub, from_node

HEADER = b"\x01\x00" + bytes(16)
node, hub = plain_node_envelope(), plain_hub_envelope()


def payload_of(body: object) -> bytes:
    """Close any MessagePack as a payload."""
    return HEADER + zstandard.compress(msgspec.msgpack.encode(body))


@given(from_node)
def test_every_message_of_a_node_comes_back_as_it_was(message: FromNode) -> None:
    assert hub.open(node.seal(message)) == message


@given(from_hub)
def test_every_message_of_the_hub_comes_back_as_it_was(message: FromHub) -> None:
    assert node.open(hub.seal(message)) == message


@given(from_node)
def test_a_message_sent_the_wrong_way_is_refused(message: FromNode) -> None:
    with pytest.raises(DecodeError):
        node.open(node.seal(message))


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_the_peers_error(payload: bytes) -> None:
    with pytest.raises(PeerError):
        hub.open(payload)


@given(st.binary(max_size=300))
def test_any_body_within_a_right_envelope_raises_only_the_peers_error(body: bytes) -> None:
    for compressed in (body, zstandard.compress(body)):
        with suppress(EnvelopeError, DecodeError):
            assert isinstance(hub.open(HEADER + compressed), FromNode)


@given(from_node, st.data())
def test_a_damaged_payload_raises_only_the_peers_error(message: FromNode, data: st.DataObject) -> None:
    payload = bytearray(node.seal(message))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with suppress(EnvelopeError, DecodeError):
        assert isinstance(hub.open(bytes(payload[: data.draw(st.integers(0, len(payload)))])), FromNode)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "shorter than its header"),
        (HEADER, "shorter than its header"),
        (b"\x02\x00" + bytes(20), "version 2"),
        (b"\x00\x00" + bytes(20), "version 0"),
        (b"\x01\x01" + bytes(20), "suite 1"),
        (b"\x01\xff" + bytes(20), "suite 255"),
        (HEADER + b"not zstd at all", "does not decompress"),
        (HEADER + bytes(MESSAGE_BYTES_MAX), "at most 131072"),
    ],
)
def test_a_payload_is_refused_by_its_outside_with_the_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeError, match=reason):
        hub.open(payload)


def test_a_truncated_payload_is_refused_wherever_it_was_cut() -> None:
    payload = node.seal(Heartbeat("a-1", 5, {"chain": 3}, 1))
    for length in range(len(payload)):
        with pytest.raises(PeerError):
            hub.open(payload[:length])


def test_a_bomb_is_refused_by_the_size_it_declares() -> None:
    bomb = zstandard.compress(bytes(DECOMPRESSED_BYTES_MAX + 1))
    assert len(bomb) < 1_000
    with pytest.raises(EnvelopeError, match=str(DECOMPRESSED_BYTES_MAX + 1)):
        hub.open(HEADER + bomb)


def test_a_body_of_just_the_largest_size_is_decompressed() -> None:
    with pytest.raises(DecodeError):
        hub.open(HEADER + zstandard.compress(bytes(DECOMPRESSED_BYTES_MAX)))


def test_a_body_that_declares_no_size_is_refused() -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=False)
    body = compressor.compress(msgspec.msgpack.encode(["fence", "x"]))
    with pytest.raises(EnvelopeError):
        node.open(HEADER + body)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    frame = bytearray(zstandard.compress(bytes(3_000_000)))
    honest = zstandard.frame_content_size(bytes(frame))
    place = bytes(frame).index(honest.to_bytes(4, "little"))
    frame[place : place + 4] = (100).to_bytes(4, "little")
    assert zstandard.frame_content_size(bytes(frame)) == 100
    with pytest.raises(EnvelopeError):
        hub.open(HEADER + bytes(frame))


def test_a_message_too_large_is_not_sealed() -> None:
    entries = [os.urandom(MESSAGE_BYTES_MAX)]
    with pytest.raises(EnvelopeError, match="at most 131072"):
        node.seal(Batch("a-1", 1, 1, b"", entries))


def test_a_message_of_just_the_largest_size_passes() -> None:
    sealed = len(node.seal(Batch("a-1", 1, 1, b"", [os.urandom(120_000)])))
    message = Batch("a-1", 1, 1, b"", [os.urandom(120_000 + MESSAGE_BYTES_MAX - sealed)])
    payload = node.seal(message)
    assert MESSAGE_BYTES_MAX - 8 <= len(payload) <= MESSAGE_BYTES_MAX
    assert hub.open(payload) == message


def test_the_header_is_version_suite_and_salt() -> None:
    assert node.seal(Heartbeat("a-1", 0, {}, 0))[:HEADER_BYTES] == HEADER


@pytest.mark.parametrize(
    "body",
    [
        ["no-such-tag", 1],
        ["heartbeat"],
        ["heartbeat", "a-1", -1, {}, 0],
        ["heartbeat", "", 1, {}, 0],
        ["heartbeat", "a-1", 1, {"chain": "x"}, 0],
        ["ask", 1, 1, ["birth"]],
        ["batch", "a-1", 0, 1, b"", []],
        ["batch", "a-1", 1, 1, b"", [], [["m:1", bytes(31)]]],
        {"t": "heartbeat"},
        "heartbeat",
        None,
    ],
)
def test_a_body_that_is_no_message_is_refused_as_undecodable(body: object) -> None:
    with pytest.raises(DecodeError):
        hub.open(payload_of(body))


def test_unknown_fields_at_the_end_of_messages_are_ignored() -> None:
    assert node.open(payload_of(["ack", 1, 5, {"chain": 2}, "later", 7])) == Acknowledge(1, 5, {"chain": 2})
    assert node.open(payload_of(["fence", "set back", {"later": 1}])) == Fence("set back")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DecodeError):
        hub.open(HEADER + zstandard.compress(b"\x91" * 1_000_000))
