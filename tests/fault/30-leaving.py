#!/usr/bin/env python3
"""30 - workers come and go under load: told to end in the midst of work; joining and leaving every two seconds."""
import re, threading, time
import fault, stack
from fault import row
from stack import JOURNALS, STAGES, check, same, until

DRAIN = 10              # seconds from SIGTERM to the end
STEP = 2                # seconds from one rebalance to the next
STORM = 60
IN_HAND = 120           # dossiers under way at once, while throughput is measured
CLAIMED = r"event=lane_claimed lane=(\d+) .*?offset=(-?\d+)"
EFFECTS = [("sms", None), ("email", None), ("payment", "init"), ("payment", "refund"), ("postal", "order")]


def doubled(w):
    """How often the outside was told the same thing again."""
    counts, told = w.counts(), {}
    for service, op in EFFECTS:
        of = counts.get(service, {})
        told[service, op] = of.get("repeats", 0) if op is None else of.get("ops", {}).get(op, {}).get("repeats", 0)
    return told


def given(w, stage):
    return w.sql.value(f"select sum(given) from core.lane where stage = {STAGES.index(stage)}")


def places(w, stage):
    """{lane: (owner, position in each topic)}"""
    return {r["lane"]: (r["owner"], r["next_offset"])
            for r in w.sql.rows(f"select lane, owner, next_offset from core.lane where stage = {STAGES.index(stage)}")}



@row(30, "issue", "under load each worker in turn is told to end with SIGTERM, and started again",
     f"it drains within {DRAIN} s and ends with 0; its lanes are given back clean; the next one goes on at that very place; nothing is "
     "read, published or told outside again", load=20)
def told_to_end(w):
    repeated, entries, effects, slowest = w.total("repeated"), w.repeats(), doubled(w), 0
    for stage in STAGES:
        before = given(w, stage)
        w.flood(150)
        until(lambda: given(w, stage) >= before + 10, 60, lambda: f"{stage} has nothing to do: {w.troubles()}", step=0.01)
        worker, begin = w.workers[stage], time.monotonic()
        same(worker.end(DRAIN + 5), 0, f"exit status of {stage}; {worker.tail(3)}")
        seconds = time.monotonic() - begin
        check(seconds <= DRAIN * stack.SLOW, f"{stage} drained for {seconds:.1f} s")
        slowest = max(slowest, seconds)
        left = places(w, stage)
        same([lane for lane, (owner, _) in left.items() if owner], [], f"lanes of {stage} that still have an owner")
        check(w.ended(w.flooded) < len(w.flooded), f"{stage} was not told under load")
        again = w.start_worker(stage)
        w.wait_up(again)
        until(lambda: len(re.findall(CLAIMED, again.log())) == w.lanes, 30, lambda: f"{stage} has not all lanes: {w.troubles()}")
        log = again.log()
        same(sorted((int(lane), int(at)) for lane, at in re.findall(CLAIMED, log)),
             sorted((lane, at[0]) for lane, (_, at) in left.items()), f"where {stage} goes on")
        same(set(re.findall(r"event=lane_claimed .*unclean=(\d+)", log)), {"0"}, f"unclean ends of {stage}")
    yield
    same(w.total("repeated") - repeated, 0, "messages read again")
    same(w.repeats() - entries, 0, "entries published twice")
    same({k: n - effects[k] for k, n in doubled(w).items() if n != effects[k]}, {}, "told outside again")
    return f"7 drained, the slowest within {slowest:.1f} s, {w.lanes * 7} lanes gone on with where they were left; 0 read, published or told again"


