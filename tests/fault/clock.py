"""clock - a wall clock of a test's own (clock.c), for one program or for all that are started with its environment."""
import datetime, mmap, os, struct, time
import stack


class Clock:
    """How far it is from the machine's, in seconds, can be changed while others look at it; fast: in parts of a million."""

    def __init__(self, path, seconds=0, fast=0):
        with open(path, "wb") as f:
            f.write(struct.pack("=qqq", 0, fast, time.time_ns()))
        os.chmod(path, 0o644)
        with open(path, "r+b") as f:
            self.numbers = memoryview(mmap.mmap(f.fileno(), 24)).cast("q")
        self.env = {"LD_PRELOAD": f"{stack.BUILD}/test/clock.so", "TEST_CLOCK": path}
        self.step(seconds)

    def step(self, seconds):
        """One store of a word: nobody sees half of it."""
        self.numbers[0] = round(seconds * 1e9)


class WorldClock(Clock):
    """One for a whole world, its broker and database too: made before the world is started, with fault.main(kind=…) as ever."""

    def __init__(self, name):
        os.makedirs(stack.STATE, exist_ok=True)
        super().__init__(os.path.join(stack.STATE, name + ".clock"))
        os.environ.update(self.env)
        # Retention would look after 30 s, and find that what was written before a jump has been there for weeks.
        os.environ["KAFKA_SETTINGS"] = "log.initial.task.delay.ms=86400000"

    def step(self, seconds):
        super().step(seconds)
        stack.AHEAD = seconds

    def now(self):
        return datetime.datetime.fromtimestamp(time.time() + stack.AHEAD, datetime.timezone.utc)

    def go(self, at):
        """It is then (a datetime with its zone)."""
        self.step(stack.AHEAD + (at - self.now()).total_seconds())
