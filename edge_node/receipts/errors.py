"""What is refused of a receipt's design, when the node starts and never when it prints.

BadReceiptDesign (a ValueError: the command shows it as it is)
├── BadTemplate      the template cannot be used; says file, line, cause and what there is
└── BadLogo          the logo is no picture, or does not fit the paper
"""


class BadReceiptDesign(ValueError):
    """Root: a file that says how receipts look cannot be used."""


class BadTemplate(BadReceiptDesign):
    """The template is missing, no TOML, or asks for what there is not."""


class BadLogo(BadReceiptDesign):
    """The logo is missing, not a PBM, or too large for the paper."""
