"""Names of the standard library, bound before model code can put something else in their place."""

from __future__ import annotations

import json
import time

MAX_MESSAGE_BYTES = 64 * 2**20

dumps, loads, sleep = json.dumps, json.loads, time.sleep
