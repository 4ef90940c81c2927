"""How the house is built: what may import what, how large a room may be, and one meaning for one name."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.sources import PACKAGES, ROOT, imports, modules, parsed, project, trains

# The public door is the only place that imports upwards, at the first use of a name.
DOOR = {"kslr", "kslr.__main__"}
# May import training, inside a function: the commands `kslr train` and `kslr evaluate`.
TRAINING_COMMANDS = {"ui.cli.models"}
FLOORS = {"kslr.core": 0, "kslr": 1, "emotion": 1, "fusion": 2, "ui": 3}
MOST_LINES = 250
ROOM = 12  # modules in a room, its __init__.py included
ROOMS = {"kslr": 20, "emotion": 12, "fusion": 10, "ui": 4, "ui/*": 9}

# Public functions of one name in several serving modules, and why: they mean the same in each.
SAME_NAME = {
    "main": "what a module run as a script does",
    "build_page": "every page's own, with one signature",
    "page_html": "a page's own text as HTML, for its build_page",
    "result_html": "what a page shows of its result, as HTML",
    "teach": "the command is named after the function that it calls",
    "forget": "the command is named after the function that it calls",
    "extract": "the command is named after the function that it calls",
}


def floor(module: str) -> int:
    """0 for the basement, 3 for what people touch."""
    return FLOORS["kslr.core"] if f"{module}.".startswith("kslr.core.") else FLOORS[module.split(".")[0]]


def every_import(types: bool = True) -> list[tuple[str, str, str]]:
    """(importing module, imported module of the product, place); see `tests.sources.imports`."""
    return [
        (module, name, f"{path.relative_to(ROOT)}:{line}")
        for module, path in modules().items()
        for name, line in imports(path, types)
        if name.split(".")[0] in PACKAGES
    ]


def test_serving_modules_load_no_training_keras_or_tensorflow():
    serving = [name for name in modules() if not trains(name) and not name.endswith("__main__")]
    code = (
        "import importlib, sys\n"
        f"for name in {serving!r}: importlib.import_module(name)\n"
        "loaded = [name.split('.') for name in sys.modules]\n"
        "wrong = [parts for parts in loaded if parts[0] in ('keras', 'tensorflow', 'torch')]\n"
        f"wrong += [parts for parts in loaded if parts[0] in {PACKAGES} and 'training' in parts]\n"
        "print(*('.'.join(parts) for parts in wrong))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == []


def test_import_kslr_is_light():
    code = "import sys, kslr; kslr.__version__; print([m for m in ('numpy', 'mediapipe', 'gradio', 'cv2') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.strip() == "[]"


def test_nothing_imports_upwards():
    wrong = [
        f"{place} imports {name}" for module, name, place in every_import() if module not in DOOR and floor(name) > floor(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_branches_do_not_know_each_other():
    wrong = []
    for module, name, place in every_import():
        ours, theirs = module.split(".")[0], name.split(".")[0]
        if (ours, theirs) == ("kslr", "emotion") or ((ours, theirs) == ("emotion", "kslr") and floor(name) > 0):
            wrong.append(f"{place} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_training_is_imported_by_training_alone_and_two_commands():
    wrong = [
        f"{place} imports {name}"
        for module, name, place in every_import()
        if trains(name) and not trains(module) and module not in TRAINING_COMMANDS
    ]
    assert not wrong, "\n".join(wrong)
    for module in TRAINING_COMMANDS:
        at_the_top = [node for node in parsed(modules()[module]).body if isinstance(node, ast.ImportFrom)]
        assert not [node.module for node in at_the_top if node.module and trains(node.module)]


def test_serving_never_names_keras_or_tensorflow():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for module, path in modules().items()
        if not trains(module)
        for name, line in imports(path)
        if name.split(".")[0] in ("keras", "tensorflow")
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_circle():
    graph = defaultdict(set)
    for module, name, _ in every_import(types=False):
        if module not in DOOR and name != module:
            graph[module].add(name)
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("room", sorted({path.parent for path in modules().values()}), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_can_be_looked_over(room: Path):
    name = str(room.relative_to(ROOT))
    most = ROOMS.get(name, ROOMS["ui/*"] if name.startswith("ui/") else ROOM)
    assert len(list(room.glob("*.py"))) <= most


def test_no_module_is_long():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values()}
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES}


def test_every_package_is_installed():
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in modules().values()}
    assert set(project()["tool"]["setuptools"]["packages"]) == packages | {"kslr.models"}


def test_every_package_is_typed():
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def test_opencv_decodes_no_file():
    """The pinned release has a known fault in its JPEG decoder; docs/security.md says that nothing uses it."""
    decoders = ("imread", "imdecode", "imreadmulti", "imdecodemulti")
    assert not [name for name, path in modules().items() if any(one in path.read_text(encoding="utf-8") for one in decoders)]


def test_models_hold_no_code():
    assert {path.suffix for path in (ROOT / "models").iterdir()} <= {".h5", ".json", ".npz", ".tflite"}


def test_one_name_has_one_meaning():
    places = defaultdict(list)
    for module, path in modules().items():
        if trains(module):
            continue
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                places[node.name].append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not {name: found for name, found in twice.items() if name not in SAME_NAME}
    assert set(SAME_NAME) <= set(twice), "an allowed name is no longer used twice"
