"""Many articles and many runs with edits between them: nothing grows that should not, and what was promised holds after each."""

import argparse
import datetime
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SITE = "id: soak\nbase_url: https://feeds.example.org/\nout: ../out\nlimit: 50\n"
TOPICS = [f"Topic {number}" for number in range(200)]
BEGIN = datetime.datetime(2020, 11, 13, tzinfo=datetime.timezone.utc)
WORDS = "amazon cloud silicon maker says new chips assistants rivals weigh public research open models energy regulators ask".split()


class Soak:
    def __init__(self, program, articles, seed):
        self.program, self.chance = program, random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="feedmill-soak-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.articles, self.out, self.cache = (self.folder / name for name in ("in", "out", "cache"))
        self.articles.mkdir()
        (self.articles / "feedmill.yaml").write_text(SITE)
        self.clock = BEGIN + datetime.timedelta(days=30)
        self.next = 0
        self.dates, self.wrong, self.figures, self.states = {}, [], [], []
        for _ in range(articles):
            self.write(self.next, BEGIN + datetime.timedelta(days=30 * self.next / articles))
            self.next += 1

    def path(self, number):
        return self.articles / f"{number // 1000:04}" / f"{number}.md"

    def write(self, number, date, more=""):
        chance = random.Random(number)
        title = " ".join(chance.choice(WORDS) for _ in range(8))
        topics = chance.sample(TOPICS, chance.randint(1, 3))
        related = "".join(self.link(number, chance) for _ in range(chance.randint(0, 4)))
        text = (f"---\ntitle: {title} {number}\nexcerpt: {' '.join(chance.choice(WORDS) for _ in range(40))}\ndate: {date:%Y-%m-%dT%H:%M:%SZ}\n"
                f"link: https://news.example.org/{number}\ntopics: {topics}\n{more}" + (f"related:\n{related}" if related else "") + "---\n")
        path = self.path(number)
        path.parent.mkdir(exist_ok=True)
        # At once, as an editor or a deployment does it.
        new = path.with_suffix(".new")
        new.write_text(text)
        new.rename(path)

    def link(self, number, chance):
        """Coverage elsewhere: everybody who points to it says the same of when it came."""
        there = chance.randint(0, 10 * (number + 1))
        date = BEGIN + datetime.timedelta(hours=there % 700)
        return (f"- {{title: {chance.choice(WORDS)} {there}, link: https://r{there % 100}.example.net/{there}, "
                f"quality: {chance.randint(0, 9)}, date: {date:%Y-%m-%dT%H:%M:%SZ}}}\n")

    def pick(self):
        """One that is there, the newest more often."""
        for _ in range(100):
            number = int(self.next * (1 - self.chance.random() ** 4))
            if self.path(min(number, self.next - 1)).exists():
                return min(number, self.next - 1)
        return None

    def edit(self):
        """Some of what happens between two runs."""
        for _ in range(self.chance.randint(1, 6)):
            kind, number = self.chance.random(), self.pick()
            if number is None or kind < 0.4:
                self.write(self.next, self.clock - datetime.timedelta(minutes=self.chance.randint(0, 60)))
                self.next += 1
                continue
            path = self.path(number)
            text = path.read_text()
            if kind < 0.6:
                path.write_text(text.replace("excerpt: ", f"excerpt: {self.chance.choice(WORDS)} ", 1)[:60_000])
            elif kind < 0.7:
                path.write_text(text.replace("topics: [", f"topics: ['{self.chance.choice(TOPICS)}', ", 1))
            elif kind < 0.8:
                path.write_text(text.replace("\nlink:", "\npublished: false\nlink:", 1) if "\npublished" not in text else text)
            elif kind < 0.87:
                path.write_text(text.replace("\npublished: false", ""))
            elif kind < 0.93:
                path.write_text(text.replace("\nlink:", "\ndeleted: true\nlink:", 1) if "deleted" not in text else text)
            elif kind < 0.97:
                path.unlink()
            else:
                path.rename(path.with_name(f"{number}-renamed.md")) if not path.with_name(f"{number}-renamed.md").exists() else None

    def run(self):
        before = {path: path.stat() for path in self.published()}
        report = self.folder / "report.json"
        environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.cache), "FEEDMILL_NOW": f"{self.clock:%Y-%m-%dT%H:%M:%SZ}"}
        said = (self.folder / "said").open("w")
        begun = time.monotonic()
        process = subprocess.Popen([self.program, "build", "in", "--report", str(report)], cwd=self.folder, env=environment,
                                   stdout=subprocess.DEVNULL, stderr=said)
        said.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begun
        said = (self.folder / "said").read_text()
        if process.returncode not in (0,) or "error" in said:
            self.wrong.append(f"a run ends with {process.returncode}: {said[:500]}")
        self.check(before, json.loads(report.read_text()))
        state = [path.stat().st_size for path in self.cache.rglob("*") if path.is_file()]
        self.figures.append({"seconds": took, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024,
                             "states": len(state), "state": sum(state) / 1024, "files": len(before), "manifest": (self.out / "feedmill.json").stat().st_size / 1024})

    def rest(self):
        """Nothing new: nothing is written, and what was found is kept for the next run."""
        # What has just changed is not trusted.
        time.sleep(2.5)
        figures = len(self.figures)
        for _ in range(2):
            before = {path: path.stat().st_mtime_ns for path in self.published()}
            self.run()
            if before != {path: path.stat().st_mtime_ns for path in self.published()}:
                self.wrong.append("a run with nothing new wrote something")
        self.states.append(self.figures[-1]["state"])
        del self.figures[figures:]

    def published(self):
        return [path for path in self.out.rglob("*") if path.is_file() and not path.name.startswith(".feedmill")] if self.out.exists() else []

    def check(self, before, report):
        """Untouched files are the same files; an id keeps its date; nothing is left lying about."""
        written = set(report["changes"]["written"])
        for path, old in before.items():
            name = str(path.relative_to(self.out))
            if name in written:
                continue
            try:
                new = path.stat()
            except FileNotFoundError:
                if name not in report["changes"]["removed"]:
                    self.wrong.append(f"{name} is gone")
                continue
            if (new.st_mtime_ns, new.st_ino, new.st_size) != (old.st_mtime_ns, old.st_ino, old.st_size):
                self.wrong.append(f"{name} was touched")
        for feed in json.loads((self.out / "feedmill.json").read_text())["feeds"]:
            for entry in feed["entries"]:
                if self.dates.setdefault(entry["id"], entry["date"]) != entry["date"]:
                    self.wrong.append(f"{entry['id']} was of {self.dates[entry['id']]} and is of {entry['date']}")
        left = [path for path in [*self.out.rglob(".feedmill*"), *self.out.rglob("*.tmp*")] if path.name not in (".feedmill-lock",)]
        if left:
            self.wrong.append(f"left behind: {left}")


