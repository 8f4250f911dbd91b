"""Finds the photos and their labels in a folder or CSV, in one of four layouts.

classes: ``DATA/<class>/**``. parts: ``DATA/{train,val,test}/<class>/**`` ("valid" and "validation" are val). flat:
``DATA/1_0001.jpg``, the class number before the underscore. csv: ``path,label[,group]``. Only names are looked at:
whether a file can be read is for ``scanning.py``. Whatever gets no label is a stray and is told with its reason; so
is a run folder that lies among the classes.
"""

from __future__ import annotations

import glob
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mekiki.config import GROUP_COLUMN, ScanSettings
from mekiki.data.folders import absolute_path, holds_pictures, is_picture_name, list_visible, relative_name, walk
from mekiki.data.importing.found import OWN_FILES, RUN_FOLDER, Entry, Found, Stray, can_be_written
from mekiki.data.importing.labelled_csv import is_parquet, read_labelled_csv
from mekiki.data.importing.numbered import CLASS_LIST, NUMBERED, find_numbered, refuse_repeated
from mekiki.data.importing.origins import with_origins
from mekiki.errors import DataError, SettingsError
from mekiki.records.manifest import Part, natural_key
from mekiki.records.run import is_run_folder

PART_FOLDERS: dict[str, Part] = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}

_FORMS = "DATA/<class>/*.jpg, DATA/train/<class>/*.jpg, 1_0001.jpg names, or a CSV with path,label"


def find_photos(data: Path, settings: ScanSettings, *, known_classes: Sequence[str] | None = None) -> Found:
    """Find the photos of a folder or CSV with their labels.

    In the flat layout the numbers stand for the names of ``classes.txt`` or the setting, else for the known classes;
    known classes that are numbers themselves are meant by their own number. Names are counted from 1, but from 0 if
    a photo has the number 0: photos numbered from 0 of which none has the number 0 must not be given alone.

    Args:
        data: The folder, or the CSV file itself.
        settings: The layout (auto: told from what lies there) and the class names.
        known_classes: The classes of a trained model, to find photos for it to be scored on: one class or some of
            them are enough. Then the setting for class names is not used, and labels that are not among the known
            classes are kept for the caller to refuse. Not given: the photos are to be trained on.

    Returns:
        The photos in natural path order, the classes in the order of their numbers, and what was left out. The root
        is absolute and keeps the names of links. With known classes these are the classes, in their order.

    Raises:
        DataError: Nothing there, fewer than two classes (no photos at all with known classes), no labels, two layouts
            at once, or class names that do not fit.
    """
    data = absolute_path(data)
    found = with_origins(_find(data, settings, known_classes))
    classes = _choose_classes(data, found, settings.classes, known_classes)
    return Found(
        root=found.root,
        entries=tuple(sorted(found.entries, key=lambda entry: natural_key(entry.path))),
        classes=classes,
        strays=tuple(sorted(found.strays, key=lambda stray: natural_key(stray.path))),
    )


def _choose_classes(
    data: Path, found: Found, names: tuple[str, ...], known_classes: Sequence[str] | None
) -> tuple[str, ...]:
    if known_classes is not None:
        if not found.entries:
            raise DataError(f"{data} holds no labelled photos", f"expected {_FORMS}")
        return tuple(known_classes)
    classes = _order_classes(found, names) if names else found.classes
    if len(classes) < 2:
        held = f"only the class {classes[0]!r}" if classes else "no labelled photos"
        raise DataError(f"{data} holds {held}; a classifier needs two classes or more", f"expected {_FORMS}")
    return classes


def list_pictures(sources: Sequence[str | Path]) -> list[Path]:
    """List the pictures that a person names for prediction.

    Args:
        sources: Files (kept whatever their ending), folders (searched through for picture endings), glob patterns.

    Returns:
        The files in the order of the sources, natural order within each, none twice.

    Raises:
        DataError: A source does not exist, or has no pictures.
    """
    listed: dict[Path, None] = {}
    for source in sources:
        found = _pictures_of(source)
        if not found:
            raise DataError(
                f"{source} holds no pictures", "pictures end in .jpg, .jpeg, .png, .webp, .bmp, .gif or .tif"
            )
        listed.update(dict.fromkeys(found))
    return list(listed)