class Stream(threading.Thread):
    """So many dossiers under way, always: when one ends, the next is submitted."""

    def __init__(self, w):
        super().__init__(daemon=True)
        self.world, self.over, self.sent, self.trouble = w, threading.Event(), [], None
        self.producer, self.sql = w.another_producer(), w.another_sql()
        self.start()

    def done(self):
        """Dossiers that have ended."""
        return self.sql.value(f"select count(*) from core.dossier where ({fault.END})")

    def run(self):
        try:
            begin = self.done()
            while not self.over.is_set():
                room = IN_HAND - (len(self.sent) - (self.done() - begin))
                if room > IN_HAND // 10:
                    self.submit(room)
                self.over.wait(0.02)
        except Exception as e:
            self.trouble = str(e)

    def submit(self, n):
        ids = [f"{self.world.name[:4]}-stream-{self.world.load_number():06d}" for _ in range(n)]
        datas = [stack.submission("birth-in-time") for _ in ids]
        places = self.producer.send([self.world.message(d, id=i) for d, i in zip(datas, ids)])
        self.sent += [stack.Dossier(self.world, "/portal/test", i, d, p) for d, i, p in zip(datas, ids, places)]

    def end(self):
        self.over.set()
        self.join(60)
        self.producer.close()
        self.sql.close()


def rate(w, seconds):
    """Dossiers ended a second, from now on."""
    count = lambda: w.sql.value(f"select count(*) from core.dossier where ({fault.END})")
    begin, before = time.monotonic(), count()
    until(lambda: time.monotonic() - begin >= seconds, seconds + 5)
    return (count() - before) / (time.monotonic() - begin)


def storm(w, seconds):
    """A second worker of a stage joins, 2 s later it leaves, and so on; then the next stage. Returns (joined, left)."""
    end, n, moment = time.monotonic() + seconds, 0, time.monotonic()
    joined = left = 0
    while time.monotonic() < end:
        stage = STAGES[n // 4 % len(STAGES)]        # two come and go, then the next stage
        name = stage + "-b"
        if n % 2 == 0:
            w.start_worker(stage, name)
            joined += 1
        else:
            same(w.workers.pop(name).end(DRAIN + 5), 0, f"exit status of {name}")
            left += 1
        n += 1
        moment += STEP
        until(lambda: time.monotonic() >= moment, STEP + 1, step=0.02)
    for name in [name for name in w.workers if name.endswith("-b")]:
        same(w.workers.pop(name).end(DRAIN + 5), 0, f"exit status of {name}")
        left += 1
    return joined, left


@row(31, "A7", f"for a minute under load a second worker of a stage joins or leaves every {STEP} s, stage after stage",
     "nothing is redone; at least half as many dossiers end as before and after it", load=0)
def rebalances(w):
    w.quiet()
    repeated, entries, effects = w.total("repeated"), w.repeats(), doubled(w)
    epochs, marks, pids = w.total("epoch"), w.marks(), w.pids()
    stream = Stream(w)
    try:
        until(lambda: len(stream.sent) > 3 * IN_HAND or stream.trouble, 60, "no load")
        before = rate(w, 10)
        begun, at = time.monotonic(), w.sql.value(f"select count(*) from core.dossier where ({fault.END})")
        joined, left = storm(w, STORM)
        meanwhile = (w.sql.value(f"select count(*) from core.dossier where ({fault.END})") - at) / (time.monotonic() - begun)
        claims = w.total("epoch") - epochs
        recovered = w.recovered(time.monotonic(), fault.RECOVERY)
        after = rate(w, 10)
    finally:
        stream.end()
    same(stream.trouble, None, "the load")
    w.flooded += stream.sent
    normal = (before + after) / 2
    check(joined >= 0.8 * STORM / STEP / 2, f"only {joined} joined")
    check(claims >= 2 * joined, f"{claims} claims only: the groups did not hand out lanes anew")
    check(meanwhile >= normal / 2, f"{meanwhile:.0f} a second, {normal:.0f} before and after ({before:.0f}, {after:.0f})")
    yield
    same({k: v for k, v in w.pids().items() if k in pids}, pids, "workers that ended")
    same(w.total("repeated") - repeated, 0, "messages read again")
    same(w.repeats() - entries, 0, "entries published twice")
    same({k: n - effects[k] for k, n in doubled(w).items() if n != effects[k]}, {}, "told outside again")
    return (f"{joined} joined, {left} left, {claims} claims; {meanwhile:.0f} dossiers a second, {before:.0f} before and {after:.0f} after; "
            f"new ones on every lane ended {recovered:.1f} s after the last had left; "
            f"0 of {len(stream.sent)} read, published or told again")


fault.main(__file__, globals())
