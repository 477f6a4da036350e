"""The house holds: arrows one way, the drawing is the folder, no clock, environment or chance comes in."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cslib"

COMPOSERS = {"cli", "__main__"}  # may put rooms side by side, as notebooks do


def house() -> dict[str, set[str]]:
    """What each room may import, as the rooms table of ARCHITECTURE.md says."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]+\|([^|]*)\|$", text, re.M)
    arrows = {
        re.split(r"[./]", name)[0]: set(re.findall(r"`(\w+)`", may_import))
        for names, may_import in rows
        for name in re.findall(r"`([^`]+)`", names)
    }
    return {"cslib": set(), **arrows}


# Files over the line limit, each with the reason why it is one file.
LONG: dict[str, str] = {}
LIMIT = 400

# Runtime dependencies that no import statement shows.
BY_NAME = {
    "ipykernel": "the kernel that runs a notebook",
    "jinja2": "templates of nbconvert and pandas' Styler",
    "pyarrow": "Parquet and pandas' text columns",
    "python-calamine": "pandas' engine for Excel files",
}


@dataclass(frozen=True)
class Arrow:
    """One import inside cslib."""

    file: str
    line: int
    source: str
    target: str

    def rooms(self) -> tuple[str, str]:
        return room(self.source), room(self.target)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {' -> '.join(self.rooms())} ({self.source} imports {self.target})"


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def imported(tree: ast.Module, package: str) -> Iterator[tuple[int, str, str | None]]:
    """Every import at any depth of a file: line, module, name taken. `package` resolves leading dots."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name, None) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                base_name = ".".join([*base, *([module] if module else [])])
                yield from ((node.lineno, base_name, alias.name) for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__"), args=[ast.Constant(value=str(module)), *_]
            ):
                yield node.lineno, module, None
            case ast.Call(
                func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(module)), *_]
            ):
                yield node.lineno, module, None


def arrows_in(text: str, *, file: str, module: str, is_package: bool, modules: set[str]) -> list[Arrow]:
    package = module if is_package else module.rpartition(".")[0]
    found = []
    for line, target, name in imported(ast.parse(text), package):
        if target.split(".")[0] != "cslib":
            continue
        full = f"{target}.{name}"
        found.append(Arrow(file, line, module, full if full in modules else target))
    return found


def all_arrows() -> list[Arrow]:
    files = python_files()
    modules = {name_of(file) for file in files}
    return [
        arrow
        for file in files
        for arrow in arrows_in(
            file.read_text(encoding="utf-8"),
            file=str(file.relative_to(ROOT)),
            module=name_of(file),
            is_package=file.name == "__init__.py",
            modules=modules,
        )
    ]


def arrows_back(arrows: list[Arrow]) -> list[str]:
    """Those that the house does not have. Any room sees itself, and `cslib` for the version."""
    drawn = house()

    def allowed(arrow: Arrow) -> bool:
        source, target = arrow.rooms()
        return source in COMPOSERS or target in {source, "cslib"} or target in drawn.get(source, set())

    return list(dict.fromkeys(str(arrow) for arrow in arrows if not allowed(arrow)))


def test_arrows_go_one_way() -> None:
    back = arrows_back(all_arrows())
    assert not back, "arrows that the house does not have:\n" + "\n".join(back)


def test_the_house_itself_has_no_circle() -> None:
    list(TopologicalSorter(house()).static_order())


def test_no_circle_between_files() -> None:
    graph: dict[str, set[str]] = {}
    for arrow in all_arrows():
        if arrow.target != arrow.source and not arrow.source.startswith(f"{arrow.target}."):
            graph.setdefault(arrow.source, set()).add(arrow.target)
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail("files import each other in a circle: " + " <- ".join(circle.args[1]))


def test_every_room_stands_in_the_rooms_table() -> None:
    there = {room(name_of(file)) for file in python_files()} - {"__main__"}
    drawn = house().keys()
    assert not there - drawn, f"rooms that the rooms table of ARCHITECTURE.md lacks: {sorted(there - drawn)}"
    assert not drawn - there, (
        f"rooms in the table of ARCHITECTURE.md that are not there: {sorted(drawn - there)}"
    )


@pytest.mark.parametrize(
    ("module", "text", "arrow"),
    [
        ("cslib.stats", "def f():\n    from cslib.book import Book", "x.py:2: stats -> book"),
        ("cslib.report.run", "import cslib.metrics.retention as r", "x.py:1: report -> metrics"),
        ("cslib.charts.bridge", "from ..metrics import retention", "x.py:1: charts -> metrics"),
        ("cslib.tables", "from . import months", "x.py:1: tables -> months"),
        ("cslib.story", "from cslib import charts", "x.py:1: story -> charts"),
        (
            "cslib.months",
            "import importlib\nimportlib.import_module('cslib.tables')",
            "x.py:2: months -> tables",
        ),
    ],
)
def test_an_arrow_back_is_seen_and_named(module: str, text: str, arrow: str) -> None:
    modules = {
        "cslib.book",
        "cslib.charts",
        "cslib.metrics",
        "cslib.metrics.retention",
        "cslib.months",
        "cslib.tables",
    }
    back = arrows_back(arrows_in(text, file="x.py", module=module, is_package=False, modules=modules))
    assert [line.split(" (")[0] for line in back] == [arrow]


# --- the drawing


def drawn_tree() -> dict[str, str]:
    """Paths of the tree in ARCHITECTURE.md (folders end in /), each with its remark."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = re.search(r"## The tree\n.*?```\n(.*?)```", text, re.S)
    assert block, "ARCHITECTURE.md has no tree: a code block under '## The tree'"
    paths: dict[str, str] = {}
    above: list[str] = []
    for line in block[1].splitlines():
        indent, name, remark = re.fullmatch(r"( *)(\S+)\s*(.*)", line).groups()  # type: ignore[union-attr]
        above = above[: len(indent) // 4]
        paths["".join([*above, name])] = remark
        if name.endswith("/"):
            above.append(name)
    return paths


def folder_tree(drawn: set[str]) -> set[str]:
    """The same of the folder: the top, cslib/ to its rooms, and what else is drawn with content."""
    opened = {path for path in drawn if any(other != path and other.startswith(path) for other in drawn)} | {
        "cslib/"
    }
    hidden = {"__init__.py", "__pycache__", ".ipynb_checkpoints", "py.typed"}
    tree = set()
    for folder in [ROOT, *(ROOT / path for path in opened)]:
        for child in folder.iterdir():
            if child.name in hidden or (folder == ROOT and not at_home(child)):
                continue
            if child.is_dir() and not any(file.is_file() for file in child.rglob("*")):
                continue  # git holds no empty folder, so a clone has none
            tree.add(child.relative_to(ROOT).as_posix() + ("/" if child.is_dir() else ""))
    return tree


def at_home(child: Path) -> bool:
    """Whether something at the top is ours and not the product of a run, a tool or git."""
    made = {"demo", "build", "dist"}
    return (
        not child.name.startswith((".", "__"))
        and child.name not in made
        and not child.name.endswith(".egg-info")
    )


def test_the_tree_in_architecture_md_is_the_folder() -> None:
    drawn = drawn_tree()
    visible = {path for path in drawn if not path.startswith(".")}
    there = folder_tree(visible)
    assert not visible - there, f"drawn in ARCHITECTURE.md, but not there: {sorted(visible - there)}"
    assert not there - visible, f"there, but not drawn in ARCHITECTURE.md: {sorted(there - visible)}"
    assert all((ROOT / path).exists() for path in drawn)


def test_every_room_in_the_tree_says_what_it_is_for() -> None:
    silent = [path for path, remark in drawn_tree().items() if not remark]
    assert not silent, f"no remark in ARCHITECTURE.md: {silent}"


def test_tests_mirror_the_package() -> None:
    whole = {
        "architecture",
        "packaging",
        "notebooks",
        "questions",
        "systems",
        "every_number",
        "said_and_never",
        "domain_oracles",
        "laws",
        "real_data",
        "end_to_end",
        "foreign",
        "languages",
        "standards",
        "relations",
        "dialects",
        "in_place",
        "reports_in_place",
    }  # about more than one file
    astray = []
    for test in (ROOT / "tests").rglob("test_*.py"):
        subject = test.stem.removeprefix("test_")
        place = PACKAGE / test.parent.relative_to(ROOT / "tests")
        if subject not in whole and not any((place / name).exists() for name in (f"{subject}.py", subject)):
            astray.append(f"{test.relative_to(ROOT)} tests no {(place / subject).relative_to(ROOT)}.py")
    assert not astray, "\n".join(astray)


# --- habits


def test_no_attic() -> None:
    attics = [
        str(file) for file in python_files() if file.stem in {"utils", "util", "helpers", "common", "misc"}
    ]
    assert not attics, f"name the file after what it does: {attics}"


def test_files_stay_small_or_say_why() -> None:
    lines = {
        str(f.relative_to(ROOT)): len(f.read_text(encoding="utf-8").splitlines()) for f in python_files()
    }
    long = {file: n for file, n in lines.items() if n > LIMIT and file not in LONG}
    assert not long, f"over {LIMIT} lines: split by reason to change, or say why in LONG: {long}"
    short = [file for file in LONG if lines.get(file, 0) <= LIMIT]
    assert not short, f"no longer over {LIMIT} lines, take them off the list: {short}"


CLOCK = {
    "time",
    "time_ns",
    "perf_counter",
    "perf_counter_ns",
    "monotonic",
    "process_time",
    "localtime",
    "gmtime",
}
SEEDED = {"default_rng", "Generator", "SeedSequence", "PCG64", "Random"}


def dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
    return "?"


# The one file of the rooms below the runner that may read the environment, and why.
CREDENTIALS = {
    "cslib/sources/database.py": "passwords and addresses of databases: what must not be written into company.toml",
}


def hidden_inputs(text: str, *, place: str) -> list[str]:
    """Clock, environment, network, unseeded chance in a file of the room `place`: `line: what`."""
    tree = ast.parse(text)
    found = []
    for line, module, name in imported(tree, "cslib"):
        full = f"{module}.{name}" if name else module
        if module.split(".")[0] in {"requests", "httpx", "aiohttp", "socket", "secrets"} or full.startswith(
            ("urllib.request", "http.client")
        ):
            found.append(f"{line}: imports {full}")
        if module == "time" and name in CLOCK and place != "report":
            found.append(f"{line}: reads the clock: time.{name}")
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=args, keywords=keywords):
                call, last = dotted(func), dotted(func).rpartition(".")[2]
                if "." in call and last in {"now", "today", "utcnow"}:
                    found.append(f"{node.lineno}: reads the clock: {call}()")
                if call.startswith("time.") and last in CLOCK and place != "report":
                    found.append(f"{node.lineno}: reads the clock: {call}()")
                if last == "Timestamp" and any(
                    isinstance(a, ast.Constant) and a.value in {"now", "today"} for a in args
                ):
                    found.append(f"{node.lineno}: reads the clock: {call}(...)")
                chance = re.match(r"(np\.random|numpy\.random|random)\.", call)
                if (chance and last not in SEEDED) or last in {"uuid1", "uuid4", "urandom"}:
                    found.append(f"{node.lineno}: global random state: {call}()")
                if last in {"default_rng", "Random"} and not args and not keywords:
                    found.append(f"{node.lineno}: no seed: {call}()")
                if call == "hash":
                    found.append(f"{node.lineno}: hash() of text differs in every process: use hashlib")
            case ast.Attribute(attr="environ" | "getenv") if place not in {"report", "cli", "credentials"}:
                found.append(f"{node.lineno}: reads the environment: {dotted(node)}")
    return found


