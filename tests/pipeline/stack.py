"""stack - a world for one test: broker, database, simulators, workers, all real, all gone afterwards.

A test file says what its world needs and what is to be true:

    import stack

    def test_something(w):                 # in the order of the file
        d = w.submit("birth-in-time")
        d.wait(casework="open")

    stack.main(__file__, globals(), workers=["intake", "verification"])

Every world is fresh: no topics, a new database. Conditions are waited for with a deadline, never slept for. When the tests
of a file are through, what must hold in any world is looked at too (see `afterwards`).

    BUILD            where the programs are (build/asan)
    DOSSIER_CHECK    folder for logs and data (.state/check)
    SLOW             factor for every deadline (1)
"""
import ctypes, datetime, glob, hashlib, http.client, json, os, re, shutil, signal, subprocess, sys, threading, time
import traceback, uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
BUILD = os.path.abspath(os.environ.get("BUILD", "build/asan"))
STATE = os.path.abspath(os.environ.get("DOSSIER_CHECK", ".state/check"))
SLOW = float(os.environ.get("SLOW", "1"))
STAGES = ["intake", "verification", "lookup", "fee", "casework", "dispatch", "tracking"]
JOURNALS = dict(zip(STAGES, ["dossier.intake", "dossier.verification", "dossier.lookup", "dossier.fee", "dossier.casework",
                             "dossier.dispatch", "dossier.notifications"]))
TOPIC_OF = [("vn.dossier.submitted.", "dossier.submissions"), ("vn.dossier.supplemented.", "citizen.requests"),
            ("vn.dossier.withdrawal_requested.", "citizen.requests"),
            ("vn.dossier.delivery_change_requested.", "citizen.requests"), ("vn.dossier.action.", "agency.actions"),
            ("vn.dossier.payment.", "payment.results"), ("vn.dossier.postal.", "postal.updates")]
LANES = 8
OFFICER = {"officer": {"id": "nguyen.van.hung"}}


class Failure(Exception):
    pass


def check(good, what="not as expected"):
    if not good:
        raise Failure(what)


def same(seen, wanted, what="differs"):
    if seen != wanted:
        raise Failure(f"{what}: seen {short(seen)}, expected {short(wanted)}")


def short(value, limit=600):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[:limit] + "…"


def until(what, seconds=45, why="waited in vain", step=0.05):
    """The first true value of what(); fails after the deadline, with why (a text or a function that gives one)."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{why() if callable(why) else why} ({seconds * SLOW:.0f} s)")
        time.sleep(step)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


AHEAD = 0               # seconds by which the world's wall clock is ahead of this process's, where a test has moved it


def now_text(seconds=0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=AHEAD + seconds)
    return at.isoformat(timespec="seconds")


# --- ids and contents, as a portal reckons them --------------------------------------------------------------------------

def lp(text):
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def dossier_id(source, id):
    d = bytearray(hashlib.sha256(lp(source) + lp(id)).digest()[:16])
    d[6] = d[6] & 0x0f | 0x80
    d[8] = d[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(d)))


def input_of(source, id):
    return hashlib.sha256(lp(source) + lp(id)).hexdigest()[:32]


def file_of(name, size=2000, media_type="application/pdf"):
    """A file as the simulated object store has it."""
    uri = f"{name}-{size}"
    line = (uri + "\n").encode()
    content = (line * (size // len(line) + 1))[:size]
    return {"name": name + ".pdf", "uri": uri, "size": size, "sha256": hashlib.sha256(content).hexdigest(),
            "media_type": media_type}


def component(code, kind="electronic", *files):
    return {"code": code, "kind": kind, "files": list(files) or [file_of(f"{code.lower()}-{uuid.uuid4().hex[:8]}")]}


def merge(into, changes):
    """Deep; None takes a member away."""
    for name, value in changes.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value
    return into


people = iter(range(200001, 999999))


def submission(template="birth-in-time", **changes):
    """A good example, of a person of its own, declared just now."""
    with open(f"schemas/messages/examples/vn.dossier.submitted.v1/good-{template}.json", encoding="utf-8") as f:
        data = json.load(f)
    data["declared"]["at"] = now_text(-60)
    data["applicant"]["number"] = data["applicant"]["number"][:6] + str(next(people))
    return merge(data, changes)


def headers(type, source, id, subject=None, **changes):
    """A CloudEvent's; a value None takes one away."""
    all = {"ce_specversion": "1.0", "ce_id": id, "ce_source": source, "ce_type": type, "ce_subject": subject,
           "content-type": "application/json", **changes}
    return [[name, value] for name, value in all.items() if value is not None]


