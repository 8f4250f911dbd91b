"""``mekiki augment --preview``: a contact sheet of what the augmentation and the normalisation do to photos.

The pictures are made as training makes them: photos are read by ``PhotoSet``, changed by ``change_into_square`` and
normalised by a ``Normaliser``. Only the sheet is written.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from mekiki.config import PRESETS, AugmentSettings, FitName, NormaliseSettings, PreviewSettings, ScanSettings
from mekiki.data.importing.layouts import find_photos, list_pictures
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError, SettingsError, unknown_name
from mekiki.progress import Progress, Silent
from mekiki.records.card import Preprocessing
from mekiki.reports.contact_sheet import Cell, Row, check_sheet_name, contact_sheet, mixed_caption, save_sheet
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.mixing import mix
from mekiki.tensors.augmentation.strengths import STEPS, TRANSFORMS, Step, signed, strengths_of
from mekiki.tensors.fitting import IMAGENET_MEAN, IMAGENET_STD, fit_normaliser
from mekiki.tensors.geometry import Picture, square
from mekiki.tensors.loading import PhotoSet

SHOWN = 4
MARGIN = 2.0
NORMALISED = STEPS + 1
MEASURED = 500
FITS: tuple[FitName, ...] = ("letterbox", "squash", "crop")
OTHER_ROWS = ("fit", "transforms", "presets")


@dataclass(frozen=True)
class Preview:
    """What was written: the sheet, and the names of its rows from top to bottom."""

    sheet: Path
    rows: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the sheet's path and its rows."""
        return {"sheet": str(self.sheet), "rows": list(self.rows)}


@dataclass(frozen=True)
class _Shown:
    """The photos on the sheet, all of them readable; in ``photos`` each is a class of its own."""

    photos: PhotoSet
    labels: tuple[str, ...]
    settings: PreviewSettings

    def plain(self, number: int) -> Picture:
        return self.photos.plain(number)

    def changed(self, step: Step) -> Picture:
        """Return the first photo, changed; the second is what is mixed in."""
        size, fit = self.settings.side, self.settings.fit
        drawn = change_into_square(self.photos.reduced(0), step.change, size, fit, step.fill_mode, step.cval)
        return drawn if step.mix is None else mix(drawn, self.plain(1), step.mix)

    def drawn(self, number: int, draw: int, ranges: AugmentSettings) -> Cell:
        """Return one photo as training shows it in an epoch of this number, with its labels."""
        (batch,) = self.photos.augmented_batches([[number]], ranges, self.settings.seed, draw, workers=0)
        caption = f"draw {draw}"
        if batch.is_mixed:
            caption = mixed_caption(self.name(number), self.name(int(batch.others[0])), float(batch.shares[0]))
        return Cell(batch.array[0], caption)

    def name(self, number: int) -> str:
        """Return a photo's label, or its file's name if it has none."""
        return self.labels[number] or PurePosixPath(self.photos.paths[number]).name