def test_nothing_hidden_comes_in() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{what}"
        for file in python_files()
        for what in hidden_inputs(
            file.read_text(encoding="utf-8"),
            place="credentials" if str(file.relative_to(ROOT)) in CREDENTIALS else room(name_of(file)),
        )
    ]
    assert not found, "as_of, seed and paths are arguments:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "datetime.date.today()",
        "pd.Timestamp.now()",
        "pd.Timestamp('today')",
        "from time import time",
        "time.perf_counter()",
        "np.random.normal()",
        "np.random.default_rng()",
        "random.shuffle(x)",
        "uuid.uuid4()",
        "os.environ['HOME']",
        "import urllib.request",
        "hash('a')",
    ],
)
def test_a_hidden_input_is_seen(text: str) -> None:
    assert len(hidden_inputs(text, place="metrics")) == 1


@pytest.mark.parametrize(
    "text", ["np.random.default_rng(seed)", "random.Random(seed)", "as_of.today", "time(0)"]
)
def test_what_is_not_hidden_passes(text: str) -> None:
    assert hidden_inputs(text, place="metrics") == []


def test_no_place_of_one_machine_is_named() -> None:
    machine = re.compile(r"(?<![\w.~>])/(work|tmp|home|root|Users|private)/[\w.]")
    suffixes = {".py", ".sql", ".md", ".toml", ".ipynb", ".typ", ".j2", ".lock", ".yaml"}
    files = [file for file in ROOT.iterdir() if file.suffix in suffixes or file.name == "Makefile"]
    files.append(ROOT / ".ci" / "run")
    for folder in ("cslib", "notebooks", "docs", "benchmarks"):
        files.extend(file for file in (ROOT / folder).rglob("*") if file.suffix in suffixes)
    files = [file for file in files if "results" not in file.parts]  # what benchmarks fetched is not ours
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if machine.search(line)
    ]
    assert not found, "\n".join(found)


