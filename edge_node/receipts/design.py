"""How a store's receipts look: its template and its logo, read once when the node starts.

One rule: a file that cannot be used stops the start with its name; no sale ever finds a bad one.
"""

from pathlib import Path
from typing import NamedTuple

from edge_node.receipts.errors import BadLogo
from edge_node.receipts.template import DEFAULT_TEMPLATE, Template, load_template
from edge_node.receipts.values import Letterhead, ReceiptExtras
from loyalty.receipts import Receipt
from pos_drivers import DeviceError, Element
from pos_drivers.pbm import PBM_BYTES_MAX, parse_pbm
from pos_drivers.printout import DOTS_PER_COLUMN, Picture


class ReceiptDesign(NamedTuple):
    """A template and the logo that it may print."""

    template: Template
    logo: Picture | None = None

    def lay_out(self, receipt: Receipt, head: Letterhead, extras: ReceiptExtras) -> list[Element]:
        """Give the printable document of a receipt."""
        return self.template.lay_out(receipt, head, extras, self.logo)


def load_design(template: str | None = None, logo: str | None = None, *, columns: int = 48) -> ReceiptDesign:
    """Read both files; None is the default template, and no logo. Raises: BadTemplate, BadLogo naming the file."""
    return ReceiptDesign(
        load_template(Path(template) if template else DEFAULT_TEMPLATE),
        _load_logo(Path(logo), columns) if logo else None,
    )


def _load_logo(path: Path, columns: int) -> Picture:
    try:
        with path.open("rb") as file:
            picture = parse_pbm(file.read(PBM_BYTES_MAX + 1))
    except OSError as error:
        raise BadLogo(f"{path}: {error.strerror}. Correct receipt_logo in the node file.") from error
    except DeviceError as error:
        raise BadLogo(f"{path}: {error}") from error
    if picture.width_dots > columns * DOTS_PER_COLUMN:
        raise BadLogo(
            f"{path}: {picture.width_dots} dots are wider than paper of {columns} columns. "
            f"Make it at most {columns * DOTS_PER_COLUMN} wide."
        )
    return picture