def _pictures_of(source: str | Path) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return [file for file in walk(path) if is_picture_name(file)]
    if path.exists():
        return [path]
    matches = [Path(match) for match in glob.glob(str(source), recursive=True)]  # noqa: PTH207  Path.glob refuses absolute patterns
    if not matches:
        raise DataError(
            f"there is no file or folder {source}", "name pictures, folders, or a pattern such as 'photos/*.jpg'"
        )
    files = (file for match in matches for file in ([match] if match.is_file() else _pictures_of(match)))
    return sorted(files, key=lambda file: natural_key(file.as_posix()))


def _find(data: Path, settings: ScanSettings, known_classes: Sequence[str] | None) -> Found:
    if not data.exists():
        raise DataError(f"there is no folder or file {data}", "name the folder that holds the photos")
    layout = _detect(data) if settings.layout == "auto" else settings.layout
    if data.is_dir() == (layout == "csv"):
        expected = "a .csv file, not a folder" if layout == "csv" else "a folder, not a file"
        raise DataError(f"{data}: the layout {layout} is {expected}", f"expected {_FORMS}")
    if layout != "csv" and settings.group_column != GROUP_COLUMN:
        raise SettingsError(
            f"group_column = {settings.group_column!r}: {data} is no CSV, so it has no columns",
            "list the photos in a CSV with path,label and the column, or write group lines into decisions.csv",
        )
    match layout:
        case "csv":
            return read_labelled_csv(data, settings.group_column)
        case "flat":
            return find_numbered(data, settings.classes if known_classes is None else (), known_classes or ())
        case "parts":
            return _find_in_part_folders(data, needs_train=known_classes is None)
        case _:
            return _find_in_class_folders(data)


def _detect(data: Path) -> str:
    """Tell the layout from what lies there."""
    if data.is_file():
        if data.suffix.lower() == ".csv" or is_parquet(data):
            return "csv"
        raise DataError(f"{data} is a file; expected a folder of photos or a .csv file", f"expected {_FORMS}")
    inside = list_visible(data)
    folders = [path for path in inside if path.is_dir() and not is_run_folder(path) and holds_pictures(path)]
    loose = [path for path in inside if path.is_file() and is_picture_name(path)]
    numbered = [path for path in loose if NUMBERED.match(path.name)]
    if folders and numbered:
        raise DataError(
            f"{data} holds both folders of photos ({folders[0].name}) and numbered photos ({numbered[0].name})",
            "say which of them give the labels: the setting layout is classes or flat",
        )
    if folders:
        return _detect_folders(data, folders)
    if numbered:
        return "flat"
    _refuse_unlabelled(data, inside, loose)


def _refuse_unlabelled(data: Path, inside: list[Path], loose: list[Path]) -> NoReturn:
    tables = (path for path in inside if path.suffix.lower() == ".csv" and path.name not in OWN_FILES)
    table = next(tables, None)
    hint = f"if {table.name} gives their labels, name it instead: {table}" if table else f"expected {_FORMS}"
    if loose:
        raise DataError(f"{data} holds {len(loose)} photos, but nothing gives their labels", hint)
    raise DataError(f"{data} holds no photos" if inside else f"{data} is empty", hint)


def _detect_folders(data: Path, folders: list[Path]) -> str:
    parts = [path for path in folders if path.name.casefold() in PART_FOLDERS]
    with_classes = [path for path in parts if _holds_classes(path)]
    if len(parts) < len(folders):
        if not with_classes:
            return "classes"
        other = next(path for path in folders if path not in parts)
        raise DataError(
            f"{data} holds part folders ({with_classes[0].name}) beside other folders ({other.name})",
            "move the others away, or say what the folders are: the setting layout is parts or classes",
        )
    if len(with_classes) < len(parts):
        direct = next(path for path in parts if path not in with_classes)
        raise DataError(
            f"{direct} holds photos, but no class folders",
            "expected DATA/train/<class>/*.jpg; if it is a class, say so: the setting layout is classes",
        )
    return "parts"


