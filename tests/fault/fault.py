"""fault - rows of the fault table: a world at work, something is done to it, and it must recover by itself.

A file tests/fault/NN-name.py holds rows that share a world (broker and database of its own, so that they may be harmed):

    import fault
    from fault import row

    @row(3, "A24", "the database is stopped at once and started again", "all workers wait, none ends, nothing is lost")
    def database_restarted(w):
        w.server("database", "stop"); w.server("database", "start")
        return "7 workers alive"                  # what was seen, for the table

    fault.main(__file__, globals())

While a row's function runs, dossiers arrive (`load`, a second); when it returns, yields (or says `w.healed()`), the fault is over. Then one new
dossier on every lane must come to its end within RECOVERY seconds, the world must become quiet, every worker must live, and the checker
(tests/fault/verify) must find every invariant kept. A row may set `load=0` and `within`. What a function does after its `yield` is done
when the world has recovered: there it looks at what has become of everything, and returns what was seen.

    tests/fault/03-database.py                     # BUILD=, DOSSIER_CHECK= and SLOW= as in tests/pipeline
    tests/fault/03-database.py 3 7                 # only these rows
"""
import inspect, json, os, re, subprocess, sys, threading, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "pipeline"))
import peers
import stack
from stack import Failure, STAGES, check, same, short, submission, until

RECOVERY = 15           # seconds from the end of a fault to new dossiers ending, on every lane
END = "casework in (4, 5, 6, 7) and dispatch in (0, 1, 3, 9, 10, 11) or intake in (2, 3)"
TEMPLATES = [("birth-in-time", {}), ("birth-late-exempt", {"exemption": None}), ("criminal-record-by-post", {}), ("marriage", {}),
             ("birth-missing-component", {}), ("identity-card", {}), ("enterprise-address", {})]


class Row:
    def __init__(self, number, reference, done, expected, what, load, within):
        self.number, self.reference, self.done, self.expected = number, reference, done, expected
        self.what, self.load, self.within = what, load, within


rows = []


def row(number, reference, done, expected, load=5, within=RECOVERY):
    """reference: the row of the reference table of faults (A5, B12, C7), or the issue's words where there is none."""
    def take(what):
        rows.append(Row(number, reference, done, expected, what, load, within))
        return what
    return take


class Load(threading.Thread):
    """Dossiers, so many a second, until told to stop. What the broker does not acknowledge is sent again with the same id."""

    def __init__(self, world, rate):
        super().__init__(daemon=True)
        self.world, self.rate, self.over, self.sent, self.trouble = world, rate, threading.Event(), [], None
        self.start()

    def run(self):
        n = 0
        producer = None
        while not self.over.is_set():
            template, changes = TEMPLATES[n % len(TEMPLATES)]
            data, id = submission(template, **changes), f"{self.world.name[:4]}-load-{self.world.load_number():06d}"
            n += 1
            while not self.over.is_set():
                try:
                    producer = producer or self.world.another_producer()
                    place = producer.send([self.world.message(data, id=id)], 60)[0]
                    self.sent.append(stack.Dossier(self.world, "/portal/test", id, data, place))
                    break
                except (Failure, OSError, ValueError) as e:
                    self.trouble, producer = str(e), None
            self.over.wait(1 / self.rate)

    def end(self):
        self.over.set()
        self.join(90)


