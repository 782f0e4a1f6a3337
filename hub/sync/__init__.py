"""The hub's line to the stores: MQTT below, the kernel's session above, one worker thread between."""