def growth(figures, of):
    """How much more the last quarter takes than the second: the first has to find its place."""
    quarter = max(len(figures) // 4, 1)
    early = statistics.median(one[of] for one in figures[quarter:2 * quarter] or figures)
    late = statistics.median(one[of] for one in figures[-quarter:])
    return early, late, late / early if early else 1.0


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("program")
    asked.add_argument("--articles", type=int, default=10_000)
    asked.add_argument("--runs", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked = asked.parse_args()
    if asked.runs < 1 or asked.articles < 1:
        sys.exit("at least one run and one article")
    soak = Soak(os.path.realpath(asked.program), asked.articles, asked.seed)
    try:
        soak.run()
        first = soak.figures.pop()
        print(f"{asked.articles} articles, first run: {first['cpu']:.2f} s CPU, {first['seconds']:.2f} s, {first['memory']:.0f} MB", flush=True)
        for number in range(asked.runs):
            soak.edit()
            soak.clock += datetime.timedelta(minutes=soak.chance.choice([5, 5, 5, 60]))
            soak.run()
            if number % max(asked.runs // 20, 1) == 0:
                soak.rest()
            if soak.wrong:
                break
            if number % max(asked.runs // 10, 1) == 0:
                one = soak.figures[-1]
                print(f"run {number + 1}: {one['cpu']:.2f} s CPU, {one['memory']:.0f} MB, state {one['state']:.0f} KiB, {one['files']} files", flush=True)
        for of, unit, most in (("cpu", "s CPU", 1.25), ("memory", "MB", 1.1), ("state", "KiB of state", 1.25), ("states", "states", 1.0),
                               ("files", "files", 1.02), ("manifest", "KiB of manifest", 1.1)):
            early, late, ratio = growth(soak.figures, of)
            print(f"{early:.2f} {unit} in the second quarter of the runs, {late:.2f} in the last ({ratio:.3f})")
            if ratio > most and len(soak.figures) >= 40:
                soak.wrong.append(f"{of} grows")
        print(f"state after runs with nothing new: {soak.states[0]:.0f} KiB at first, {soak.states[-1]:.0f} at last")
        print(f"{len(soak.figures)} runs, {len(soak.dates)} ids: {len(soak.wrong)} wrong")
        for wrong in soak.wrong[:20]:
            print(f"  WRONG {wrong}")
    finally:
        shutil.rmtree(soak.folder, ignore_errors=True)
    sys.exit(bool(soak.wrong))


if __name__ == "__main__":
    main()
