"""The table of rooms holds, and the doors open quickly: no torch until there is work for it."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import mekiki

SOURCE = Path(mekiki.__file__).parent
ROWS = {
    "errors": 0, "recipes": 0, "config": 0, "files": 0, "seeds": 0, "progress": 0, "version": 0,
    "records": 1,
    "data": 2, "scoring": 2, "drawing": 2,
    "tensors": 3, "model": 3,
    "training": 4,
    "evaluation": 5,
    "explanation": 6,
    "portable": 7, "reports": 7,
    "verbs": 8, "__init__": 8,
    "doors": 9, "__main__": 10,
}  # fmt: skip
WITHOUT_TORCH = {
    "errors",
    "recipes",
    "config",
    "files",
    "seeds",
    "progress",
    "version",
    "records",
    "data",
    "scoring",
    "drawing",
}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def nodes_of(code: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(code)))


def imports_of(path: Path) -> list[str]:
    found = []
    for node in nodes_of(path.read_text(encoding="utf-8")):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found.append(module)
            found += [f"{module}.{alias.name}" for alias in node.names if is_module(f"{module}.{alias.name}")]
    return found


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a file or folder of mekiki; ``from mekiki import seeds`` names one."""
    package, *inside = name.split(".")
    place = SOURCE.joinpath(*inside)
    return package == "mekiki" and (place.is_dir() or place.with_suffix(".py").is_file())


def rooms_imported(path: Path) -> set[str]:
    """Return the rooms that a file imports from; a public name of the package itself counts as ``__init__``."""
    names = [name for name in imports_of(path) if name.startswith("mekiki.")]
    public = [
        alias.name
        for node in nodes_of(path.read_text(encoding="utf-8"))
        if isinstance(node, ast.ImportFrom) and node.module == "mekiki"
        for alias in node.names
        if not is_module(f"mekiki.{alias.name}")
    ]
    return {name.split(".")[1] for name in names} | ({"__init__"} if public else set())


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_every_file_is_in_a_room_of_the_table() -> None:
    assert {room_of(path) for path in files()} == set(ROWS)


def test_a_file_imports_only_its_own_room_and_lower_rows() -> None:
    wrong = []
    for path in files():
        own = room_of(path)
        wrong += [
            f"{path.relative_to(SOURCE)} ({own}, row {ROWS[own]}) imports {other} (row {ROWS[other]})"
            for other in sorted(rooms_imported(path) - {own})
            if ROWS[other] >= max(ROWS[own], 1)
        ]
    assert not [line for line in wrong if not line.startswith("__init__.py")]


def test_each_way_to_import_is_seen(tmp_path: Path) -> None:
    ways = {
        "from mekiki import seeds, scoring": {"seeds", "scoring"},
        "from mekiki.data import splitting": {"data"},
        "import mekiki.model.heads as heads": {"model"},
        "def f():\n    from mekiki import training": {"training"},
        "from mekiki import train, config": {"__init__", "config"},
        "import numpy": set(),
    }
    for code, rooms in ways.items():
        (tmp_path / "file.py").write_text(code)
        assert rooms_imported(tmp_path / "file.py") == rooms


def test_rooms_below_tensors_never_import_torch() -> None:
    wrong = [
        str(path.relative_to(SOURCE))
        for path in files()
        if room_of(path) in WITHOUT_TORCH
        and any(name.split(".")[0] in ("torch", "timm", "torchvision") for name in imports_of(path))
    ]
    assert not wrong


def test_only_the_data_room_opens_pictures() -> None:
    """Drawing and augmentation may send a picture through a JPEG in memory, to give it the marks of one."""
    openers = ("Image.open(", "cv2.imread(", "cv2.imdecode(")
    wrong = [
        str(path.relative_to(SOURCE))
        for path in files()
        if room_of(path) not in ("data", "drawing")
        and path.name not in ("applying.py", "predict_onnx.py")  # the second is given away, and runs without mekiki
        and any(opener in path.read_text(encoding="utf-8") for opener in openers)
    ]
    assert not wrong


def test_only_the_data_room_opens_videos() -> None:
    opener = "cv2.VideoCapture("
    found = [path for path in files() if opener in path.read_text(encoding="utf-8")]
    assert {(room_of(path), path.name) for path in found} == {("data", "videos.py"), ("data", "cameras.py")}


def test_nothing_executable_is_ever_loaded() -> None:
    forbidden = ("import pickle", "torch.load(", "import joblib", "eval(", "exec(", "allow_pickle=True", "yaml.load(")
    codes = {
        path: path.read_text(encoding="utf-8").replace(".eval()", "").replace("fuse_conv_bn_eval(", "")
        for path in files()
    }
    wrong = [(str(path.relative_to(SOURCE)), word) for path in codes for word in forbidden if word in codes[path]]
    assert not wrong


def test_every_file_says_what_it_is_for() -> None:
    trees = {path: nodes_of(path.read_text(encoding="utf-8"))[0] for path in files()}
    assert not [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)]


def loaded_modules(code: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_import_mekiki_loads_no_torch() -> None:
    loaded = loaded_modules("import mekiki")
    assert not loaded & {"torch", "timm", "numpy", "cv2", "pydantic"}


def test_help_loads_no_torch() -> None:
    loaded = loaded_modules(
        "import contextlib, io\nfrom mekiki.doors.cli import app\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    app(['--help'], standalone_mode=False)"
    )
    assert "mekiki.doors.cli" in loaded
    assert not loaded & {"torch", "timm", "cv2", "sklearn", "scipy", "matplotlib"}


def test_the_studio_and_a_prediction_begin_without_what_they_do_not_need() -> None:
    loaded = loaded_modules("import mekiki.verbs.predict\nimport mekiki.doors.studio.serving")
    assert not loaded & {"torch", "timm", "sklearn", "scipy.stats", "matplotlib"}


def test_unknown_names_of_the_package_are_refused() -> None:
    try:
        mekiki.trian  # noqa: B018
    except AttributeError as error:
        assert "trian" in str(error)
    else:
        raise AssertionError("mekiki.trian must not exist")
