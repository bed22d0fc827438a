"""postgres - what harms a database: its processes, its sessions, and what workers said about it."""
import os, re, signal, time
import stack
from stack import Failure, check, short, until

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

    def all_say(self, pattern, seconds=30):
        """Every worker has said so."""
        def silent():
            return [n for n in self.w.workers if not self.lines(pattern, n)]
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
