"""``python -m mekiki`` is ``mekiki``."""

from mekiki.doors.cli import main

if __name__ == "__main__":
    main()
