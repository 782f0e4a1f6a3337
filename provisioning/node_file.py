"""The node file: what a technician writes (or a command makes) for one store's node, as TOML.

One rule: everything that differs between two stores stands here; the table of fields below is what the documentation
shows. No secrets: keys are made on the node.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from provisioning.broker_address import parse_broker
from provisioning.errors import BadNodeFile

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
# It goes into a header as it stands: nothing that could end the value or say more than one origin.
Origin = Annotated[str, msgspec.Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[1-9][0-9]{0,4})?\Z", max_length=200)]


class NodeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One store's node. Fields with their sentences: see `FIELDS`."""

    store: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{1,12}\Z")]
    broker: str
    incarnation: Annotated[int, msgspec.Meta(ge=1, le=999_999)] = 1
    store_name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    timezone: Annotated[str, msgspec.Meta(max_length=64)] = "Asia/Shanghai"
    http_host: str = "127.0.0.1"
    http_port: Port = 8080
    printer: str | None = None
    printer_columns: Annotated[int, msgspec.Meta(ge=32, le=48)] = 48
    receipt_template: str | None = None
    receipt_logo: str | None = None
    heartbeat_ms: Annotated[int, msgspec.Meta(ge=200, le=60_000)] = 5_000
    quantity_max: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 999
    lines_max: Annotated[int, msgspec.Meta(ge=1, le=2_000)] = 200
    line_minor_max: Annotated[int, msgspec.Meta(ge=1, le=10**12)] = 100_000_000
    recorded_sales: bool = False
    framed_by: Origin | None = None


FIELDS: dict[str, str] = {
    "store": "The store's id, 1 to 12 of a–z and 0–9; never 'hub'.",
    "broker": "Where the chain's broker listens: mqtt://HOST:PORT.",
    "incarnation": "Counts the machines this store has had; a replaced disk is the next one, never the same again.",
    "store_name": "What people call the store; shown on pages and receipts.",
    "timezone": "The store's time zone (IANA name); business days and expiry follow it.",
    "http_host": "Address the till page and the local API listen on.",
    "http_port": "Port of the till page and the local API; 0 takes a free one.",
    "printer": "Port of the receipt printer by URL: a device path or socket://HOST:9100. Left out: no printer.",
    "printer_columns": "Columns of the receipt paper: 32 or 48.",
    "receipt_template": "How receipts look (TOML), relative to the node file. Left out: Tillsync's own template.",
    "receipt_logo": "Logo at the top of receipts (PBM, one bit per dot), relative to the node file. Left out: none.",
    "heartbeat_ms": "How often the node tells the hub that it is there, in milliseconds.",
    "quantity_max": "The greatest quantity on one line that this till accepts.",
    "lines_max": "The greatest number of lines in one basket that this till accepts.",
    "line_minor_max": "The greatest amount of one line that this till accepts, in minor units.",
    "recorded_sales": "Take replayed baskets with their own prices and times. For replays only, never in a shop.",
    "framed_by": "Origin (scheme://host[:port]) whose page may show the till page in a frame. For demos and training "
    "only, never in a shop: a page around the till could lead a cashier's clicks astray. Left out: none may.",
}


def read_node_file(path: Path) -> NodeFile:
    """Read and check a node file; files that it names are given with their whole path.

    Raises: BadNodeFile naming the field and what would mend it.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadNodeFile(f"{path} does not exist; make one with: tillsync-provision node-file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadNodeFile(f"{path}: {error}") from error
    node_file = check_node_file(raw, str(path))
    return msgspec.structs.replace(
        node_file,
        receipt_template=_beside(path, "receipt_template", node_file.receipt_template),
        receipt_logo=_beside(path, "receipt_logo", node_file.receipt_logo),
    )


def _beside(node_file: Path, field: str, named: str | None) -> str | None:
    """Find a file that the node file names. What is in it, the node checks when it starts."""
    if named is None:
        return None
    found = node_file.parent.resolve() / named
    if not found.is_file():
        raise BadNodeFile(f"{node_file}: {field}: {found} is not there; put the file there, or leave {field} out")
    return str(found)


def check_node_file(raw: dict[str, Any], where: str) -> NodeFile:
    """Check the fields of a node file. Raises: BadNodeFile."""
    try:
        node_file = msgspec.convert(raw, NodeFile)
    except msgspec.ValidationError as error:
        raise BadNodeFile(f"{where}: {error}") from error
    if node_file.store == "hub":
        raise BadNodeFile(f"{where}: a store cannot be called 'hub'; choose another id")
    parse_broker(node_file.broker)
    return node_file


def write_node_file(node_file: NodeFile) -> str:
    """Write a node file as TOML, every field with its sentence above it."""
    lines = ["# A Tillsync node. Made by 'tillsync-provision node-file'; edit by hand as needed."]
    for field, sentence in FIELDS.items():
        value = getattr(node_file, field)
        lines += ["", f"# {sentence}"]
        lines.append(f"# {field} = " if value is None else f"{field} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
