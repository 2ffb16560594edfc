"""File systems that do not tell upper from lower case, nor composed from decomposed letters: the output is the same."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from place import article, contents

NAMES = ["caf\u00e9.md", "UPPER.md", "\u212bngstr\u00f6m.md", "stra\u00dfe.md"]
TOPICS = ["Caf\u00e9", "cafe\u0301", "CAF\u00c9", "\u212bngstr\u00f6m", "Stra\u00dfe", "STRASSE", "Con", "\uff21\uff29"]


def python():
    """One that knows FUSE."""
    for one in ("/usr/bin/python3", sys.executable):
        for module in ("fusepy", "fuse"):
            if Path(one).exists() and subprocess.run([one, "-c", f"from {module} import FUSE"], capture_output=True).returncode == 0:
                return one
    return None


def folding(trial):
    one = python()
    if one is None or not Path("/dev/fuse").exists():
        print("  file systems that fold names are not tried: there is no python3-fusepy, or no FUSE")
        return
    articles = trial.base / "folding"
    shutil.copytree(trial.after, articles)
    for number, (name, topic) in enumerate(zip(NAMES * 2, TOPICS)):
        (articles / f"{number}-{name}").write_text(article(f"Named {number}", f"2020-11-{11 + number}", f'"{topic}"'))
    plain = trial.place(None, articles)
    assert plain.run().returncode == 0
    place = trial.place(None, articles)
    behind, folder = place.folder / "behind", place.folder / "folded"
    behind.mkdir()
    folder.mkdir()
    system = subprocess.Popen([one, "-B", str(Path(__file__).with_name("folding_fs.py")), str(behind), str(folder)], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(100):
            if folder.is_mount():
                break
            time.sleep(0.05)
        if system.poll() is not None and "mount" not in (said := system.stderr.read()):
            return trial.fault("a file system that folds names", said)
        if not folder.is_mount():
            print("  file systems that fold names are not tried: none can be mounted here")
            return
        shutil.copytree(articles, folder / "in")
        (folder / "Probe").write_text("x")
        assert (folder / "pROBE").exists()
        for what, change in (("a file system that folds names", None), ("and again", None), ("a file with another case", "UPPER.md")):
            if change:
                for path in (folder / "in").glob(f"*{change}"):
                    path.rename(path.with_name(path.name.lower()))
            before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*") if path.is_file()} if (folder / "out").exists() else None
            run = subprocess.run([trial.program, "build", "in", "--no-cache"], cwd=folder, env=place.env, capture_output=True, text=True, timeout=60)
            trial.count("folding")
            if run.returncode != 0 or "error" in run.stderr:
                trial.fault(what, f"it ends with {run.returncode}: {run.stderr}")
            now, ever = contents(folder / "out"), contents(plain.out)
            if now != ever:
                other = sorted(path for path in now.keys() | ever.keys() if now.get(path) != ever.get(path))
                trial.fault(what, f"it makes other files: {other}")
            if before is not None and before != {path: path.stat().st_mtime_ns for path in before}:
                trial.fault(what, "files were touched")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
        system.kill()
        system.wait()
    plain.done()
    place.done()
