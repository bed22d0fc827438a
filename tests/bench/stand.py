"""stand - where measurements are taken: a world of its own (tests/pipeline/stack.py) under load, and what it costs.

    import stand

    def main():
        with stand.Stand("plain") as s:
            w = s.window("main", seconds=60)            # bench_load, and what was used between the ends of its window
            print(w.per_second, w.per_dossier("wal"), w.cpu())

    stand.run(main)

A window is the steady part of one run of bench_load: counters are read when it says that the window begins, and when it says that
it ends. Everything shares the machine: broker, database, simulators, workers, load, and the little that reading costs.

    BUILD          whose programs (build)
    DOSSIER_BENCH  where everything is written (.state/bench); servers are made new for each run, and removed after it
    SECONDS        length of the main window (60)
    COUNT          instead: so many dossiers; everything else becomes as short as possible. To try whether it works, not for numbers
    LANES          partitions of every topic (8)
    IN_FLIGHT      dossiers under way in the closed loop (6000, with COUNT a quarter of it)
    WARM           seconds of load before anything is measured (20, with COUNT none)
    KAFKA_JVM      options of the broker's Java machine: here the compiler that a broker has that runs for days, and not the quick one
                   of deploy/broker
"""
import fcntl, json, os, re, select, signal, subprocess, sys, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("BUILD", "build")
os.environ["DOSSIER_CHECK"] = os.path.abspath(os.environ.get("DOSSIER_BENCH", os.path.join(ROOT, ".state/bench")))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "pipeline"))
import stack
from stack import BUILD, STAGES, STATE, Failure, check, same, until