def as_json(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


class Raw(dict):
    """Bytes as they are, for a value or a header."""

    def __init__(self, data):
        super().__init__(hex=data.hex())


# --- programs ----------------------------------------------------------------------------------------------------------

class Program:
    """One process of ours, its output in a file."""

    def __init__(self, world, name, args, env=None):
        self.world, self.name, self.stopped = world, name, False
        self.log_path = os.path.join(world.folder, name + ".log")
        self.mark = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        self.args, self.may_die = args, False
        report = os.path.join(world.folder, "sanitizer", name)
        # With a library loaded first, the sanitizer's is not the first any more.
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("DOSSIER_")},
                    "ASAN_OPTIONS": f"detect_leaks=1:exitcode=99:verify_asan_link_order=0:log_path={report}",
                    "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={report}", **(env or {})}
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                            preexec_fn=die_with_parent)

    def log(self, whole=False):
        with open(self.log_path, "rb") as f:
            f.seek(0 if whole else self.mark)
            return f.read().decode("utf-8", "replace")

    def tail(self, lines=6):
        return f"{self.name}: " + " | ".join(self.log(True).splitlines()[-lines:])

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_alive():
            os.kill(self.process.pid, number)

    def kill(self):
        self.may_die = True
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self, seconds=20):
        """In good order; the exit status."""
        self.stopped = True
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            return "still there after SIGTERM"

    def wait_log(self, pattern, seconds=45, since=None):
        found = until(lambda: re.search(pattern, self.log()[since or 0:]), seconds, lambda: f"no {pattern!r} in {self.tail()}")
        return found


