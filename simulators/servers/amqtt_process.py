"""`python -m simulators.servers.amqtt_process PORT`: the hub's embedded broker alone, until SIGTERM."""

import signal
import sys
import threading

from hub.sync.embedded_broker import EmbeddedBroker


def main() -> None:
    """Run the broker."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    broker = EmbeddedBroker(int(sys.argv[1]))
    broker.start()
    stopped.wait()
    broker.stop()


if __name__ == "__main__":
    main()
