"""What can go wrong between a till and a device, in the words of UnifiedPOS.

    DeviceError
    ├── IllegalRequestError      E_ILLEGAL      the request or the setting is wrong
    ├── DeviceClosedError        E_CLOSED       the owner has not opened the device, or has closed it
    ├── NoHardwareError          E_NOHARDWARE   nothing is plugged in there              (retryable)
    ├── DeviceOfflineError       E_OFFLINE      it was switched off, unplugged or lost   (retryable)
    ├── DeviceTimeoutError       E_TIMEOUT      it is there and takes no more data       (retryable)
    ├── DeviceBusyError          E_BUSY         somebody else is using it                (retryable)
    └── DeviceFailureError       E_FAILURE      it cannot do it, for another reason
        └── DeviceAccessError                   this user may not open the port

``retryable`` says whether the very same call can succeed later without anybody changing the set-up. It does not
say that trying again is harmless: see ``DeviceError.sent_bytes_max``. Every message gives the cause and the next
step, because a cashier reads it; a device that fails never blocks a sale.

Source: UnifiedPOS Retail Peripheral Architecture, "Error handling" (ErrorCode values).
"""

from typing import ClassVar


class DeviceError(Exception):
    """Root of everything the drivers raise.

    ``cause`` and ``next_step`` are whole sentences, so that a screen can show them apart. ``sent_bytes_max`` is
    the most the device can have taken of the job that failed: 0 means that it surely took nothing; with anything
    else a part of the job may be on paper. ``retry_after_ms`` is how long the driver will refuse to touch the port
    again (0: it will not).
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        cause: str,
        next_step: str,
        *,
        port_url: str = "",
        sent_bytes_max: int = 0,
        retry_after_ms: int = 0,
    ) -> None:
        super().__init__(f"{cause} {next_step}")
        self.cause = cause
        self.next_step = next_step
        self.port_url = port_url
        self.sent_bytes_max = sent_bytes_max
        self.retry_after_ms = retry_after_ms


class IllegalRequestError(DeviceError):
    """A setting or a request no device could carry out (E_ILLEGAL)."""


class DeviceClosedError(DeviceError):
    """The device was not opened by its owner, or was closed again (E_CLOSED)."""


class NoHardwareError(DeviceError):
    """Nothing is plugged in at the port, or its name means nothing on this network (E_NOHARDWARE)."""

    retryable = True


class DeviceOfflineError(DeviceError):
    """The device was switched off, unplugged, or does not answer (E_OFFLINE)."""

    retryable = True


class DeviceTimeoutError(DeviceError):
    """The device is connected and takes no data: out of paper, cover open, or held by its flow control (E_TIMEOUT)."""

    retryable = True


class DeviceBusyError(DeviceError):
    """Another thread or another program holds the device (E_BUSY)."""

    retryable = True


class DeviceFailureError(DeviceError):
    """The device or its port cannot do what was asked, for a reason that will not pass by itself (E_FAILURE)."""


class DeviceAccessError(DeviceFailureError):
    """The operating system forbids this user to open the port."""