def _holds_classes(part: Path) -> bool:
    return any(path.is_dir() and not is_run_folder(path) and holds_pictures(path) for path in list_visible(part))


def _find_in_class_folders(data: Path) -> Found:
    entries, strays = _search_classes(data, data, "")
    return Found(data, tuple(entries), _sorted_labels(entries), tuple(strays))


def _find_in_part_folders(data: Path, needs_train: bool) -> Found:
    entries: list[Entry] = []
    strays: list[Stray] = []
    for path in list_visible(data):
        part = PART_FOLDERS.get(path.name.casefold())
        if path.is_dir() and part:
            found, left_out = _search_classes(path, data, part)
            entries += found
            strays += left_out
        elif path.name not in OWN_FILES:
            elsewhere = "lies outside the folders train, val and test"
            strays.append(Stray(path.name, RUN_FOLDER if is_run_folder(path) else elsewhere))
    if needs_train:
        _check_train_folder(data, entries)
    return Found(data, tuple(entries), _sorted_labels(entries), tuple(strays))


def _check_train_folder(data: Path, entries: Sequence[Entry]) -> None:
    trained = {entry.label for entry in entries if entry.part == "train"}
    if not trained:
        raise DataError(f"{data} has no folder train with photos in class folders", "expected DATA/train/<class>/*.jpg")
    unknown = sorted({entry.label for entry in entries} - trained, key=natural_key)
    if unknown:
        raise DataError(
            f"the class {unknown[0]!r} is in {data}, but not in its folder train",
            "class folders have the same names in each part",
        )


def _search_classes(folder: Path, root: Path, part: str) -> tuple[list[Entry], list[Stray]]:
    """Take each folder inside ``folder`` as a class."""
    entries: list[Entry] = []
    strays: list[Stray] = []
    for path in list_visible(folder):
        name = relative_name(path, root)
        if not path.is_dir():
            if path.name != CLASS_LIST and name not in OWN_FILES:
                strays.append(Stray(name, "lies outside the class folders"))
            continue
        if is_run_folder(path):
            strays.append(Stray(name, RUN_FOLDER))
            continue
        label = unicodedata.normalize("NFC", path.name)
        before = len(entries)
        for file in walk(path, above=root):
            _sort_in(file, root, label, part, entries, strays)
        if len(entries) == before:
            strays.append(Stray(name, "a folder without photos"))
    return entries, strays


def _sort_in(file: Path, root: Path, label: str, part: str, entries: list[Entry], strays: list[Stray]) -> None:
    name = relative_name(file, root)
    if not can_be_written(name):
        strays.append(Stray(name.encode("utf-8", "backslashreplace").decode(), "its name is no valid text; rename it"))
    elif is_picture_name(file):
        entries.append(Entry(name, label, part=part))
    else:
        strays.append(
            Stray(name, f"its ending {file.suffix!r} is no picture's" if file.suffix else "its name has no ending")
        )


def _sorted_labels(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(sorted({entry.label for entry in entries}, key=natural_key))


def _order_classes(found: Found, names: tuple[str, ...]) -> tuple[str, ...]:
    """Check the given class names against those that were found, and keep the given order."""
    names = tuple(unicodedata.normalize("NFC", name) for name in names)
    refuse_repeated(names, "the setting classes")
    present = {entry.label for entry in found.entries}
    absent = [name for name in names if name not in present]
    extra = [name for name in found.classes if name not in names]
    if absent or extra:
        what = (
            f"there are no photos of the class {absent[0]!r}"
            if absent
            else f"the class {extra[0]!r} has photos but is not named"
        )
        raise DataError(f"{what} (setting classes: {', '.join(names)})", f"found: {', '.join(found.classes) or 'none'}")
    return names
