"""A receipt template: a TOML document of rows, checked when it is loaded and set when a receipt is printed.

One rule: whatever can be wrong with a template is found at loading, with its line; setting a receipt never fails. A
template holds words and names of values (`values.FIELDS`), and nothing that is executed.

The form, row by row, is explained in `default.toml`, which is the template of every store that names no other.
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from edge_node.receipts.errors import BadTemplate
from edge_node.receipts.values import (
    COUPON,
    DISCOUNT,
    FIELDS,
    FLAGS,
    LINE,
    RECEIPT,
    TAX,
    TENDER,
    Letterhead,
    ReceiptExtras,
    ReceiptValues,
    Values,
    read_values,
)
from loyalty.baskets import TENDER_KINDS
from loyalty.receipts import Receipt
from pos_drivers import Align, Columns, Cut, Element, Feed, QrCode, Rule, Text
from pos_drivers.printout import Picture

DEFAULT_TEMPLATE: Final = Path(__file__).parent / "default.toml"
TEMPLATE_BYTES_MAX: Final = 64 * 1024
ROWS_MAX: Final = 200
QR_BYTES_MAX: Final = 180
"""What a QR code of the usual size holds on the narrowest paper; a longer text is printed as text."""

_REPEATED: Final = (LINE, DISCOUNT, COUPON, TAX, TENDER)
_GROUP: Final = {LINE: LINE, DISCOUNT: LINE, COUPON: COUPON, TAX: TAX, TENDER: TENDER}
_CONTENTS: Final = ("left", "right", "centre", "rule", "feed", "qr", "logo", "cut")
_TEXTS: Final = ("left", "right", "centre", "qr")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"each": "for", "present": "if"}):
    """One row as it stands in the document."""

    left: str | None = None
    right: str | None = None
    centre: str | None = None
    bold: bool = False
    double: bool = False
    rule: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] | None = None
    feed: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None
    qr: str | None = None
    logo: bool = False
    cut: bool = False
    each: str | None = None
    present: str | None = None
    unless: str | None = None


class Template(NamedTuple):
    """A checked template."""

    rows: tuple[Row, ...]
    tender_names: Mapping[str, str]

    def lay_out(
        self, receipt: Receipt, head: Letterhead, extras: ReceiptExtras, logo: Picture | None = None
    ) -> list[Element]:
        """Set a receipt: the document that the printer driver turns into bytes and the till page shows as text."""
        values = read_values(receipt, head, extras, self.tender_names)
        document: list[Element] = []
        for group, rows in groupby(self.rows, key=lambda row: _GROUP.get(row.each or "")):
            block = tuple(rows)
            for scope in _scopes(group, values):
                for row in block:
                    for found in _repeats(row, scope):
                        document += _element(row, found, logo)
        return document


class _Scope(NamedTuple):
    """The values one turn of a repeated block sees; in a line, those of each of its discounts beside."""

    values: Values
    discounts: tuple[Values, ...] = ()


def _scopes(group: str | None, values: ReceiptValues) -> Iterator[_Scope]:
    if group is None:
        yield _Scope(values.receipt)
    elif group == LINE:
        for line, discounts in values.lines:
            yield _Scope({**values.receipt, **line}, discounts)
    else:
        for one in {COUPON: values.coupons, TAX: values.taxes, TENDER: values.tenders}[group]:
            yield _Scope({**values.receipt, **one})


def _repeats(row: Row, scope: _Scope) -> Iterator[Values]:
    """Give the values for each time that a row is printed within one turn of its block."""
    turns = [{**scope.values, **discount} for discount in scope.discounts] if row.each == DISCOUNT else [scope.values]
    for values in turns:
        if (row.present is None or values[row.present]) and (row.unless is None or not values[row.unless]):
            yield values


def _element(row: Row, values: Values, logo: Picture | None) -> list[Element]:
    if row.left is not None and row.right is not None:
        return [Columns(_fill(row.left, values), _fill(row.right, values), row.bold, row.double)]
    for text, align in ((row.left, Align.LEFT), (row.centre, Align.CENTRE), (row.right, Align.RIGHT)):
        if text is not None:
            return [Text(_fill(text, values), align, row.bold, row.double)]
    if row.rule is not None:
        return [Rule(row.rule)]
    if row.feed is not None:
        return [Feed(row.feed)]
    if row.qr is not None:
        data = _fill(row.qr, values)
        fits = 1 <= len(data.encode("utf-8", errors="replace")) <= QR_BYTES_MAX
        return [QrCode(data)] if fits else [Text(data, Align.CENTRE)]
    if row.logo:
        return [] if logo is None else [logo]
    return [Cut()]


def _fill(text: str, values: Values) -> str:
    return "".join(literal + (values[name] if name else "") for literal, name in _pieces(text))


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """Split a text into words and the names between braces; `{{` is a brace. Raises: ValueError."""
    pieces = []
    for literal, name, form, conversion in string.Formatter().parse(text):
        if form or conversion or name == "":
            raise ValueError(f"{text!r} has more between its braces than a name")
        pieces.append((literal, name))
    return pieces


def load_template(path: Path = DEFAULT_TEMPLATE) -> Template:
    """Read and check a template. Raises: BadTemplate naming the file, the line, the cause and what there is."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadTemplate(f"{path}: {error.strerror}. Correct receipt_template in the node file.") from error
    if len(content) > TEMPLATE_BYTES_MAX:
        raise BadTemplate(f"{path} is longer than {TEMPLATE_BYTES_MAX} bytes. A receipt template has a line per row.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        document = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTemplate(f"{path} is no TOML: {error}. Correct it there.") from error
    return _check(document, text, str(path))


def _check(document: dict[str, Any], text: str, where: str) -> Template:
    strangers = sorted(set(document) - {"rows", "tenders"})
    if strangers:
        raise BadTemplate(f"{where}: {strangers[0]!r} is not known. A template has 'rows' and, if wanted, 'tenders'.")
    raw_rows = document.get("rows")
    if not isinstance(raw_rows, list) or not 1 <= len(raw_rows) <= ROWS_MAX:
        raise BadTemplate(f"{where} needs 'rows', a list of 1 to {ROWS_MAX}. Begin with a copy of {DEFAULT_TEMPLATE}.")
    rows = []
    for index, raw in enumerate(raw_rows):
        try:
            row = msgspec.convert(raw, Row)
            _check_row(row)
        except (ValueError, msgspec.ValidationError) as error:
            raise BadTemplate(f"{where}, line {_line_of_row(text, index)}: {error}") from error
        rows.append(row)
    return Template(tuple(rows), _check_tenders(document.get("tenders", {}), where))


def _check_row(row: Row) -> None:
    contents = [name for name in _CONTENTS if getattr(row, name) not in (None, False)]
    if contents not in ([name] for name in _CONTENTS) and contents != ["left", "right"]:
        found = " and ".join(contents) or "none of them"
        raise ValueError(f"a row has one of {', '.join(_CONTENTS)}, or left and right; this one has {found}")
    if row.each is not None and row.each not in _REPEATED:
        raise ValueError(f"there is no {row.each!r} to repeat a row for; there are {', '.join(_REPEATED)}")
    known = _names_in(row.each)
    for name in (row.present, row.unless):
        if name is not None:
            _check_name(name, row, known, "")
    for field in _TEXTS:
        for _, name in _pieces(getattr(row, field) or ""):
            if name is not None:
                _check_name(name, row, known - FLAGS, f" in a text of a row{_repeat_words(row)}")


def _names_in(each: str | None) -> frozenset[str]:
    scopes = {RECEIPT} | ({each} if each else set()) | ({LINE} if each == DISCOUNT else set())
    return frozenset(name for scope in scopes for name in FIELDS[scope])


def _check_name(name: str, row: Row, known: frozenset[str], place: str) -> None:
    if name in known:
        return
    wanted = next((scope for scope, names in FIELDS.items() if name in names and scope != RECEIPT), None)
    if name in FLAGS:
        raise ValueError(f"{name!r} can stand in if and unless alone")
    if wanted:
        raise ValueError(f"{name!r} needs for = {wanted!r} in its row, which has{_repeat_words(row) or ' no for'}")
    raise ValueError(f"{name!r} is not known{place}. There are: {', '.join(sorted(known))}")


def _repeat_words(row: Row) -> str:
    return f" for = {row.each!r}" if row.each else ""


def _check_tenders(raw: object, where: str) -> dict[str, str]:
    try:
        names = msgspec.convert(raw, dict[str, str])
    except msgspec.ValidationError as error:
        raise BadTemplate(f"{where}, [tenders]: {error}") from error
    strangers = sorted(set(names) - set(TENDER_KINDS))
    if strangers:
        raise BadTemplate(f"{where}, [tenders]: {strangers[0]!r} is not known. There are: {', '.join(TENDER_KINDS)}")
    return names


def _line_of_row(text: str, index: int) -> int:
    """Say on which line a row ends: the first one after which the document, closed there, has that many rows."""
    lines = text.split("\n")
    for count in range(1, len(lines) + 1):
        beginning = "\n".join(lines[:count])
        for closed in (beginning, beginning + "\n]"):
            try:
                rows = tomllib.loads(closed).get("rows", [])
            except tomllib.TOMLDecodeError:
                continue
            if isinstance(rows, list) and len(rows) > index:
                return count
    return len(lines)