class World(stack.World):
    """As in tests/pipeline, with servers of its own, that can be harmed."""

    def __init__(self, name, gates=(), **world):
        """gates: services ("population", "payment", …) that workers reach through a peers.Gate, in self.gate."""
        world.setdefault("simulators", ["--officer", "--citizen", "--intake"])
        super().__init__(name, **world)
        self.gates, self.gate = gates, {}
        self.behaviour.setdefault("magic", False)       # hundreds of people: some numbers would end as those of the demonstration
        self.servers = os.path.join(self.folder, "servers")
        self.healed_at, self.loads, self.lock, self.flooded = None, 0, threading.Lock(), []

    def start_simulators(self):
        super().start_simulators()
        for name in self.gates:
            if name not in self.gate:
                self.gate[name] = peers.Gate(self.port)
            self.gate[name].target = self.port
        for params in self.usual.values():
            for key, value in params.items():
                name = str(value).rsplit("/", 1)[-1]
                if key.endswith(".url") and name in self.gate:
                    params[key] = f"http://127.0.0.1:{self.gate[name].port}/{name}"

    def load_number(self):
        with self.lock:
            self.loads += 1
            return self.loads

    def another_producer(self):
        return stack.Producer(self.broker, self.producer_log, self.acknowledged)

    def flood(self, n, partition=None):
        """Many dossiers at once, so that no worker is idle; they too must end when the fault is over."""
        self.flooded += self.submit_all(["birth-in-time"] * n, partition=partition)

    def healed(self):
        """The fault is over from here on, whatever else the row looks at."""
        self.healed_at = time.monotonic()

    def server(self, which, *what):
        """deploy/broker or deploy/database on the world's own: start, stop."""
        done = subprocess.run([f"deploy/{which}", *what, f"{self.servers}/{which}"], capture_output=True, text=True,
                              env={**os.environ, "DOSSIER_GUARD_PID": str(os.getpid())}, timeout=90 * stack.SLOW)
        check(done.returncode == 0, f"deploy/{which} {what}: {done.stdout[-300:]} {done.stderr[-300:]}")

    def admin(self, *what):
        """tests/fault/admin.c: what an operator, a retention or an intruder does to the broker."""
        done = subprocess.run([f"{stack.BUILD}/test/admin", self.broker, *map(str, what)], capture_output=True, text=True,
                              timeout=60 * stack.SLOW)
        check(done.returncode == 0, f"admin {what}: {done.stderr}")

    def server_pid(self, which):
        return int(open(f"{self.servers}/{which}/pid").read())

    def sql_again(self):
        """A new psql, after the database has been away."""
        self.sql.process.kill()
        def opened():
            self.sql = stack.Sql(self.conninfo + " user=postgres")
            try:
                return self.sql.value("select 1") == 1
            except (Failure, OSError):
                return False
        until(opened, 30, "the database does not answer")

    def another_sql(self):
        """A session of its own, as an administrator has it."""
        return stack.Sql(self.conninfo + " user=postgres")

    def all_alive(self):
        same([p.tail(3) for p in self.programs if not p.is_alive() and not p.may_die and not p.stopped], [], "ended by themselves")

    def errors(self, pattern):
        """Log lines of the workers that match."""
        return [l for w in self.workers.values() for l in w.log().splitlines() if re.search(pattern, l)]

    def marks(self):
        """How long the workers' logs are now: what comes later is after this."""
        return {name: len(p.log()) for name, p in self.workers.items()}

    def says(self, name, pattern, marks):
        """How often a worker has said so since the marks."""
        log = self.workers[name].log()
        return len(re.findall(pattern, log[marks.get(name, 0):] if len(log) >= marks.get(name, 0) else log))

    def claims(self):
        """Of each (stage, lane) the first claim of the process that runs now: position and epoch."""
        found = {}
        for name, p in self.workers.items():
            for lane, epoch, offset in re.findall(r"event=lane_claimed lane=(\d+) epoch=(\d+) offset=(-?\d+)", p.log()):
                found.setdefault((name.split("-")[0], int(lane)), (int(offset), int(epoch)))
        return found

    def pids(self):
        return {p.name: p.process.pid for p in self.workers.values() if p.is_alive()}

    def total(self, column):
        """Of all lanes."""
        return int(self.sql.value(f"select sum({column}) from core.lane"))

    def ends(self):
        """{(topic, partition): offset after the last message} of everything outside and every journal."""
        topics = sorted({t for _, t in stack.TOPIC_OF} | set(stack.JOURNALS.values()))
        wanted = [f"-t{t}:{lane}:-1" for t in topics for lane in range(self.lanes)]
        done = subprocess.run(["kcat", "-Q", "-b", self.broker, *wanted], capture_output=True, text=True, timeout=60 * stack.SLOW)
        check(done.returncode == 0, "kcat: " + done.stderr)
        return {(t, int(lane)): int(at) for t, lane, at in re.findall(r"(\S+) \[(\d+)\] offset (\d+)", done.stdout)}

    def repeats(self):
        """Entries that stand in a journal more than once, because they were sent again."""
        n = 0
        for topic in stack.JOURNALS.values():
            numbers = [(e["partition"], e["headers"].get("ce_sequence")) for e in self.read(topic)]
            n += len(numbers) - len(set(numbers))
        return n

    def ended(self, dossiers):
        ids = ",".join(f"'{d.id}'" for d in dossiers)
        return self.sql.value(f"select count(*) from core.dossier where id in ({ids}) and ({END})") if ids else 0

    def recovered(self, since, within):
        """New dossiers on every lane end; the seconds from the end of the fault."""
        probes = [self.submit("birth-in-time", partition=lane, id=f"probe-{self.load_number()}") for lane in range(self.lanes)]
        until(lambda: self.ended(probes) == len(probes), 120, lambda: f"{self.ended(probes)} of {len(probes)} new dossiers ended; "
              f"{[d.where() for d in probes][:3]} {self.troubles()}", step=0.1)
        seconds = time.monotonic() - since
        check(seconds <= within * stack.SLOW, f"recovered only after {seconds:.1f} s")
        return seconds


