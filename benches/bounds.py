"""What one article can cost at most: `python3 benches/bounds.py PROGRAM`. Each row is a folder of the same article in other words,
as bad as it may be, beside what a sound one costs; CPU for each article (reading it twice, composing, writing), and peak memory."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LARGE, FRONT, TEXT = 1024 * 1024, 256 * 1024, 256 * 1024
COUNT = 40


def filled(piece, size):
    return (piece * (size // len(piece) + 1))[:size]


def words(number, size):
    chance = random.Random(number)
    return filled(" ".join(chance.choice(["feed", "entry", "guid", "slug", "topic", "story"]) for _ in range(2000)) + "\n\n", size)


def front(lines=""):
    return lambda number: f"---\ntitle: T{number}\ndate: 2020-11-13\nlink: https://e.org/{number}\n{lines}---\n"


def body(text):
    return lambda number: front()(number) + "\n" + text


BODY = TEXT - 4096
CASES = {
    "a sound article of 4 KB": lambda number: front(f"excerpt: {words(number, 900).strip()[:900]}\n".replace("\n\n", " "))(number).replace("---\n", "---\n", 1) + words(number, 3000),
    "a text of 252 KiB": lambda number: front()(number) + words(number, BODY),
    "brackets `[` in a text": body(filled("[", BODY)),
    "links in links": body(filled("[a](", BODY)),
    "stars and lines": body(filled("*a_ ", BODY)),
    "quotes in quotes": body(filled("> ", BODY)),
    "lists in lists": body("\n".join(" " * (2 * (n % 60)) + "- a" for n in range(4000))[:BODY]),
    "back-ticks": body("".join("`" * n + " " for n in range(1, 700))[:BODY]),
    "a table": body("|a" * 50 + "|\n" + "|-" * 50 + "|\n" + filled("|b" * 50 + "|\n", BODY - 500)),
    "references that are never made": body(filled("[a][b]\n", BODY)),
    "HTML elements in each other": body(filled("<div>", BODY)),
    "HTML elements that are not closed": body(filled("<b><i><a href=x>", BODY)),
    "HTML with attributes": body("<p " + filled("a=b ", BODY) + ">x</p>"),
    "`<` alone": body(filled("<", BODY)),
    "entities": body(filled("&amp;lt;", BODY)),
    "template signs that are none": body(filled("{ {% ", BODY)),
    "template signs in code": body("```\n" + filled("{{ x }}\n", BODY) + "\n```\n"),
    "raw blocks": body(filled("{% raw %}{% endraw %}", BODY)),
    "comments": body(filled("<!-- a ", BODY)),
    "letters that are not composed": body(filled("e\u0301\u0327\u0323", BODY // 2)),
    "text that was read in a wrong coding": body(filled("â€™Ã©", BODY // 3)),
    "a text of 1 MiB": body(filled("feed entry ", LARGE - 4096)),
    "a title of 250 KiB": lambda number: f"---\ntitle: \"{filled('é ', 120_000)}\"\ndate: 2020-11-13\nlink: https://e.org/{number}\n---\n",
    "an excerpt of 250 KiB": front(f"excerpt: \"{filled('<b>a</b> &amp; ', 250_000)}\"\n"),
    "10,000 topics": front("topics:\n" + "".join(f"- t{n}\n" for n in range(10_000))),
    "3,900 related links": front("related:\n" + "".join(f"- {{title: r{n}, link: \"https://r.org/{n}\"}}\n" for n in range(3_900))),
    "10,000 unknown keys": front("".join(f"k{n}: v\n" for n in range(10_000))),
    "lists 100,000 deep": front("x: " + "[" * 100_000 + "\n"),
    "anchors and aliases": front("a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(5000))),
    "an address of 200 KiB": lambda number: f"---\ntitle: T\ndate: 2020-11-13\nlink: https://e.org/{number}?{filled('a=%41&', 200_000)}\n---\n",
    "a file of 100 MB": None,
    "an empty file": lambda number: "",
}


def main():
    program = os.path.realpath(sys.argv[1])
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    base = Path(tempfile.mkdtemp(prefix="feedmill-bounds-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    print("| an article of | size | CPU for each | memory |\n| --- | --- | --- | --- |")
    try:
        for name, make in CASES.items():
            if wanted in name:
                one(program, base / "case", name, make)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def one(program, base, name, make):
    articles = base / "in"
    articles.mkdir(parents=True)
    (articles / "feedmill.yaml").write_text("id: x\nbase_url: https://f.example.org/\nout: ../out\nlimit: 300\n")
    # The first of them is sound: without any there is nothing to publish.
    (articles / "sound.md").write_text(front("topics: [Sound]\n")(10 ** 6))
    size = 0
    for number in range(COUNT):
        path = articles / f"{number}.md"
        if make is None:
            with path.open("wb") as file:
                file.write(b"---\ntitle: T\n")
                file.truncate(100_000_000)
        else:
            path.write_text(make(number))
        size = max(size, path.stat().st_size)
    process = subprocess.Popen([program, "build", "in", "--no-cache", "--quiet"], cwd=base, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = 1000 * (used.ru_utime + used.ru_stime) / COUNT
    print(f"| {name} | {size / 1024:,.0f} KiB | {cpu:.1f} ms | {used.ru_maxrss / 1024:.0f} MB |" + ("" if process.returncode in (0, 1) else f" status {process.returncode}"), flush=True)
    shutil.rmtree(base)


if __name__ == "__main__":
    main()
