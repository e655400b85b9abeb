# SPDX-License-Identifier: BSL-1.0
"""Nets of tests, and how one is thrown over a broken copy of the headers."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
LIVES, BLIND = "lives", ""  # what a net says of a mutant that it does not kill, or cannot see
# What lies inside of a machine is mostly tested through it. By folder.
MACHINES = {"sending": "sender", "receiving": "receiver", "relaying": "relay"}
MEMORY_MAX = 6 << 30  # a mutant that takes more has lost its way


@dataclass(frozen=True)
class Net:
    """Programs of the tests, one for each file with test cases in these folders."""

    folders: tuple
    optimisation: str
    seconds_max: int  # for one program, after which it counts as hung; several times what it takes
    sees: str = ""  # headers of which it can say something, as an expression

    def sources(self):
        return [path for folder in self.folders for path in sorted((TESTS / folder).glob("*.cpp"))
                if "TEST_CASE" in path.read_text()]


NETS = {
    "unit": Net(("unit", "state", "mailbox"), "-O0", 60),
    "simulation": Net(("simulation",), "-O1", 240),
    # It knows no time, no bytes, no journal, and of mailboxes that in memory.
    "explore": Net(("explore",), "-O2", 240,
                   r"sender|receiver|relay|client|(sending|receiving)/(?!.*(journal|ledger|record|timer|pacer|page))|ack_state|memory_mailbox|memory_rows|last_states"),
    # Asked only about what the machines alone cannot show, and what none of the three has noticed.
    "others": Net(("scenario", "fault", "crash", "iofail", "powerloss", "hostile", "fuzz"), "-O1", 240),
}


class Workshop:
    """Builds programs of some nets against any copy of the headers. A context, whose files are gone when it is left."""

    def __init__(self, nets):
        self.nets = [NETS[name] for name in nets]

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        self.compiler = os.environ.get("CXX") or next(filter(shutil.which, ("clang++", "g++")))
        self.needs = {}
        version_3 = subprocess.run([self.compiler, "-fsyntax-only", "-include", "catch2/catch_all.hpp", "-x", "c++", "/dev/null"],
                                   capture_output=True).returncode == 0
        self.libraries = ["-lCatch2Main", "-lCatch2"] if version_3 else ["-lCatch2WithMain"]
        self.libraries += ["-lsqlite3", "-lfmt"]
        for optimisation in {net.optimisation for net in self.nets}:  # Catch2, once
            prelude = self.prelude(optimisation)
            prelude.write_text('#include "support/catch.hpp"\n')
            subprocess.run([*self.compile(ROOT / "include", optimisation), "-x", "c++-header", str(prelude),
                            "-o", f"{prelude}.gch"], check=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def prelude(self, optimisation):
        return self.folder / f"prelude{optimisation}.hpp"

    def compile(self, include, optimisation):
        return [self.compiler, "-std=c++20", optimisation, "-w", f"-I{include}", f"-I{TESTS}"]

    def uses(self, source, header):
        """Whether a file of the tests includes a header, of anything below include/."""
        if source not in self.needs:
            listed = subprocess.run([*self.compile(ROOT / "include", "-O0"), "-MM", str(source)], check=True,
                                    capture_output=True, text=True).stdout
            self.needs[source] = set(re.findall(r"include/(sixfold/\S+)", listed))
        return header in self.needs[source]

    def verdict(self, include, net, source):
        """`passes`, `fails`, `hangs` or `does not compile`, of the tests in one file."""
        program = Path(tempfile.mkdtemp(dir=self.folder)) / "program"
        sources = [str(source), str(TESTS / "support/allocations.cpp")]
        built = subprocess.run([*self.compile(include, net.optimisation), "-include", str(self.prelude(net.optimisation)),
                                *sources, "-o", str(program), *self.libraries], capture_output=True)
        if built.returncode != 0:
            return "does not compile"
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        try:
            ended = subprocess.run([str(program), "--abort"], cwd=program.parent, preexec_fn=limit,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=net.seconds_max)
        except subprocess.TimeoutExpired:
            return "hangs"
        finally:
            shutil.rmtree(program.parent)
        return "passes" if ended.returncode == 0 else "fails"

    def killer(self, include, header, net_name, known="", most=None):
        """The file of the net whose tests notice what is wrong with a header; `lives`; or nothing, if the net cannot see it.
        Asks those first that have most to do with it, and only so many."""
        net = NETS[net_name]
        sources = likeliest_first(net.sources(), Path(header), known) if re.search(net.sees, header) else ()
        using = (path for path in sources if self.uses(path, header))
        answer = BLIND
        for path in islice(using, most):
            answer = LIVES
            verdict = self.verdict(include, net, path)
            if verdict != "passes":
                return verdict if verdict == "does not compile" else str(path.relative_to(TESTS)) + " (hangs)" * (verdict == "hangs")
        return answer


def likeliest_first(sources, header, known):
    """The one that killed it before, that of the header's name, then those that name it, or the machine that it is a part of."""
    stem = header.stem
    machine = MACHINES.get(header.parent.name, "sqlite_mailbox" if stem.startswith("sqlite") else stem)

    def rank(path):
        text = path.read_text()
        named = text.count(stem), text.count(machine)
        return str(path.relative_to(TESTS)) != known.split(" ")[0], path.stem != stem, path.stem != machine, *(-n for n in named), path

    return sorted(sources, key=rank)
