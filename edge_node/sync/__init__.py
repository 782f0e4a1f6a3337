"""The node's line to the hub: paho-mqtt below, the kernel's session above, one thread between."""