def preview(
    data: str | Path,
    sheet: str | Path,
    settings: PreviewSettings | None = None,
    ranges: AugmentSettings | None = None,
    normalisation: NormaliseSettings | None = None,
    scan_settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> Preview:
    """Draw a contact sheet: one row a transform, from mild to strong, and one a preset.

    Args:
        data: A folder of photos, a CSV file, or one photo.
        sheet: The file to write, .png or .jpg.
        settings: Which rows, the size of the pictures, and the seed.
        ranges: Settings whose random draws are shown first; not given: none.
        normalisation: Shown on some photos before and after; not given: none.
        scan_settings: How to read the data.
        progress: Where to report to.

    Returns:
        The sheet's path and its rows.

    Raises:
        SettingsError: The sheet is there already or ends like no picture; a row that does not exist; something that
            has to be fitted is asked for with one photo.
        DataError: There is no photo that can be read.
    """
    settings = PreviewSettings() if settings is None else settings
    scan_settings = ScanSettings() if scan_settings is None else scan_settings
    progress = Silent() if progress is None else progress
    path = Path(sheet)
    check_sheet_name(path)
    names = _chosen_rows(settings, normalisation is not None and ranges is None)
    if normalisation is not None and normalisation.is_fitted and _is_photo(Path(data)):
        raise SettingsError(
            f"{','.join(normalisation.normalise)} is measured on many photos, and {data} is one",
            "name the folder of the training photos",
        )
    fitted = normalisation is not None and normalisation.is_fitted
    shown = _open(Path(data), settings, scan_settings, MEASURED if fitted else NORMALISED, progress)
    rows: list[Row] = []
    if ranges is not None:
        rows += _with_heading("These settings: random draws", _draws(shown, ranges))
    if normalisation is not None:
        rows += _with_heading(
            f"Normalisation: {','.join(normalisation.normalise)}",
            _normalised(shown, normalisation, progress),
        )
    rows += _rows_of_transforms(shown, names, progress)
    save_sheet(contact_sheet(rows, f"What training sees of {Path(data).name}"), path)
    return Preview(path, tuple(row.name for row in rows))


def _chosen_rows(settings: PreviewSettings, nothing_else: bool) -> tuple[str, ...]:
    """Return the names of rows, in the order of the sheet."""
    every = ("fit", *TRANSFORMS, *PRESETS)
    if not settings.rows:
        return () if nothing_else else every
    wanted: set[str] = set()
    for name in settings.rows:
        if name not in (*every, *OTHER_ROWS):
            raise unknown_name("row", name, [*OTHER_ROWS, *TRANSFORMS, *PRESETS])
        wanted |= set({"transforms": TRANSFORMS, "presets": tuple(PRESETS)}.get(name, (name,)))
    return tuple(name for name in every if name in wanted)


def _is_photo(data: Path) -> bool:
    return data.is_file() and data.suffix.lower() != ".csv"


def _open(data: Path, settings: PreviewSettings, scan_settings: ScanSettings, most: int, progress: Progress) -> _Shown:
    """Read the first photos that can be read, of each class in turn."""
    root, listed = photos_in_turn(data, scan_settings)
    in_turn = [path for path, _ in listed]
    readable: list[str] = []
    with progress.task("Reading photos", min(most, len(in_turn))) as task:
        for path in in_turn:
            if len(readable) == most:
                break
            try:
                read_picture(root / path, max_megapixels=scan_settings.max_megapixels, at_least=settings.side)
            except PictureError as error:
                progress.say(f"left out: {path} {error.message}")
            else:
                readable.append(path)
                task.advance()
    if not readable:
        raise DataError(f"{data} holds no photo that can be read", "mekiki scan DATA tells what is wrong with each")
    label_of = dict(listed)
    photos = _photo_set(root, readable, settings, scan_settings)
    return _Shown(photos, tuple(label_of[path] for path in readable), settings)


def photos_in_turn(data: Path, scan_settings: ScanSettings) -> tuple[Path, list[tuple[str, str]]]:
    """Return the root and (path, label) of the photos that may be trained on, one of each class in turn.

    Args:
        data: A folder of photos, a CSV file, or one photo.
        scan_settings: How to read it.

    Raises:
        DataError: There is nothing.
    """
    root, listed = _list_photos(data, scan_settings)
    of_class: dict[str, list[tuple[str, str]]] = {}
    for path, label in listed:
        of_class.setdefault(label, []).append((path, label))
    return root, [each for some in itertools.zip_longest(*of_class.values()) for each in some if each is not None]


def _list_photos(data: Path, scan_settings: ScanSettings) -> tuple[Path, list[tuple[str, str]]]:
    """List paths with labels; a folder without classes is as good as any."""
    if _is_photo(data):
        return data.parent, [(data.name, "")]
    try:
        found = find_photos(data, scan_settings)
    except DataError:
        if not data.is_dir():
            raise
        return data, [(path.relative_to(data).as_posix(), "") for path in list_pictures([data])]
    return found.root, [(entry.path, entry.label) for entry in found.entries if entry.part in ("", "train")]


def _photo_set(root: Path, paths: list[str], settings: PreviewSettings, scan_settings: ScanSettings) -> PhotoSet:
    preprocessing = Preprocessing(image_size=settings.side, fit=settings.fit, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    limit = scan_settings.max_megapixels
    return PhotoSet(root, paths, range(len(paths)), preprocessing, max_megapixels=limit, margin=MARGIN)


def _with_heading(heading: str, rows: list[Row]) -> list[Row]:
    return [Row(row.name, row.detail, row.cells, "" if number else heading) for number, row in enumerate(rows)]


def _draws(shown: _Shown, ranges: AugmentSettings) -> list[Row]:
    rows = []
    photos = min(SHOWN, len(shown.photos))
    for number in range(SHOWN):
        photo, first = number % photos, 1 + number // photos * STEPS
        cells = (shown.drawn(photo, draw, ranges) for draw in range(first, first + STEPS))
        file = PurePosixPath(shown.photos.paths[photo]).name if shown.labels[photo] else ""
        rows.append(Row(shown.name(photo), file, (Cell(shown.plain(photo), "the photo"), *cells)))
    return rows


def _rows_of_transforms(shown: _Shown, names: tuple[str, ...], progress: Progress) -> list[Row]:
    alone = len(shown.photos) < 2
    if alone and {"mixup", "cutmix"} & set(names):
        progress.say("note: mixup and cutmix mix two photos, and there is one: their rows are left out")
    fits = _with_heading("From the photo to the square", [_fit_row(shown)] if "fit" in names else [])
    transforms = [
        _strength_row(shown, name)
        for name in TRANSFORMS
        if name in names and not (alone and name in ("mixup", "cutmix"))
    ]
    presets = [_preset_row(shown, name) for name in PRESETS if name in names]
    return [
        *fits,
        *_with_heading("Transforms, from mild to strong", transforms),
        *_with_heading("Presets: random draws", presets),
    ]


def _fit_row(shown: _Shown) -> Row:
    """Show the ways into the square, on the photo that is least square."""
    shapes = [shown.photos.reduced(number).shape for number in range(min(NORMALISED, len(shown.photos)))]
    number = max(range(len(shapes)), key=lambda each: max(shapes[each][:2]) / min(shapes[each][:2]))
    picture = shown.photos.reduced(number)
    cells = (Cell(square(picture, shown.settings.side, fit), fit) for fit in FITS)
    return Row(
        "fit", "of the photo that is least square", (Cell(_whole(picture, shown.settings.side), "the photo"), *cells)
    )


def _whole(picture: Picture, side: int) -> Picture:
    """Return a photo at its own shape on white."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    sheet = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    sheet[top : top + size[1], left : left + size[0]] = small
    return sheet


def _strength_row(shown: _Shown, name: str) -> Row:
    strengths = strengths_of(name, shown.settings.side, shown.settings.seed)
    cells = (Cell(shown.changed(step), step.caption) for step in strengths.steps)
    detail = strengths.unit
    if any(step.mix for step in strengths.steps):
        detail += f"; the other is {shown.name(1)}"
    return Row(name, detail, (Cell(shown.plain(0), "the photo"), *cells))


def _preset_row(shown: _Shown, name: str) -> Row:
    ranges = AugmentSettings.model_validate({"preset": name})
    cells = (shown.drawn(0, draw, ranges) for draw in range(1, STEPS + 1))
    return Row(name, "--preset", (Cell(shown.plain(0), "the photo"), *cells))


def _normalised(shown: _Shown, normalisation: NormaliseSettings, progress: Progress) -> list[Row]:
    """Show photos before and after; one scale for all, so that they can be compared."""
    photos, seed = shown.photos, shown.settings.seed
    normaliser = fit_normaliser(normalisation, photos.preprocessing, photos, seed, 32, 2, progress)
    before = np.stack([shown.plain(number) for number in range(min(NORMALISED, len(shown.photos)))])
    after = normaliser(before).permute(0, 2, 3, 1).numpy()
    most = float(np.quantile(np.abs(after), 0.995)) or 1.0
    visible = np.rint(np.clip(after / most, -1, 1) * 127.5 + 127.5).astype(np.uint8)
    facts = [f"mean {signed(round(float(each.mean()), 2))}\nstd {each.std():.2f}" for each in after]
    names = [shown.name(number) for number in range(len(before))]
    scale = f"grey is 0, black −{most:.1f}, white +{most:.1f}"
    fitted = f"measured on {len(photos):,} photos; " if normalisation.is_fitted else ""
    return [
        Row("before", "the photo, 0 to 255", tuple(map(Cell, before, names))),
        Row("after", fitted + scale, tuple(map(Cell, visible, facts))),
    ]
