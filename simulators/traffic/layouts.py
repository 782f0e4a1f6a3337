"""How recordings of shopping are laid out: which column of a CSV file means what, and which file in a folder it is.

One rule: a layout is data. The presets are two published data sets; every other file is described by a mapping of our
field names to its columns. No row is read here, only the header.

Source: `journey` is *The Complete Journey* (84.51°, CC0), `online-retail` *Online Retail* (Chen 2015, UCI, CC BY 4.0,
https://doi.org/10.24432/C5BW33), both exported to CSV with the columns named below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulators.traffic.baskets import Kind
from simulators.traffic.errors import MappingError, PresetUnknownError, RecordingNotFoundError

NEEDED_FIELDS = ("basket", "store", "time", "code", "quantity")
PRICED_BY = ("amount", "price")
"""One of these is needed: the line's net amount, or the price of one unit."""
OPTIONAL_FIELDS = ("member", "name", "line", "utc")
"""`line` orders the lines of a basket; `utc` is the instant where `time` is a local time."""
FIELDS = (*NEEDED_FIELDS, *PRICED_BY, *OPTIONAL_FIELDS)
SUFFIXES = (".csv.gz", ".csv")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a recording keeps what.

    `columns` maps our fields to columns, `discounts` names of discounts to columns (of which `coupons` come from a
    coupon). `kinds` tells the kind of basket by how its id begins; without it, a basket whose quantities are all
    negative or 0 is a return. `zone` is that of times without an offset. `article_names` is another file of the same
    folder: stem, column of the code, columns that make the name.
    """

    name: str
    columns: Mapping[str, str]
    stem: str = ""
    currency: str = ""
    zone: str = ""
    discounts: Mapping[str, str] = field(default_factory=dict)
    coupons: tuple[str, ...] = ()
    kinds: tuple[tuple[str, Kind], ...] = ()
    article_names: tuple[str, str, tuple[str, ...]] | None = None

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names under which a folder may hold the recording."""
        return tuple(self.stem + suffix for suffix in SUFFIXES)


JOURNEY = Layout(
    name="journey",
    stem="transactions",
    columns={
        "basket": "basket_id",
        "store": "store_id",
        "time": "ts_local",
        "utc": "ts_utc",
        "code": "product_id",
        "quantity": "quantity",
        "amount": "sales_value",
        "member": "household_id",
        "line": "line_no",
    },
    currency="USD",
    zone="America/New_York",
    discounts={name: name for name in ("retail_disc", "coupon_disc", "coupon_match_disc")},
    coupons=("coupon_disc", "coupon_match_disc"),
    kinds=(("", "sale"),),
    article_names=("products", "product_id", ("product_type", "package_size")),
)

ONLINE_RETAIL = Layout(
    name="online-retail",
    stem="lines",
    columns={
        "basket": "invoice_no",
        "store": "country",
        "time": "invoice_ts",
        "code": "stock_code",
        "quantity": "quantity",
        "price": "unit_price",
        "member": "customer_id",
        "name": "description",
        "line": "line_id",
    },
    currency="GBP",
    zone="Europe/London",
    kinds=(("C", "return"), ("A", "adjustment"), ("", "sale")),
)

PRESETS = {layout.name: layout for layout in (JOURNEY, ONLINE_RETAIL)}


def parse_mapping(text: str) -> dict[str, str]:
    """Read "field=column,field=column". Raises: MappingError."""
    mapping: dict[str, str] = {}
    for part in text.split(","):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not (name and equals and column):
            raise MappingError(f"{part.strip()!r} is not field=column")
        if name in mapping:
            raise MappingError(f"the field {name!r} is mapped twice")
        mapping[name] = column
    return mapping


def asked_layout(preset: str | None, mapping: Mapping[str, str] | None) -> Layout | None:
    """Return the layout asked for, with `mapping` over the preset's own columns; None where neither is given.

    Raises: PresetUnknownError; MappingError where a field is none of ours.
    """
    if preset is not None and preset not in PRESETS:
        raise PresetUnknownError(preset, tuple(PRESETS))
    unknown = sorted(set(mapping or ()) - set(FIELDS))
    if unknown:
        raise MappingError(f"no such field: {', '.join(unknown)}; there are: {', '.join(FIELDS)}")
    if preset is None:
        return Layout("mapping", dict(mapping)) if mapping else None
    base = PRESETS[preset]
    if not mapping:
        return base
    return replace(base, columns={**base.columns, **mapping})


def recognised_layout(columns: Sequence[str]) -> Layout:
    """Return the preset whose columns these are. Raises: MappingError where there is none."""
    for layout in PRESETS.values():
        if {*layout.columns.values(), *layout.discounts.values()} <= set(columns):
            return layout
    wanted = (*NEEDED_FIELDS, "amount or price")
    raise MappingError(
        f"the columns are those of no preset ({', '.join(PRESETS)}), so every field must be mapped: "
        f"{', '.join(wanted)}; the file's columns are: {', '.join(columns)}",
        wanted,
        tuple(columns),
    )


def check_columns(layout: Layout, columns: Sequence[str]) -> None:
    """Hold the layout against the file's columns. Raises: MappingError naming every field that is missing."""
    wrong = [f"{name} (not mapped)" for name in NEEDED_FIELDS if name not in layout.columns]
    missing = [name for name in NEEDED_FIELDS if name not in layout.columns]
    if not any(name in layout.columns for name in PRICED_BY):
        wrong.append("amount or price (not mapped)")
        missing.append("amount or price")
    for name, column in (*layout.columns.items(), *layout.discounts.items()):
        if columns.count(column) != 1:
            how = "twice in the file" if column in columns else "not in the file"
            wrong.append(f"{name} (column {column!r} is {how})")
            missing.append(name)
    if wrong:
        raise MappingError(
            f"missing fields: {', '.join(wrong)}; the file's columns are: {', '.join(columns)}",
            tuple(missing),
            tuple(columns),
        )


def find_recording(path: Path, layout: Layout | None) -> Path:
    """Return the file meant by `path`: itself, or in a folder the preset's file, or else the only CSV file there is.

    Raises: RecordingNotFoundError, saying which file was looked for.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise RecordingNotFoundError(path, "there is no such file or folder")
    presets = [layout] if layout is not None and layout.stem else list(PRESETS.values() if layout is None else ())
    wanted = [name for preset in presets for name in preset.file_names]
    held = sorted(child.name for child in path.iterdir() if child.name.endswith(SUFFIXES) and child.is_file())
    found = [name for name in wanted if name in held]
    if not found and (layout is None or not layout.stem):
        found, wanted = held, [*wanted, "one .csv.gz or .csv file alone"]
    if len(found) == 1:
        return path / found[0]
    looked_for = f"looked for {' or '.join(wanted)}"
    if found:
        raise RecordingNotFoundError(path, f"{looked_for}, found {', '.join(found)}: name the one file meant")
    raise RecordingNotFoundError(path, f"{looked_for}; the folder's CSV files: {', '.join(held) or 'none'}")
