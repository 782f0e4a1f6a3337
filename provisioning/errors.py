"""What provisioning refuses.

ProvisioningError
├── BadNodeFile         a node file that cannot be used; says which field, and what would mend it
└── BadBrokerSettings   a broker's configuration that cannot be made; says which setting, and what would mend it
"""


class ProvisioningError(Exception):
    """Root of provisioning's errors."""


class BadNodeFile(ProvisioningError):
    """A node file is missing, not TOML, or a field is out of range."""


class BadBrokerSettings(ProvisioningError):
    """A setting of the broker is out of range, or would open it to strangers."""