COUNT = int(os.environ.get("COUNT", "0"))
SECONDS = int(os.environ.get("SECONDS", "60"))
LANES = int(os.environ.get("LANES", "8"))
WARM = int(os.environ.get("WARM", 0 if COUNT else 20))
os.environ.setdefault("KAFKA_JVM", "-Xms256m -Xmx512m -XX:+UseSerialGC")
IN_FLIGHT = int(os.environ.get("IN_FLIGHT", max(COUNT // 4, 8) if COUNT else 6000))
TICK = os.sysconf("SC_CLK_TCK")
COMPANY = {"4600987610": {"name": "CÔNG TY TNHH CHÈ TÂN CƯƠNG XANH", "representative": "NGUYỄN VĂN AN"}}
BEHAVIOUR = {"magic": False, "companies": COMPANY,
             "defaults": {"officer": {"officer_ms": 0}, "citizen": {"citizen_ms": 50}, "payment": {"pay_after_ms": 50},
                          "postal": {"step_ms": 50}, "population": {"latency_ms": 5}}}
MIXES = {"plain": {"verification": {"verification.fetch": "none"}, "tracking": {"tracking.notices": "end"}},
         "full": {"verification": {"verification.fetch": "all"}, "tracking": {"tracking.notices": "all"}}}
# What the workers do by default; tests/pipeline is more impatient.
WORKERS = {"session.timeout": "10000", "upkeep": "3000", "effect.timeout": "10000", "log.jobs": "false"}


def say(*words):
    print(*words, flush=True)


def build():
    done = subprocess.run(["deploy/packages", "runtime"], capture_output=True, text=True)
    check(done.returncode == 0, "packages: " + (done.stdout + done.stderr)[-2000:])
    folder, jobs = os.path.relpath(BUILD, ROOT), os.cpu_count() or 2
    done = subprocess.run(["make", "-s", f"-j{jobs}", f"BUILD={folder}", "programs", f"{folder}/test/produce"], capture_output=True, text=True)
    check(done.returncode == 0, "make: " + (done.stdout + done.stderr)[-2000:])


def machine():
    """Where and on what: a line for the tables."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1048576
    return {"commit": commit, "cores": os.cpu_count(), "memory_gib": round(memory), "kernel": os.uname().release,
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


# --- what is read from the outside -----------------------------------------------------------------------------------------

def stat(pid):
    """(name, parent, CPU seconds of its own, CPU seconds of its dead children), or None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            text = f.read()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    own, dead = (sum(map(int, fields[at:at + 2])) / TICK for at in (11, 13))
    return text[text.index("(") + 1:text.rindex(")")], int(fields[1]), own, dead


def family(pid):
    """CPU seconds of a server and all its processes, the dead ones too; those of each living one by pid."""
    _, _, own, dead = stat(pid)
    each = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            s = stat(name)
            if s and s[1] == pid:
                each[int(name)] = s[2]
    return own + dead + sum(each.values()), each


def threads(pid):
    """CPU seconds by thread name."""
    total = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        s = stat(f"{pid}/task/{task}")
        if s:
            total[s[0]] = total.get(s[0], 0) + s[2]
    return total


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


def setting(name, usual, tried):
    """A number that the environment may name; tried: with COUNT."""
    return int(os.environ.get(name, tried if COUNT else usual))


def difference(a, b):
    """b - a, whatever the two are made of; what is new in b counts from nothing."""
    if isinstance(b, dict):
        return {k: difference(a.get(k) if a else None, v) for k, v in b.items()}
    return b - (a or 0)


class Window:
    """What happened between two samples, and the words of the load about it."""

    def __init__(self, name, first, last, end, report):
        self.name, self.first, self.last, self.end, self.report = name, first, last, end, report
        self.used = difference(first, last)
        self.seconds, self.per_second = end["seconds"], end["per_second"]
        self.dossiers = end["ended"] - report["begin_ended"]

    def per_dossier(self, *path):
        value = self.used
        for name in path:
            value = value[name]
        return value / self.dossiers

    def cpu(self):
        """CPU seconds per 1 000 dossiers by process; "workers" is their sum."""
        each = {k: 1000 * v / self.dossiers for k, v in self.used["cpu"].items()}
        each["workers"] = sum(v for k, v in each.items() if k.split("-")[0] in STAGES)
        return each


class Load:
    """A run of bench_load or bench_floor, line by line."""

    def __init__(self, program, args):
        self.name, self.said = program, b""
        self.process = subprocess.Popen([f"{BUILD}/bin/{program}", "--parent", str(os.getpid()), *map(str, args)], stdout=subprocess.PIPE)

    def has_line(self, seconds=None):
        """Is there one, or the end, within the time?"""
        while b"\n" not in self.said:
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                return False
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return True
            self.said += piece
        return True

    def next(self, at):
        self.has_line()
        line, _, self.said = self.said.partition(b"\n")
        if not line:
            raise Failure(f"{self.name} has ended with {self.process.wait()} before {at}")
        said = json.loads(line)
        check(said["at"] == at, f"{self.name}: {line}")
        return said

    def stop(self):
        self.process.kill()
        self.process.wait()


def options(**given):
    return [word for name, value in given.items() if value is not None
            for word in (["--" + name.replace("_", "-")] if value is True else ["--" + name.replace("_", "-"), value])]


class Stand(stack.World):
    def __init__(self, mix, name=None, lanes=LANES, behaviour=None, params=None, warm=WARM, **more):
        super().__init__(name or "bench-" + mix, params={**MIXES[mix], "*": WORKERS, **(params or {})}, lanes=lanes,
                         simulators=["--officer", "--citizen", "--home", "--portal", "/portal/bench", "--quiet"],
                         behaviour=behaviour or BEHAVIOUR, **more)
        self.mix, self.loads, self.runs, self.warm = mix, [], 0, warm

    def __enter__(self):
        self.wipe()
        try:
            self.start()
            for stage in self.want:
                self.wait_lanes(stage)
            if self.warm:
                self.window("warm", self.warm, sampled=False)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        for load in self.loads:
            load.stop()
        super().stop()
        self.wipe()

    def wipe(self):
        """Servers are made new: what an earlier run has left must not weigh on this one."""
        for server in ("broker", "database"):
            if os.path.exists(f"{self.servers}/{server}"):
                subprocess.run([f"deploy/{server}", "wipe", f"{self.servers}/{server}"], stdout=subprocess.DEVNULL)

    # reading counters

    def pids(self):
        """Of our own: {kind: pid}; workers by their names."""
        found = {name: w.process.pid for name, w in self.workers.items() if w.is_alive()}
        found["simulators"] = self.simulators.process.pid
        with open(f"{self.servers}/broker/pid") as f:
            found["broker"] = int(f.read())
        return found

    def postmaster(self):
        with open(f"{self.servers}/database/pid") as f:
            return int(f.readline())

    def sample(self):
        pids = self.pids()
        cpu = {kind: stat(pid)[2] for kind, pid in pids.items()}
        cpu["postgres"], backends = family(self.postmaster())
        taken = time.monotonic()
        roles = {r["pid"]: r["who"] for r in self.sql.rows(
            "select pid, coalesce(case when usename like 'dossier%' then replace(usename::text, 'dossier_', '') end, backend_type) as who "
            "from pg_stat_activity")}
        by_role = {}
        for pid, seconds in backends.items():
            who = roles.get(pid, "other")
            by_role[who] = by_role.get(who, 0) + seconds
        return {"at": taken, "cpu": cpu, "backends": by_role, **self.counters(),
                "rss": {name: resident(pid) for name, pid in pids.items() if name in self.workers},
                "batches": self.batches(), "messages": self.messages(), "calls": self.calls()}

    def counters(self):
        """What PostgreSQL counts about this database, and of the whole server its WAL."""
        row = self.sql.row("""select (select xact_commit from pg_stat_database where datname = current_database()) as transactions,
            (select xact_rollback from pg_stat_database where datname = current_database()) as rollbacks,
            pg_current_wal_lsn() - '0/0' as wal, w.wal_fpi as full_pages, w.wal_records, w.wal_sync as syncs,
            extract(epoch from now()) as clock,
            (select checkpoints_timed + checkpoints_req from pg_stat_bgwriter) as checkpoints from pg_stat_wal w""")
        row["tables"] = self.tables(self.sql)
        row["lanes"] = {r.pop("stage"): r for r in self.sql.rows("""select s.name as stage, sum(given) as given, sum(turns) as turns,
            sum(taken + handed_in + ordered) as received from core.lane join core.stage s using (stage) group by 1""")}
        row["writes"] = sum(t["ins"] + t["upd"] + t["del"] for t in row["tables"].values())
        return row

    def tables(self, sql):
        """Rows written, table by table, TOAST too; partitions of the journal together."""
        found = {}
        for t in sql.rows("""select coalesce(o.relnamespace::regnamespace || '.' || o.relname || ' (toast)', t.schemaname || '.' || t.relname) as name,
                t.n_tup_ins as ins, t.n_tup_upd as upd, t.n_tup_del as del, t.n_tup_hot_upd as hot
                from pg_stat_all_tables t left join pg_class o on o.reltoastrelid = t.relid
                where coalesce(o.relnamespace::regnamespace::text, t.schemaname) not in ('pg_catalog', 'information_schema')"""):
            name = re.sub(r"journal_\w+", "journal", t.pop("name"))
            into = found.setdefault(name, dict.fromkeys(t, 0))
            for k, v in t.items():
                into[k] += v
        return found

    def batches(self):
        """What the workers count about themselves: committed turns, and jobs in them, by worker."""
        found = {}
        for name, worker in self.workers.items():
            address = re.search(r"listen=(127\.0\.0\.1:\d+)", worker.log())
            if not worker.is_alive() or not address:
                continue
            with urllib.request.urlopen(f"http://{address[1]}/metrics", timeout=20) as answer:
                text = answer.read().decode()
            found[name] = {k: sum(float(v) for v in re.findall(rf"^dossier_batch_jobs_{k}(?:\{{.*\}})? (\S+)$", text, re.M))
                           for k in ("sum", "count")}
        return found

    def messages(self):
        """The ends of all topics' partitions, added up."""
        places = [word for topic in self.topics() for p in range(self.lanes) for word in ("-t", f"{topic}:{p}:-1")]
        done = subprocess.run(["kcat", "-Q", "-b", self.broker, *places], capture_output=True, text=True, timeout=60)
        ends = re.findall(r"offset (\d+)", done.stdout)
        check(len(ends) == len(places) // 2, f"kcat: {len(ends)} ends of {len(places) // 2} partitions: {done.stderr[-300:]}")
        return sum(map(int, ends))

    def topics(self):
        with open("schemas/topics.list", encoding="utf-8") as f:
            return [line.split()[0] for line in f if line.strip() and not line.startswith("#")]

    def calls(self):
        """Requests that the simulators have answered over HTTP."""
        return sum(service["requests"] for service in self.counts().values() if isinstance(service, dict) and "requests" in service)

    # windows

    def window(self, name, seconds=SECONDS, count=None, hooks={}, sampled=True, **more):
        """One run of bench_load, until all that it has sent has come to its end. hooks: functions called when the window begins,
        while it is open (every tenth of a second), and when it ends; after the counters were read, and before. Reading them takes
        some CPU at both ends: not for latency."""
        self.runs += 1
        if COUNT:
            count, more = count or COUNT, {**more, "warm": 1}
        else:
            more.setdefault("warm", 5)
        args = options(broker=self.broker, mix=self.mix, run=f"{self.runs}-{name}", partitions=self.lanes, seconds=seconds,
                       count=count, **{"in_flight": IN_FLIGHT, **more})
        load = Load("bench_load", args)
        window = self.measure(name, load, hooks, sampled)
        window.report.update(load.next("drained"))
        lost = window.report["sent"] - window.report["done"]
        check(load.process.wait() in (0, 1), f"bench_load: {load.process.returncode}")
        self.loads.remove(load)
        self.rest()
        check(lost == 0, f"{name}: {lost} of {window.report['sent']} dossiers have not come to their end; {self.troubles()}")
        return window

    def rest(self):
        """Until tracking has told it all, too: what one window leaves undone must not weigh on the next."""
        def work():
            return self.sql.row("""select (select sum(taken + done) from core.lane) as done, (select sum(given - acked) from core.lane)
                + (select count(*) from core.job where kind <> 2 and due_at is not null) as left""")
        before, begin = None, time.monotonic()
        while (now := work()) != before or now["left"]:
            check(time.monotonic() - begin < 180, f"not at rest: {now}; {self.troubles()}")
            before = now
            time.sleep(1)

    def floor(self, name, args, seconds, lock=False):
        self.runs += 1
        more = {"count": COUNT, "warm": 1} if COUNT else {"seconds": seconds, "warm": 3}
        sql = stack.Sql(self.floor_conninfo)
        before = self.tables(sql)
        load = Load("bench_floor", [*args, *options(in_flight=IN_FLIGHT, lock=lock or None, **more)])
        window = self.measure(name, load)
        check(load.process.wait() == 0, f"bench_floor: {load.process.returncode}")
        self.loads.remove(load)
        # Its sessions have ended, so all of it is counted: warm-up and end as well as the window.
        rows = difference(before, self.tables(sql))
        window.writes = sum(t[k] for t in rows.values() for k in ("ins", "upd", "del")) / rows["public.dossier"]["ins"]
        sql.close()
        return window

    def measure(self, name, load, hooks={}, sampled=True):
        self.loads.append(load)
        begin = load.next("begin")
        first = self.sample() if sampled else {"cpu": {}}
        if "begin" in hooks:
            hooks["begin"]()
        while "during" in hooks and not load.has_line(0.1):
            hooks["during"]()
        end = load.next("end")
        if "end" in hooks:
            hooks["end"]()
        last = self.sample() if sampled else {"cpu": {}}
        first["cpu"]["load"], last["cpu"]["load"] = begin["cpu_s"], end["cpu_s"]
        return Window(name, first, last, end, {"begin_ended": begin["ended"]})


# --- what tables are made of -------------------------------------------------------------------------------------------------

def number(value, digits=None):
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}".replace(",", " ")


def table(head, rows):
    """Markdown whose columns also stand under each other."""
    cells = [[str(c) for c in r] for r in [head, ["---"] * len(head), *rows]]
    widths = [max(len(r[i]) for r in cells) for i in range(len(head))]
    for r in cells:
        say("| " + " | ".join((c if c != "---" else "-" * w).ljust(w) for c, w in zip(r, widths)) + " |")


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def ratio(these, those):
    """The ratio of two means, and of each pair the least and the most: how far the noise goes."""
    pairs = [a / b for a, b in zip(these, those)]
    return mean(these) / mean(those), min(pairs), max(pairs)


def run(main, usage=None):
    """Whatever happens, everything that was started ends."""
    if usage and any(a in ("-h", "--help") for a in sys.argv[1:]):
        print(usage.strip())
        sys.exit(0)

    def stopped(signum, frame):
        raise SystemExit(128 + signum)
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGHUP, stopped)
    os.makedirs(STATE, exist_ok=True)
    lock = open(STATE + "/lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{os.path.basename(sys.argv[0])}: another measurement runs in {STATE}; two at once measure each other", file=sys.stderr)
        sys.exit(2)
    try:
        build()
        sys.exit(main())
    except Failure as e:
        print(f"{os.path.basename(sys.argv[0])}: {e}", file=sys.stderr)
        sys.exit(1)
