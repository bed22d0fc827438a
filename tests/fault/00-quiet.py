#!/usr/bin/env python3
"""00 - no fault at all: what the others are measured against."""
import time
import fault
from fault import row


@row(0, "-", "nothing", "dossiers come to their end, and the checker is content")
def nothing(w):
    begin = time.monotonic()
    w.recovered(begin, fault.RECOVERY)
    return "nothing"


fault.main(__file__, globals())
