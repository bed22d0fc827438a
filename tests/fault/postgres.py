"""postgres - what harms a database: its processes, its sessions, and what workers said about it."""
import os, re, shutil, signal, socket, struct, subprocess, threading, time
import fault, proxy
import stack
from stack import Failure, check, until

BIN = "/usr/lib/postgresql/15/bin"

WORKERS = "application_name like 'dossier-%' and usename <> 'dossier_owner' and backend_type = 'client backend'"


def children(pid):
    """The server's processes, itself first."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [int(p) for p in f.read().split()]


def alive(pids):
    found = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append(pid)
        except OSError:
            pass
    return found


def kill(pids, number=signal.SIGKILL):
    """All at once; returns when they are gone."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    until(lambda: not alive(pids), 20, lambda: f"processes {alive(pids)} do not end")


def start_again(w, seconds=20):
    """As a supervisor does: until it succeeds."""
    def started():
        try:
            w.server("database", "start")
            return True
        except Failure as e:
            w.start_failed = str(e)
            return False
    until(started, seconds, lambda: w.start_failed, step=0.2)
    w.sql_again()


class Log:
    """What the workers say from now on."""

    def __init__(self, w):
        self.w = w
        self.begin = {name: os.path.getsize(p.log_path) for name, p in w.workers.items()}

    def lines(self, pattern, name=None):
        found = []
        for n, p in self.w.workers.items():
            if name in (None, n):
                with open(p.log_path, "rb") as f:
                    f.seek(self.begin.get(n, 0))
                    found += [(n, l) for l in f.read().decode("utf-8", "replace").splitlines() if re.search(pattern, l)]
        return found

    def count(self, pattern, name=None):
        return len(self.lines(pattern, name))

    def all_say(self, pattern, seconds=30, names=None):
        """Every worker, or each of these, has said so."""
        def silent():
            return [n for n in names or self.w.workers if not self.lines(pattern, n)]
        until(lambda: not silent(), seconds, lambda: f"{silent()} did not say {pattern}")

    def codes(self):
        """How often each error was met, in words."""
        counts = {}
        for _, l in self.lines(r"event=(turn_failed|claim_failed|commit_unsure|database_awaited)"):
            code = re.search(r"code=(\S*)", l)
            code = code[1] if code else "?"
            counts[code] = counts.get(code, 0) + 1
        return ", ".join(f"{c} {n} times" for c, n in sorted(counts.items(), key=lambda i: -i[1]))

    def unsure(self):
        """Lost answers to COMMIT: all of them, those that had happened, those that had not."""
        settled = self.lines("event=commit_settled")
        happened = sum("happened=1" in l for _, l in settled)
        return self.count("event=commit_unsure"), happened, len(settled) - happened

    def unsure_told(self):
        unsure, happened, not_happened = self.unsure()
        left = f", {unsure - happened - not_happened} left to the next claim" if unsure > happened + not_happened else ""
        return f"{unsure} answers to COMMIT lost ({happened} had happened, {not_happened} not{left})"


def turns(w):
    return w.sql.value("select sum(turns) from core.lane")


def working(w, more=20, seconds=30):
    """So many batches have been committed from here on."""
    before = turns(w)
    until(lambda: turns(w) >= before + more, seconds, "no batches", step=0.02)


def last_numbers(w, stage):
    """The highest number of each partition of a stage's journal, as the broker has it."""
    last = {}
    for m in w.read(stack.JOURNALS[stage]):
        last[m["partition"]] = max(last.get(m["partition"], 0), int(m["headers"]["ce_sequence"]))
    return last


class Server:
    """Another database beside the world's first, made by deploy/database too: a standby."""

    def __init__(self, w, name):
        self.w, self.name, self.folder = w, name, f"{w.servers}/{name}"
        self.script("start")        # draws port and socket, which stay
        self.script("stop")
        self.conninfo = open(self.folder + "/conninfo").read().strip()
        self.host, self.port = re.match(r"host=(\S+) port=(\d+)", self.conninfo).groups()

    def script(self, what):
        done = subprocess.run(["deploy/database", what, self.folder], capture_output=True, text=True, timeout=90 * stack.SLOW,
                              env={**os.environ, "DOSSIER_GUARD_PID": str(os.getpid())})
        check(done.returncode == 0, f"deploy/database {what} {self.folder}: {done.stderr[-400:]}")

    def first_pid(self):
        return int(open(self.folder + "/pid").read())

    def sql(self):
        return stack.Sql(f"host={self.host} port={self.port} dbname={self.w.database} user=postgres")

    def copy(self, primary):
        """A base backup of the primary, that follows it."""
        data = self.folder + "/data"
        shutil.rmtree(data)
        os.mkdir(data, 0o700)
        account = []
        if os.getuid() == 0:
            shutil.chown(data, "postgres", "postgres")
            account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        done = subprocess.run([*account, BIN + "/pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-D", data, "-d",
                               f"host={primary.host} port={primary.port} user=postgres application_name={self.name}"],
                              cwd="/", capture_output=True, text=True, timeout=60 * stack.SLOW)
        check(done.returncode == 0, "pg_basebackup: " + done.stderr)
        self.script("start")
        sql = primary.sql()
        until(lambda: sql.value(f"select count(*) from pg_stat_replication where application_name = '{self.name}' and state = 'streaming'"),
              30, "the standby does not follow")
        sql.close()

    def promote(self):
        sql = self.sql()
        check(sql.value("select pg_promote()") is True, "not promoted")
        until(lambda: sql.value("select pg_is_in_recovery()") is False, 20, "still a standby")
        sql.close()


