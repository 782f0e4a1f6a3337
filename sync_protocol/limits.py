"""Every bound of the protocol in one place (SPEC 8.3). Each has a clear refusal where it is checked."""

from typing import Final

MESSAGE_BYTES_MAX: Final = 128 * 1024
DECOMPRESSED_BYTES_MAX: Final = 4 * 1024 * 1024
CELLS_PER_BATCH_MAX: Final = 50_000
ENTRY_BYTES_MAX: Final = 96 * 1024
BATCH_ENTRY_BYTES_MAX: Final = 100 * 1024
"""Raw bytes of the entries gathered into one batch: fits one message even where nothing compresses."""

FEED_CHUNK_ENTITIES_MAX: Final = 200
FEED_CHUNK_BYTES_MAX: Final = 96 * 1024
BATCHES_IN_FLIGHT_MAX: Final = 4

COUNTER_MAX: Final = 2**63 - 1
NODE_AMOUNT_MAX: Final = 10**15
"""What one slot or one receipt of a node may hold: beyond any till's business, and far below overflow when summed."""
STAMP_MAX: Final = 2**63 - 1
CLOCK_DRIFT_MAX_MS: Final = 60_000
PARTITION_COUNT: Final = 1024
