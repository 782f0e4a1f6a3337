"""What provisioning refuses.

ProvisioningError
└── BadNodeFile      a node file that cannot be used; says which field, and what would mend it
"""


class ProvisioningError(Exception):
    """Root of provisioning's errors."""


class BadNodeFile(ProvisioningError):
    """A node file is missing, not TOML, or a field is out of range."""
