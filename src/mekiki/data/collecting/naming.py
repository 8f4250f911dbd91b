"""Makes names of folders and files safe on every system, whatever a list or a server wrote.

A safe name is one part of a path: no separator, no "..", not hidden, not a device of Windows, no control or invisible
character, normal form C, and short enough for every file system. Safe names stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_BYTES = 120
"""In UTF-8; with the ending and a number it stays below the 255 bytes of the common file systems."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


def safe_name(text: str, longest_bytes: int = LONGEST_BYTES) -> str:
    """Return a name that can be one folder or file on every system.

    Args:
        text: Any text.
        longest_bytes: The name has at most this many bytes in UTF-8; at least 8.

    Returns:
        The text itself where it is safe; else with "_" for what is not. Never empty.

    Example:
        >>> safe_name("../SG"), safe_name("AC/DC"), safe_name("con.jpg")
        ('_SG', 'AC_DC', '_con.jpg')
    """
    name = "".join(_safe(letter) for letter in unicodedata.normalize("NFC", text))
    name = _cut(name.lstrip(". "), longest_bytes).rstrip(". ")
    if _DEVICE.match(name):
        name = _cut("_" + name, longest_bytes).rstrip(". ")
    return name or "_"


def _safe(letter: str) -> str:
    if letter in _FORBIDDEN or (unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS):
        return "_"
    return letter


def _cut(name: str, longest_bytes: int) -> str:
    return name.encode("utf-8")[:longest_bytes].decode("utf-8", "ignore")