class First(Server):
    """The world's own."""

    def __init__(self, w):
        self.w, self.name, self.folder = w, "database", f"{w.servers}/database"
        self.conninfo = open(self.folder + "/conninfo").read().strip()
        self.host, self.port = re.match(r"host=(\S+) port=(\d+)", self.conninfo).groups()


class Replicated(fault.World):
    """Its workers know three servers, and take the one that lets them write."""

    def before_workers(self):
        self.database = re.search(r"dbname=(\S+)", self.conninfo)[1]
        self.primary = First(self)
        self.second, self.third = Server(self, "second"), Server(self, "third")
        all = [self.primary, self.second, self.third]
        self.conninfo = (f"host={','.join(s.host for s in all)} port={','.join(s.port for s in all)} dbname={self.database} "
                         "target_session_attrs=read-write")

    def stop(self):
        super().stop()
        for name in ("second", "third"):
            subprocess.run(["deploy/database", "stop", f"{self.servers}/{name}"], capture_output=True)


class Wired(fault.World):
    """Each worker reaches the database over TCP, with a password, through a proxy of its own: w.proxies[stage]."""

    def before_workers(self):
        first = First(self)
        self.database = re.search(r"dbname=(\S+)", self.conninfo)[1]
        self.proxies = {}
        for stage in self.want:
            self.sql.run(f"alter role dossier_{stage} password 'of-{stage}'")
            self.proxies[stage] = proxy.Proxy(("127.0.0.1", int(first.port)))
            self.params.setdefault(stage, {})["database"] = self.wired(stage)

    def wired(self, stage, password=None):
        return (f"host=127.0.0.1 port={self.proxies[stage].port} dbname={self.database} sslmode=disable "
                f"password={password or 'of-' + stage}")

    def stop(self):
        super().stop()
        for p in getattr(self, "proxies", {}).values():
            p.close()


class Spell:
    """While it holds, a row written into core.<table> meets a statement first; deferred: at the commit."""

    def __init__(self, w, table, does, deferred=False, when="insert"):
        self.w, self.table = w, table
        w.sql.run(f"create schema if not exists fault; grant usage on schema fault to public")
        w.sql.run(f"create or replace function fault.spell() returns trigger language plpgsql as $f$ begin {does}; return new; end $f$")
        self.kind = (f"create constraint trigger spell after {when} on core.{table} deferrable initially deferred"
                     if deferred else f"create trigger spell before {when} on core.{table}")

    def __enter__(self):
        self.said = self.w.sql.run(f"{self.kind} for each row execute function fault.spell()")
        check("ERROR" not in self.said, self.said)
        return self

    def __exit__(self, *_):
        said = self.w.sql.run(f"drop trigger spell on core.{self.table}")
        check("ERROR" not in said, said)


class Crowded(fault.World):
    """Its database takes few connections."""
    CONNECTIONS = 30

    def before_workers(self):
        first = First(self)
        self.database, self.socket = re.search(r"dbname=(\S+)", self.conninfo)[1], f"{first.host}/.s.PGSQL.{first.port}"
        self.port = first.port
        self.sql.run(f"alter system set max_connections = {self.CONNECTIONS}")
        self.server("database", "stop")
        self.server("database", "start")
        self.sql_again()
        for stage in self.want:
            self.sql.run(f"alter role dossier_{stage} password 'of-{stage}'")


class Crowd(threading.Thread):
    """Somebody who takes every connection that there is, as soon as there is one, until told to go."""

    def __init__(self, w):
        super().__init__(daemon=True)
        self.w, self.taken, self.over, self.refused = w, [], threading.Event(), 0
        self.start()

    def run(self):
        text = b"user\0dossier_auditor\0database\0" + self.w.database.encode() + b"\0\0"
        while not self.over.is_set():
            try:
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(10)
                s.connect(self.w.socket)
                s.sendall(struct.pack("!ii", len(text) + 8, 196608) + text)
                if self.is_ready(s.makefile("rb")):
                    self.taken.append(s)
                    continue
                self.refused += 1
                s.close()
            except OSError:
                pass
            self.over.wait(0.02)

    @staticmethod
    def is_ready(answers):
        """Let in, or told why not: that may come after the authentication."""
        while True:
            kind, size = answers.read(1), answers.read(4)
            if kind in (b"", b"E"):
                return False
            answers.read(struct.unpack("!i", size)[0] - 4)
            if kind == b"Z":
                return True

    def end(self):
        self.over.set()
        self.join(15)
        for s in self.taken:
            s.close()
