"""Part `visible`: how soon a sale in one store can be read in another, over Mosquitto, with the hub on PostgreSQL.

The stores and the hub are processes as in production; a sale counts as readable when the other store's local API shows
what it changed. The baseline is a bare message over the same broker at the same rate, from one client to another.
"""

import gc
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from simulators.bench.metrics import Metric, Part, percentile
from simulators.demo.chain import Chain
from simulators.demo.command import SWITCH_INTERVAL_S
from simulators.demo.http import JsonClient
from simulators.demo.probe import VisibilityProbe
from simulators.demo.processes import free_port
from simulators.demo.run import Demo, Plan
from simulators.demo.screen import Screen
