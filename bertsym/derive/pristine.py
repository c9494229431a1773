"""Functions of the standard library, bound before model code can replace them (`json.dumps = None`)."""

from __future__ import annotations

import json
import time

dumps, loads, sleep = json.dumps, json.loads, time.sleep