# --- what cslib stands on


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in project["dependencies"]}  # type: ignore[index]


def third_party() -> dict[str, str]:
    """Distribution -> first place in cslib that imports it; the standard library left out."""
    owners = packages_distributions()
    found: dict[str, str] = {}
    for file in python_files():
        for line, module, _ in imported(ast.parse(file.read_text(encoding="utf-8")), "cslib"):
            top = module.split(".")[0]
            if top != "cslib" and top not in sys.stdlib_module_names:
                owner = owners.get(top, [top])[0].lower().replace("_", "-")
                found.setdefault(owner, f"{file.relative_to(ROOT)}:{line}")
    return found


def test_every_import_is_declared() -> None:
    missing = {owner: place for owner, place in third_party().items() if owner not in declared()}
    assert not missing, f"imported but not among the dependencies of pyproject.toml: {missing}"


def test_every_dependency_is_used() -> None:
    idle = declared() - third_party().keys() - BY_NAME.keys()
    assert not idle, f"in pyproject.toml, but nothing imports them: {sorted(idle)}"


def test_the_core_does_not_load_the_printing_works() -> None:
    """nbconvert takes longer to import than a metric to compute: only report/ may, when it runs."""
    rooms = [name for name in ("cli", "book", "metrics", "charts", "story") if any(PACKAGE.glob(f"{name}*"))]
    code = f"import sys; import {', '.join(f'cslib.{name}' for name in rooms)}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"nbconvert", "papermill", "typst", "scipy.stats", "statsmodels"}.isdisjoint(loaded)
