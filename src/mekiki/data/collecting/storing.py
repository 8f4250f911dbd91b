"""Puts what arrived into the class folders: proves that it is a picture, finds copies, never writes over anything.

The bytes are kept as they came; their true format gives the ending. A file appears whole under its name or not at all.
Names come from the address with a part of its hash, so that they do not depend on the order of arrival.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mekiki.data.collecting.asking import Answer
from mekiki.data.collecting.links import last_name, parse_link
from mekiki.data.collecting.listing import folder_of
from mekiki.data.collecting.naming import safe_name
from mekiki.data.collecting.trouble import Trouble
from mekiki.data.pictures import FORMAT_ENDINGS, decode
from mekiki.errors import PictureError
from mekiki.files import write_bytes
from mekiki.records.collected import CollectedPhoto

STEM_BYTES = 60

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}", re.IGNORECASE | re.ASCII)
"""RFC 6838, section 4.2."""


def picture_ending(answer: Answer, max_megapixels: float) -> str:
    """Decode what arrived, and return the ending of its true format.

    Args:
        answer: Status 200, with its body.
        max_megapixels: The limit, in millions.

    Returns:
        The usual ending with its dot, such as ".jpg".

    Raises:
        Trouble: It is no picture that can be read.
    """
    try:
        _, facts = decode(answer.content, max_megapixels=max_megapixels)
    except PictureError as error:
        if answer.length_told:
            raise Trouble("no_picture", f"it {error.message}") from None
        reason = f"it {error.message}; the connection may have broken off, the server does not say how long it is"
        raise Trouble("failed", reason, again=True) from None
    return FORMAT_ENDINGS[facts.format][0]


class Shelf:
    """The folder that photos go to, and what it holds already. Not for several threads.

    Args:
        out: The folder.
        held: Records of photos that are there.
    """

    def __init__(self, out: Path, held: Iterable[CollectedPhoto]) -> None:
        self._out = out
        self._places: dict[str, dict[str, str]] = {}
        for record in held:
            self._places.setdefault(record.sha256, {})[record.label] = record.path

    def add(self, record: CollectedPhoto, answer: Answer, ending: str) -> CollectedPhoto:
        """Keep one photo for one line of the list.

        The same bytes again under the same label are a duplicate. Under another label both are kept, because nobody but
        a person can say which label is right; the reason names the other, and ``mekiki scan`` finds the conflict.

        Args:
            record: The line.
            answer: What arrived.
            ending: Of the true format.

        Returns:
            The finished record, status "ok" or "duplicate".
        """
        sha256 = hashlib.sha256(answer.content).hexdigest()
        done = replace(
            record,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            sha256=sha256,
            bytes=len(answer.content),
            content_type=_media_type(answer.headers.get("content-type", "")),
            final_url=str(answer.url),
        )
        places = self._places.setdefault(sha256, {})
        if record.label in places:
            return replace(done, status="duplicate", reason=f"the same bytes as {places[record.label]}")
        others = ", ".join(f"{path} ({label})" for label, path in places.items())
        reason = f"the same bytes as {others}: one of the labels is wrong" if others else ""
        path = self._write(record, answer, ending)
        places[record.label] = path
        return replace(done, status="ok", reason=reason, path=path)

    def _write(self, record: CollectedPhoto, answer: Answer, ending: str) -> str:
        """Write the file under a name that is free, or find it there with the same bytes; return its relative path."""
        folder, stem = folder_of(record.label), _stem(record.url)
        number = 1
        while True:
            name = f"{folder}/{stem}{f'-{number}' if number > 1 else ''}{ending}"
            path = self._out / name
            if not path.exists() and not path.is_symlink():
                write_bytes(path, answer.content)
                return name
            if path.is_file() and path.read_bytes() == answer.content:
                return name
            number += 1


def _stem(text: str) -> str:
    link_hash = hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    name = safe_name(last_name(parse_link(text)), STEM_BYTES)
    return f"{name}-{link_hash}" if name != "_" else link_hash


def _media_type(claim: str) -> str:
    """Return a Content-Type without its parameters; empty if it is none, since a server may send a formula there."""
    found = _MEDIA_TYPE.match(claim)
    return found[0].lower() if found else ""
