#!/usr/bin/env python3
"""70 - who was asking has gone, or is not answered: a worker killed while registers are silent, an object store that stands still."""
import time
import fault, peers
from fault import row
from stack import SLOW, check, same, until

OPEN = ("open", "accepted", "processing", "decided")


def fresh(w, lane):
    return w.submit("birth-in-time", id=f"row-{w.load_number()}", partition=lane)


@row(70, "A1", "lookup is killed while the population register lets it wait for eight dossiers; the register is well when lookup is back",
     "whoever takes the lanes asks again at once, not when the dead one's question would have been given up")
def killed_asking(w):
    gate, begin = w.gate["population"], time.monotonic()
    gate.deed = peers.hang
    some = [fresh(w, lane) for lane in range(w.lanes)]
    until(lambda: all(gate.since(begin, dossier=d.id) for d in some), 20, "the register is not asked")
    until(lambda: w.sql.value("select count(*) from core.job where stage = 2 and reason = 'asking'") >= len(some), 20, "nothing waits")
    later = w.sql.value("select extract(epoch from max(due_at) - now()) from core.job where stage = 2 and reason = 'asking'")
    check(later > 10, f"asked again after {later} s anyway")
    w.workers["lookup"].kill()
    gate.heal()
    w.wait_up(w.start_worker("lookup"))
    mine = f"%:{w.workers['lookup'].process.pid}"
    until(lambda: w.sql.value(f"select count(*) from core.lane where stage = 2 and owner like '{mine}'") == w.lanes, 45, "no lanes")
    back = time.monotonic()
    until(lambda: all(d.row()["lookup"] != "none" for d in some), 30, lambda: f"{[d.where() for d in some][:3]}")
    took = time.monotonic() - back
    check(took < 5 * SLOW, f"those that were being asked about went on after {took:.1f} s")
    return f"8 dossiers would have been asked about again up to {later:.0f} s later; all were answered {took:.1f} s after their lanes had an owner"


@row(71, "A33", "the object store takes requests and says nothing, or half a file and nothing more",
     "noticed in 5 s, amid a file in 10, not in the 30 that a large file may take; nothing is decided; all goes on when the store does")
def store_still(w):
    gate, seen = w.gate["objects"], []
    def half_a_file(link, call):
        link.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1000)
        return peers.hang(link, call)
    fresh(w, 0).wait(30, casework=OPEN)             # what was cut when another row ended is forgotten
    for name, deed in (("nothing", peers.hang), ("half a file", half_a_file)):
        marks, begin = w.marks(), time.monotonic()
        gate.deed = deed
        some = [fresh(w, lane) for lane in range(w.lanes)]
        until(lambda: w.says("verification", "event=peer_down peer=objects reason=timeout", marks), 20, f"{name}: not noticed", 0.1)
        seen.append(f"{name}: noticed after {time.monotonic() - begin:.1f} s")
        check(time.monotonic() - begin < 18 * SLOW, seen[-1])
        same([d.row()["verification"] for d in some if d.row() and d.row()["verification"] != "none"], [], "decided without the files")
        gate.heal()
        begin = time.monotonic()
        for d in some:
            d.wait(30, casework=OPEN)
        seen[-1] += f", all went on {time.monotonic() - begin:.1f} s after it was well"
    return "; ".join(seen)


fault.main(__file__, globals(), gates=["population", "objects"])
