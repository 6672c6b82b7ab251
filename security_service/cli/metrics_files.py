"""The files in which processes share metrics; leaves their content to the metrics library."""

from __future__ import annotations

from pathlib import Path

from security_service.domain.errors import SettingsFault


def forget_metrics(directory: Path) -> None:
    """Make the directory, and empty it of what earlier processes counted.

    Raises SettingsFault where that cannot be done.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in directory.glob("*.db"):
            left.unlink()
    except OSError as error:
        raise SettingsFault([f"data_dir: {directory} cannot be used: {error.strerror}"]) from error