class Sql:
    """One psql for the whole test; rows come as objects."""

    def __init__(self, conninfo):
        self.errors = open(os.devnull, "w")
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", conninfo], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
                                        preexec_fn=die_with_parent)
        self.n = 0

    def run(self, statement):
        """What psql prints."""
        self.n += 1
        self.process.stdin.write(f"{statement};\n\\echo -- end {self.n}\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == f"-- end {self.n}\n":
                return "".join(lines)
            lines.append(line)
        raise Failure("psql is gone: " + "".join(lines)[-300:])

    def rows(self, query):
        text = self.run(f"select coalesce(json_agg(t), '[]') from ({query}) t")
        try:
            return json.loads(text)
        except ValueError:
            raise Failure("psql: " + text[:400])

    def row(self, query):
        rows = self.rows(query)
        return rows[0] if rows else None

    def value(self, query):
        row = self.row(query)
        return None if row is None else next(iter(row.values()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Producer:
    """tests/pipeline/produce.c: messages go out as they are given, and every one is acknowledged, which a file may keep."""

    def __init__(self, broker, log=None, acknowledged=None):
        self.acknowledged = acknowledged
        self.process = subprocess.Popen([f"{BUILD}/test/produce", broker], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=log, text=True, encoding="utf-8", preexec_fn=die_with_parent)
        self.line, self.answers, self.more = 0, {}, threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.more:
                n, rest = line.split(None, 1)
                self.answers[int(n)] = rest.split()
                self.more.notify_all()
        with self.more:
            self.answers[-1] = ["error", "produce is gone"]
            self.more.notify_all()

    def send(self, messages, seconds=40):
        """[(partition, offset)] in the order of the messages."""
        first = self.line + 1
        for m in messages:
            self.line += 1
            self.process.stdin.write(json.dumps(m) + "\n")
        self.process.stdin.flush()
        wanted = range(first, self.line + 1)
        with self.more:
            all_there = self.more.wait_for(lambda: -1 in self.answers or all(n in self.answers for n in wanted), seconds * SLOW)
        self.write_down(messages, [self.answers.get(n, ["error"]) for n in wanted])
        check(all_there, "the broker does not acknowledge")
        places = [self.answers.get(n, ["error", "produce is gone"]) for n in wanted]
        bad = [p for p in places if p[0] == "error"]
        check(not bad, f"not published: {bad[:1]}")
        return [(int(p[0]), int(p[1])) for p in places]

    def write_down(self, messages, places):
        """What was acknowledged, for the checker: a line each, in one write, so that producers may share the file."""
        lines = []
        for m, place in zip(messages, places):
            if self.acknowledged and place[0] != "error":
                said = {name[3:]: value for name, value in reversed(m.get("headers") or [])
                        if name in ("ce_id", "ce_source", "ce_type") and isinstance(value, str)}
                lines.append(as_json({"topic": m["topic"], "partition": int(place[0]), "offset": int(place[1]), **said}) + "\n")
        if lines:
            with open(self.acknowledged, "ab", buffering=0) as f:
                f.write("".join(lines).encode())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


# --- a dossier as its portal sees it ------------------------------------------------------------------------------------

class Dossier:
    def __init__(self, world, source, id, data, place):
        self.world, self.source, self.ce_id, self.data, self.place = world, source, id, data, place
        self.id = dossier_id(source, id)
        self.n = 0

    def row(self):
        return self.world.sql.row(f"select l.*, d.source, d.submission, d.fee_order, d.parcel, d.supplements, d.expires_at, "
                                  f"d.errors, length(d.trail) / 9 as steps, length(d.inputs) / 16 as n_inputs "
                                  f"from core.dossier d join core.dossier_list l using (id) where id = '{self.id}'")

    def wait(self, seconds=45, **wanted):
        """Until the row's columns have these values (a tuple: one of them). The row."""
        def there():
            row = self.row()
            return row if row and all(row[k] in v if isinstance(v, tuple) else row[k] == v for k, v in wanted.items()) else None
        return until(there, seconds, lambda: f"{self.id}: waited for {wanted}, is {self.where()}; {self.world.troubles()}")

    def where(self):
        row = self.row()
        return "no row" if row is None else short({k: row[k] for k in ["version", "round", "missing", "reason", *STAGES]})

    def say(self, type, data, topic=None, source=None, id=None, partition=None, key=None, changes=None):
        """One message about it; its input digest."""
        self.n += 1
        source = source or self.source
        id = id or f"{self.ce_id}-{type.split('.')[-2]}-{self.n}"
        topic = topic or next(t for prefix, t in TOPIC_OF if type.startswith(prefix))
        value = data if isinstance(data, (str, Raw)) else as_json(data)
        m = {"topic": topic, "key": key or self.id, "headers": headers(type, source, id, self.id, **(changes or {})),
             "value": value}
        m["partition"] = self.place[0] if partition is None else partition
        self.world.produce([m])
        return input_of(source, id)

    def request(self, kind, data=None, **more):
        return self.say(f"vn.dossier.{kind}.v1", data if data is not None else {}, **more)

    def act(self, kind, **data):
        more = {k: data.pop(k) for k in ["source", "id", "partition", "key"] if k in data}
        more.setdefault("source", "/agency/" + self.data.get("agency", "H55.242"))
        return self.say(f"vn.dossier.action.{kind}.v1", {**OFFICER, **data}, **more)

    def pay(self, order, amount, id=None, outcome="paid", transaction=None, **more):
        transaction = transaction or "T" + uuid.uuid4().hex[:10]
        return self.say("vn.dossier.payment.result.v1",
                        {"order": order, "amount": amount, "currency": more.pop("currency", "VND"), "outcome": outcome,
                         "transaction": transaction, "paid_at": now_text()},
                        source="/bridge/payment", id=id or f"{order}/{transaction}", **more)

    def post(self, parcel, state, item_code="EA123456785VN", id=None, **data):
        more = {k: data.pop(k) for k in ["partition", "key"] if k in data}
        self.n += 1
        return self.say("vn.dossier.postal.update.v1", {"parcel": parcel, "item_code": item_code, "state": state,
                                                        "at": now_text(), **data},
                        source="/bridge/post", id=id or f"{parcel}/{self.n}", **more)

    def entries(self, stage=None):
        """Its journal entries, in the order of the topics' partitions."""
        topics = [JOURNALS[stage]] if stage else JOURNALS.values()
        return [e for t in topics for e in self.world.read(t) if e["key"] == self.id]

    def events(self, stage):
        """Short names: ["registered", …]."""
        return [e["type"].split(".")[-2] for e in self.entries(stage)]

    def answers(self):
        """Last value of each key of dossier.status that answers one of its messages: {input: value}."""
        return {e["key"][37:]: e["data"] for e in self.world.read("dossier.status") if e["key"].startswith(self.id + ":")}

    def status(self):
        """What an applicant sees: the value with the highest version."""
        seen = [e["data"] for e in self.world.read("dossier.status") if e["key"] == self.id]
        return max(seen, key=lambda s: s["version"]) if seen else None

    def wait_status(self, seconds=45, **wanted):
        def there():
            s = self.status()
            return s if s and all(s.get(k) == v for k, v in wanted.items()) else None
        return until(there, seconds, lambda: f"{self.id}: status {short(self.status())}, waited for {wanted}", step=0.2)

    def wait_answer(self, input, seconds=45, **wanted):
        def there():
            a = self.answers().get(input)
            return a if a and all(a.get(k) == v for k, v in wanted.items()) else None
        return until(there, seconds, lambda: f"{self.id}: answers {short(self.answers())}, waited for {input} {wanted}; "
                                             f"{self.world.troubles()}", step=0.2)

    def order(self):
        return self.world.sql.row(f"select * from fee.order where dossier = '{self.id}'")

    def parcel(self):
        return self.world.sql.row(f"select * from dispatch.parcel where dossier = '{self.id}'")


# --- the world ---------------------------------------------------------------------------------------------------------

class World:
    def __init__(self, name, workers=STAGES, params=None, simulators=(), behaviour=None, lanes=LANES,
                 allowed_errors=(), forged=False, own_servers=False):
        self.name, self.lanes, self.params = name, lanes, params or {}
        self.behaviour, self.sim_args = behaviour or {}, list(simulators)
        self.folder = os.path.join(STATE, "world", name)
        # Those that everybody shares, or its own, which it may stop.
        self.servers = os.path.join(self.folder if own_servers else STATE, "servers")
        self.acknowledged = os.path.join(self.folder, "acknowledged.ndjson")
        self.want, self.programs, self.workers = list(workers), [], {}
        self.allowed_errors = list(allowed_errors)      # patterns of error lines that a test provokes
        self.sources = 0
        self.forged = forged            # journals hold what a test has put there

    # start and end

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(os.path.join(self.folder, "sanitizer"))
        os.makedirs(self.servers, exist_ok=True)
        self.start_servers()
        subprocess.run([f"{BUILD}/test/produce", self.broker, "wipe"], check=True, timeout=60 * SLOW)
        conninfo = open(self.servers + "/database/conninfo").read().strip()
        base = "t" + re.sub(r"\W", "_", self.name)
        admin = Sql(conninfo + " user=postgres")
        for statement in (f"drop database if exists {base} with (force)", f"create database {base} owner dossier_owner"):
            said = admin.run(statement)
            check("ERROR" not in said, said)
        admin.close()
        self.conninfo = re.sub(r"dbname=\S+", "dbname=" + base, conninfo)
        for command in (["db", "migrate"], ["topics", "apply", "--partitions", str(self.lanes)], ["catalogue", "apply"]):
            done = self.ctl(*command)
            check(done.returncode == 0, f"dossierctl {command}: {done.stdout} {done.stderr}")
        until(self.topics_are_there, 30, "topics without a leader")
        self.before_clients()
        self.sql = Sql(self.conninfo + " user=postgres")
        self.producer_log = open(os.path.join(self.folder, "producer.log"), "ab")   # what its client has to say
        self.producer = Producer(self.broker, self.producer_log, self.acknowledged)
        self.start_simulators()
        self.before_workers()
        for name in self.want:
            self.start_worker(name)
        for worker in list(self.workers.values()):
            self.wait_up(worker)

    def before_clients(self):
        """Topics, lanes and laws are there, and nobody is connected yet: a kind of world may put another broker in the place of this one."""

    def before_workers(self):
        """A kind of world may change something here, first of all where the workers connect to."""

    def start_servers(self):
        """Those that tests/check has started, else our own: they go when we go."""
        env = {**os.environ, "DOSSIER_GUARD_PID": str(os.getpid())}
        with open(os.path.join(self.folder, "servers.log"), "w") as log:
            self.own = [s for s in ("broker", "database") if subprocess.run(
                [f"deploy/{s}", "status", f"{self.servers}/{s}"], stdout=log, stderr=log).returncode != 0]
            starts = [subprocess.Popen([f"deploy/{s}", "start", f"{self.servers}/{s}"], stdout=log, stderr=log, env=env)
                      for s in self.own]
            good = [p.wait() == 0 for p in starts]
        check(all(good), "servers: " + open(os.path.join(self.folder, "servers.log")).read()[-800:])
        self.broker = open(self.servers + "/broker/address").read().strip()

    def topics_are_there(self):
        """Created is not yet known everywhere in the broker."""
        done = subprocess.run(["kcat", "-L", "-J", "-b", self.broker], capture_output=True, timeout=30 * SLOW)
        found = {t["topic"]: t["partitions"] for t in json.loads(done.stdout or b'{"topics":[]}')["topics"]}
        with open("schemas/topics.list", encoding="utf-8") as f:
            names = [line.split()[0] for line in f if line.strip() and not line.startswith("#")]
        return all(len(found.get(n, [])) == self.lanes and all(p["leader"] >= 0 for p in found[n]) for n in names)

    def start_simulators(self):
        port_file = os.path.join(self.folder, "port")
        args = [f"{BUILD}/bin/simulators", "--listen", "127.0.0.1:0", "--port-file", port_file, "--bootstrap", self.broker,
                "--state", os.path.join(self.folder, "ledgers"), "--parent", str(os.getpid()), "--from", "beginning",
                *self.sim_args]
        if self.behaviour:
            args += ["--behaviour", json.dumps(self.behaviour)]
        if os.path.exists(port_file):
            os.remove(port_file)
        self.simulators = Program(self, "simulators", args)
        self.programs.append(self.simulators)
        self.port = int(until(lambda: os.path.exists(port_file) and open(port_file).read(), 20,
                              lambda: self.simulators.tail()))
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w") as f:
            f.write("secret")
        url = f"http://127.0.0.1:{self.port}"
        self.usual = {
            "intake": {},
            "verification": {"verification.objects.url": url + "/objects"},
            "lookup": {"lookup.population.url": url + "/population", "lookup.enterprise.url": url + "/enterprise"},
            "fee": {"fee.payment.url": url + "/payment", "fee.payment.secret": "@" + secret},
            "casework": {},
            "dispatch": {"dispatch.post.url": url + "/postal"},
            "tracking": {"tracking.sms.url": url + "/sms", "tracking.email.url": url + "/email"},
        }

    def start_worker(self, stage, name=None, env=None, build=BUILD, **params):
        """Another process of a stage; name tells two of one stage apart, env is added to its environment, build is whose program."""
        name = name or stage
        # A group of its own, so that nobody waits for the dead of another world.
        settings = {"group": f"{self.name}-{stage}", "database": self.conninfo, "broker": self.broker, "schemas": os.path.join(ROOT, "schemas"),
                    "session.timeout": "6000", "upkeep": "300", "effect.timeout": "2000", "listen": "127.0.0.1:0",
                    **self.usual[stage],
                    **self.params.get("*", {}), **self.params.get(stage, {}), **params}
        args = [f"{build}/bin/dossier-{stage}"] + [f"--{k}={v}" for k, v in settings.items()]
        worker = Program(self, name, args, env)
        self.workers[name] = worker
        self.programs.append(worker)
        return worker

    def wait_up(self, worker, seconds=45):
        until(lambda: not worker.is_alive() or re.search(r"\bup\b", worker.log()), seconds, lambda: "not up: " + worker.tail())
        check(worker.is_alive(), "did not come up: " + worker.tail())

    def wait_lanes(self, stage, seconds=45):
        """All lanes of the stage are owned."""
        until(lambda: self.sql.value(f"select count(owner) from core.lane where stage = {STAGES.index(stage)}") == self.lanes,
              seconds, f"lanes of {stage} without an owner; {self.troubles()}")

    def stop(self):
        """Whatever state it is in, nothing is left."""
        for p in getattr(self, "programs", []):
            p.kill()
        for s in ("sql", "producer"):
            if hasattr(self, s):
                getattr(self, s).process.kill()
        for s in getattr(self, "own", []):
            subprocess.run([f"deploy/{s}", "stop", f"{self.servers}/{s}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # talking to it

    def ctl(self, *args, **more):
        report = os.path.join(self.folder, "sanitizer", "dossierctl")
        env = more.pop("env", {})
        return subprocess.run([f"{BUILD}/bin/dossierctl", *args, "--database", env.get("TO_DATABASE", self.conninfo),
                               "--broker", env.get("TO_BROKER", self.broker), "--schemas", "schemas"],
                              capture_output=True, text=True, encoding="utf-8", timeout=120 * SLOW,
                              env={**os.environ, "ASAN_OPTIONS": f"detect_leaks=1:exitcode=99:log_path={report}",
                                   "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={report}"}, **more)

    def ctl_rows(self, *args):
        done = self.ctl(*args, "-o", "json")
        check(done.returncode in (0, 1), f"dossierctl {args}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def produce(self, messages):
        return self.producer.send(messages)

    def message(self, data, source="/portal/test", id=None, partition=None, key=None, type="vn.dossier.submitted.v1",
                **changes):
        """A submission as produce takes it; changes are headers."""
        id = id or self.new_id()
        m = {"topic": "dossier.submissions", "key": key or id, "headers": headers(type, source, id, **changes),
             "value": data if isinstance(data, (str, Raw)) or data is None else as_json(data)}
        if partition is not None:
            m["partition"] = partition
        return m

    def new_id(self):
        self.sources += 1
        return f"{self.name[:4]}-{self.sources:05d}"

    def submit(self, template="birth-in-time", source="/portal/test", id=None, partition=None, **changes):
        return self.submit_all([template], source, id, partition, **changes)[0]

    def submit_all(self, templates, source="/portal/test", id=None, partition=None, **changes):
        datas = [t if isinstance(t, dict) else submission(t, **changes) for t in templates]
        ids = [id or self.new_id() for _ in datas]
        places = self.produce([self.message(d, source, i, partition) for d, i in zip(datas, ids)])
        return [Dossier(self, source, i, d, p) for d, i, p in zip(datas, ids, places)]

    def read(self, topic):
        """Every message of a topic: key, headers, type, data, partition, offset."""
        done = subprocess.run(["kcat", "-C", "-q", "-e", "-J", "-b", self.broker, "-t", topic, "-o", "beginning",
                               "-X", "fetch.wait.max.ms=20"],
                              capture_output=True, timeout=60 * SLOW)
        check(done.returncode == 0, "kcat: " + done.stderr.decode("utf-8", "replace"))
        found = []
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            m = json.loads(line)
            names = m.get("headers") or []
            m["headers"] = dict(zip(names[::2], names[1::2]))
            m["type"] = m["headers"].get("ce_type")
            try:
                m["data"] = json.loads(m["payload"]) if m.get("payload") is not None else None
            except (ValueError, RecursionError):
                m["data"] = None
            found.append(m)
        return found

    def http(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            c.request(method, path, None if body is None else json.dumps(body).encode())
            return c.getresponse().read()
        finally:
            c.close()

    def counts(self):
        return json.loads(self.http("GET", "/counts"))

    def ledger(self, service, **match):
        lines = [json.loads(l) for l in self.http("GET", "/ledger/" + service).splitlines()]
        return [l for l in lines if all(l.get(k) == v for k, v in match.items())]

    def rule(self, **rule):
        said = self.http("POST", "/behaviour", {"rules": [rule]})
        return said

    def lane(self, stage, number):
        return self.sql.row(f"select * from core.lane where stage = {STAGES.index(stage)} and lane = {number}")

    def troubles(self):
        """Who has died, and the last warnings and errors."""
        said = []
        for p in self.programs:
            if not p.is_alive() and not p.may_die and not p.stopped:
                said.append(f"{p.name} died ({p.process.returncode}): {p.tail(4)}")
            bad = [l for l in p.log(True).splitlines() if re.search(r"level=(warn|error)|\"level\":\"(warn|error)", l)]
            said += [f"{p.name}: {l}" for l in bad[-2:]]
        return short(" || ".join(said) or "no warnings", 1500)

    # what holds in any world

    def quiet(self, seconds=60):
        """Nothing is unfinished but timers, parked jobs and messages of the far future; all journals are read."""
        def rest():
            jobs = self.sql.value("select count(*) from core.job where kind <> 2 and due_at is not null")
            given = self.sql.value("select sum(given - acked) from core.lane")
            return jobs == 0 and given == 0
        return until(rest, seconds, lambda: "not quiet: " + short(self.sql.rows(
            "select s.name as stage, j.kind, j.reason, j.purpose, j.attempts, count(*) from core.job j join core.stage s "
            "using (stage) where kind <> 2 and due_at is not null group by 1, 2, 3, 4, 5 limit 9")) + self.troubles())

    def balance(self):
        """The counters of every lane agree with its rows (promise 10)."""
        bad = self.sql.rows("""select l.stage, l.lane, l.waiting, l.parked, j.waiting as seen_waiting, j.parked as seen_parked
            from core.lane l left join lateral (select count(*) filter (where due_at is not null and kind <> 3) as waiting,
                count(*) filter (where due_at is null and kind <> 3) as parked from core.job j
                where j.stage = l.stage and j.lane = l.lane) j on true
            where l.waiting <> j.waiting or l.parked <> j.parked""")
        same(bad, [], "counters of lanes against core.job")
        bad = self.sql.rows("""select stage, sum(handed_out) as handed_out, sum(handed_in) as handed_in, (select count(*) from
            core.job j where j.stage = l.stage and j.kind = 3) as on_the_way from core.lane l group by stage
            having sum(handed_out) <> sum(handed_in) + (select count(*) from core.job j where j.stage = l.stage and j.kind = 3)""")
        same(bad, [], "hand-overs")

    def dense(self):
        """Numbers of every journal partition are 1, 2, 3 … once repeats are dropped, and the last is the lane's (promise 4)."""
        for stage, topic in JOURNALS.items():
            last = {}
            for e in self.read(topic):
                n, lane = int(e["headers"]["ce_sequence"]), e["partition"]
                check(n <= last.get(lane, 0) + 1, f"{topic}/{lane}: {n} follows {last.get(lane, 0)}")
                last[lane] = max(n, last.get(lane, 0))
            given = {r["lane"]: r["given"] for r in self.sql.rows(
                f"select lane, given from core.lane where stage = {STAGES.index(stage)} and given > 0")}
            same(last, given, f"last numbers of {topic} against the lanes")

    def verify(self, settle=30, *more):
        """The checker finds every invariant kept (tests/fault/verify); in a line of words."""
        done = subprocess.run(["/usr/bin/python3", "-B", "tests/fault/verify", "--broker", self.broker, "--database",
                               self.conninfo + " user=postgres", "--ledgers", os.path.join(self.folder, "ledgers"), "--settle",
                               str(settle * SLOW), *(["--acknowledged", self.acknowledged] if os.path.exists(self.acknowledged) else []),
                               *(["--strangers"] if self.forged else []), *more], capture_output=True, text=True, encoding="utf-8", timeout=(settle + 120) * SLOW)
        with open(os.path.join(self.folder, "verify.log"), "w", encoding="utf-8") as f:
            f.write(done.stdout + done.stderr)
        bad = [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
        check(done.returncode == 0 and not bad, short("; ".join(bad) + done.stderr[-1500:], 3000))
        return f"{len(done.stdout.splitlines())} invariants hold"

    def replay(self):
        done = self.ctl("replay", "--verify")
        check(done.returncode == 0, f"replay --verify: {done.returncode}: {short(done.stdout[-700:])} {done.stderr[-300:]}")

    def contracts(self):
        """Everything we published fits its own contract."""
        lines = []
        for topic in [*JOURNALS.values(), "dossier.status", "dossier.deadletter"]:
            for e in self.read(topic):
                type = e["type"]
                if topic == "dossier.status" and ":" in (e["key"] or ""):
                    type = "vn.dossier.status.answer.v1"
                lines.append(as_json({"type": type, "data": e["data"]}))
        done = subprocess.run([f"{BUILD}/test/examples", "schemas", "-"], input="\n".join(lines + [""]), capture_output=True,
                              text=True, encoding="utf-8")
        check(done.returncode == 0, short(done.stdout[-900:] + done.stderr[-300:], 1200))

    def afterwards(self):
        """What holds when any test is over; one case each."""
        yield "all workers still run", lambda: same(
            [p.tail(4) for p in self.programs if not p.is_alive() and not p.may_die and not p.stopped], [], "ended")
        yield "nothing is left to do", lambda: self.quiet()
        yield "counters balance", self.balance
        if not self.forged:
            yield "journals are dense", self.dense
        if set(self.want) == set(STAGES):
            yield "replay equals the database", self.replay
        if set(self.want) == set(STAGES) and not self.forged:
            yield "the checker finds every invariant kept", self.verify
        if not self.forged:
            yield "what we published fits the contracts", self.contracts
        yield "workers end in good order", self.orderly_end
        yield "no error lines, no sanitizer reports", self.clean_logs

    def orderly_end(self):
        bad = {p.name: (status, p.tail(3)) for p in self.programs if p.is_alive() for status in [p.end()] if status != 0}
        same(bad, {}, "exit status")

    def clean_logs(self):
        reports = glob.glob(os.path.join(self.folder, "sanitizer", "*"))
        check(not reports, "sanitizer: " + short("".join(open(r, errors="replace").read()[:1500] for r in reports[:2]), 3000))
        for p in self.programs:
            for line in p.log(True).splitlines():
                if re.search(r"level=error|\"level\":\"error", line) and not any(re.search(a, line) for a in self.allowed_errors):
                    raise Failure(f"{p.name}: {line}")


# --- running -------------------------------------------------------------------------------------------------------------

def main(file, names, **world):
    name = os.path.basename(file)[:-3]
    wanted = sys.argv[1:]
    passed = failed = 0
    w = World(name, **world)

    def case(title, what):
        nonlocal passed, failed
        begin = time.monotonic()
        try:
            what()
            passed += 1
            print(f"ok      {title}  {time.monotonic() - begin:.1f} s", flush=True)
        except Exception as e:
            failed += 1
            where = "" if isinstance(e, Failure) and not os.environ.get("TRACE") else traceback.format_exc()
            print(f"FAILED  {title}: {e}\n{where}", end="" if where else "", flush=True)

    def stopped(number, frame):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGHUP, stopped)
    try:
        try:
            w.start()
        except Exception as e:
            print(f"FAILED  start: {e}\n{w.troubles()}")
            failed += 1
        else:
            for key, test in list(names.items()):
                if key.startswith("test_") and (not wanted or any(word in key for word in wanted)):
                    case((test.__doc__ or key[5:].replace("_", " ")).split("\n")[0], lambda: test(w))
            for title, what in w.afterwards():
                case("afterwards: " + title, what)
    finally:
        w.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