def run_row(w, r):
    """What was seen, the seconds of recovery, and what the checker said."""
    w.healed_at, w.flooded = None, []
    load = Load(w, r.load) if r.load else None
    rest = None
    try:
        seen = r.what(w)
        if inspect.isgenerator(seen):
            rest, seen = seen, next(seen)
        seconds = w.recovered(w.healed_at or time.monotonic(), r.within)
    finally:
        for gate in w.gate.values():
            gate.heal()
        if load:
            load.end()
    sent = w.flooded + (load.sent if load else [])
    until(lambda: w.ended(sent) == len(sent), 120, lambda: f"{w.ended(sent)} of {len(sent)} dossiers ended: {w.troubles()}", step=0.2)
    w.all_alive()
    w.quiet(90)
    if rest:
        seen = finish(rest)
    return seen or "as expected", seconds, w.verify()


def finish(rest):
    """What a row's function returns after its yield."""
    try:
        next(rest)
    except StopIteration as end:
        return end.value
    raise Failure("a row yields once")


def main(file, names, kind=World, **world):
    """Runs the rows of a file, in a world of that kind; each line also goes as JSON to DOSSIER_CHECK/fault/, for the table."""
    name = "fault-" + os.path.basename(file)[:-3]
    wanted = [int(a) for a in sys.argv[1:]]
    folder = os.path.join(stack.STATE, "fault")
    os.makedirs(folder, exist_ok=True)
    w = kind(name, **world)
    passed = failed = 0
    try:
        w.start()
        for r in rows:
            if wanted and r.number not in wanted:
                continue
            begin, told = time.monotonic(), {"row": r.number, "reference": r.reference, "done": r.done, "expected": r.expected}
            try:
                seen, seconds, invariants = run_row(w, r)
                told.update(ok=True, seen=seen, recovery=round(seconds, 1), invariants=invariants)
                passed += 1
                print(f"ok      {r.number:02d} [{r.reference}] {r.done}: {seen}; recovered in {seconds:.1f} s; {invariants}; "
                      f"{time.monotonic() - begin:.0f} s", flush=True)
            except Exception as e:
                failed += 1
                told.update(ok=False, seen=str(e))
                trace = "" if isinstance(e, Failure) and not os.environ.get("TRACE") else traceback.format_exc()
                print(f"FAILED  {r.number:02d} [{r.reference}] {r.done}: {e}\n{trace}", flush=True)
            with open(os.path.join(folder, f"{r.number:02d}.json"), "w", encoding="utf-8") as f:
                json.dump(told, f, ensure_ascii=False)
        if not wanted:
            for title, what in [("workers end in good order", w.orderly_end), ("no sanitizer reports, no error line that no row provoked", w.clean_logs)]:
                try:
                    what()
                    passed += 1
                except Exception as e:
                    failed += 1
                    print(f"FAILED  afterwards: {title}: {e}", flush=True)
    except Exception as e:
        failed += 1
        print(f"FAILED  start: {e}\n{traceback.format_exc()}{w.troubles()}", flush=True)
    finally:
        w.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
