#!/usr/bin/env python3
"""07 - the disk under the database is full: under its tables, and under its WAL.

Both lie on small file systems in memory of their own, in a mount namespace that only this test and what it starts can see: nothing is
left when they have ended. That takes root, as the other files of this folder do not."""
import os, re, shutil, subprocess, sys, time
import fault, postgres
from fault import row
from stack import Failure, check, same, until

if not os.environ.get("FAULT_MOUNTS"):
    os.environ["FAULT_MOUNTS"] = "own"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B", os.path.abspath(__file__), *sys.argv[1:]])

PANIC = "PANIC: .*No space left on device"
ROOM = 1 << 30      # a limit: memory is taken only for what is written


def mount(*args):
    return subprocess.run(["mount", *args], capture_output=True, text=True)


class Small(fault.World):
    """Its tables and its WAL have a disk each, whose size can be changed."""

    def before_workers(self):
        self.server("database", "stop")
        for place in ("base", "pg_wal"):
            folder = self.place(place)
            was = os.stat(folder)
            os.rename(folder, folder + ".before")
            os.mkdir(folder)
            done = mount("-t", "tmpfs", "-o", f"size={ROOM},mode=700,uid={was.st_uid},gid={was.st_gid}", "tmpfs", folder)
            check(done.returncode == 0, "mount: " + done.stderr)
            subprocess.run(["cp", "-a", folder + ".before/.", folder], check=True)
            shutil.rmtree(folder + ".before")
        self.server("database", "start")
        self.sql_again()

    def place(self, name):
        return f"{self.servers}/database/data/{name}"

    def resize(self, name, size):
        return mount("-o", f"remount,size={size}", self.place(name)).returncode == 0

    def fill(self, name):
        """No byte more than what is used; while something is still written, that is more at the next look."""
        def full():
            disk = os.statvfs(self.place(name))
            return self.resize(name, (disk.f_blocks - disk.f_bfree) * disk.f_frsize)
        until(full, 10, f"the disk of {name} cannot be made smaller")
        same(os.statvfs(self.place(name)).f_bavail, 0, "room left")

    def make_room(self, name):
        check(self.resize(name, ROOM), f"the disk of {name} cannot be made larger")

    def server_says(self, pattern):
        with open(f"{self.servers}/database/database.log", encoding="utf-8", errors="replace") as f:
            return len(re.findall(pattern, f.read()))


@row(7, "A25", "the disk of the database's tables is full, under load, for 15 s", "what has no room is not committed and is tried again; none ends, nothing is lost")
def tables(w):
    log = postgres.Log(w)
    w.flood(200)
    postgres.working(w, 5)
    w.fill("base")
    begin = time.monotonic()
    until(lambda: log.count("code=53100", "intake") >= 3, 30, "intake is not told that the disk is full")
    w.flood(200)
    held = len(w.flooded) - w.ended(w.flooded)
    until(lambda: time.monotonic() - begin > 15 and log.count("code=53100", "intake") >= 6, 60, "not told again")
    check(log.count("event=down") == 0, "one ended")
    stages = sorted({name for name, _ in log.lines("code=53100")})
    check(held > 0, "nothing waited")
    w.make_room("base")
    w.healed()
    return f"{log.count('code=53100')} turns refused with 53100 ({', '.join(stages)}), {held} dossiers waited, none ended"


@row(37, "A25", "the disk of the WAL is full, under load: the server panics and ends; ten seconds later there is room, and it is started",
     "the workers wait for the server, and nothing that was committed is lost")
def wal(w):
    log = postgres.Log(w)
    w.flood(100)
    postgres.working(w, 5)
    known = w.server_says(PANIC)
    w.fill("pg_wal")
    begin = time.monotonic()
    other = w.another_sql()

    def panicked():
        try:
            other.run("select pg_logical_emit_message(false, 'somebody', repeat('x', 4000000))")
        except (Failure, OSError):
            pass            # psql ends with the server
        return w.server_says(PANIC) > known
    until(panicked, 40, "the server goes on")
    other.process.kill()
    log.all_say("event=(turn_failed|claim_failed|commit_unsure)", 20)
    until(lambda: time.monotonic() - begin > 10 and not postgres.alive([w.server_pid("database")]), 30, "the server goes on without room")
    panics = w.server_says(PANIC) - known        # the log begins anew at a start
    w.make_room("pg_wal")
    postgres.start_again(w, 30)
    w.healed()
    check(log.count("event=down") == 0, "one ended")
    return f"{panics} panics, the server ended; {log.codes()}; {log.unsure_told()}"


fault.main(__file__, globals(), kind=Small)
