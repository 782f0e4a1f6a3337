"""The outside of every payload: version byte, suite byte, salt, then the compressed body (SPEC 8.3, 8.4).

One rule: a payload is refused by its outside before its inside is looked at: size, version, suite, declared length.

Suite 0 stands for *not sealed*. It is what the embedded demo speaks on the loopback interface; the sealed suites take
their place as other implementations of `Envelope`, fed with salt and secrets by their caller.
"""

from typing import Any, Final, Generic, Protocol, TypeVar, cast

import msgspec
import zstandard

from sync_protocol.errors import DecodeError, EnvelopeError
from sync_protocol.limits import DECOMPRESSED_BYTES_MAX, MESSAGE_BYTES_MAX
from sync_protocol.messages import FromHub, FromNode

VERSION: Final = 1
SUITE_PLAIN: Final = 0
SALT_BYTES: Final = 16
HEADER_BYTES: Final = 2 + SALT_BYTES

Sent = TypeVar("Sent", contravariant=True)
Received = TypeVar("Received", covariant=True)


class Envelope(Protocol[Sent, Received]):
    """Turns messages of one direction into payloads, and payloads of the other into messages."""

    def seal(self, message: Sent) -> bytes:
        """Encode and close one message. Raises: EnvelopeError when it is too large."""
        ...

    def open(self, payload: bytes) -> Received:
        """Open and decode one payload. Raises: EnvelopeError, DecodeError, nothing else whatever the bytes."""
        ...


_encoder = msgspec.msgpack.Encoder()


class PlainEnvelope(Generic[Sent, Received]):
    """Suite 0: compressed, not sealed."""

    def __init__(self, received: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(received)
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._decompressor = zstandard.ZstdDecompressor()

    def seal(self, message: Sent) -> bytes:
        """See `Envelope.seal`."""
        body = self._compressor.compress(_encoder.encode(message))
        payload = bytes((VERSION, SUITE_PLAIN)) + bytes(SALT_BYTES) + body
        if len(payload) > MESSAGE_BYTES_MAX:
            raise EnvelopeError(f"message of {len(payload)} bytes, at most {MESSAGE_BYTES_MAX} are allowed")
        return payload

    def open(self, payload: bytes) -> Received:
        """See `Envelope.open`."""
        body = self._decompress(payload)
        try:
            return cast("Received", self._decoder.decode(body))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise DecodeError(f"message: {error}") from error

    def _decompress(self, payload: bytes) -> bytes:
        if len(payload) > MESSAGE_BYTES_MAX:
            raise EnvelopeError(f"payload of {len(payload)} bytes, at most {MESSAGE_BYTES_MAX} are allowed")
        if len(payload) <= HEADER_BYTES:
            raise EnvelopeError(f"payload of {len(payload)} bytes is shorter than its header")
        if payload[0] != VERSION:
            raise EnvelopeError(f"protocol version {payload[0]}, this is version {VERSION}")
        if payload[1] != SUITE_PLAIN:
            raise EnvelopeError(f"suite {payload[1]} is not spoken here")
        body = payload[HEADER_BYTES:]
        try:
            size_bytes = zstandard.frame_content_size(body)
            if not 0 <= size_bytes <= DECOMPRESSED_BYTES_MAX:
                raise EnvelopeError(
                    f"body of {size_bytes} bytes, declared, at most {DECOMPRESSED_BYTES_MAX} are allowed"
                )
            return self._decompressor.decompress(body, max_output_size=size_bytes)
        except zstandard.ZstdError as error:
            raise EnvelopeError(f"body does not decompress: {error}") from error


def plain_node_envelope() -> "PlainEnvelope[FromNode, FromHub]":
    """Make the envelope of a node that speaks suite 0."""
    return PlainEnvelope(FromHub)


def plain_hub_envelope() -> "PlainEnvelope[FromHub, FromNode]":
    """Make the envelope of a hub that speaks suite 0."""
    return PlainEnvelope(FromNode)
