"""Folders for files that are not complete yet, beside the files that they become.

The system locks a file in each of them for as long as the process lives, however it ends. So the next run tells folders
that a killed one left behind from those of a run that goes on, and removes only the former, and nothing else: what it
removes has a name of this form *and* holds the lock file that was written with it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from landscape import stopping

_NAME = re.compile(r"\.?landscape-[0-9a-f]{16}\.part")
_LOCK = "lock"
_MARK = "landscape, temporary files: the next run removes them if this one was killed"
_MOST_MARK = 4096
_STRANGE_AGE = 24 * 3600.0
"""Seconds after which a folder of another computer is dead, whose locks may not be seen from here."""


class WorkingFolder:
    """A folder of this process's own, which goes when it is closed, or with the next run if the process is killed.

    Args:
        parent: Existing folder to make it in; leftovers of killed runs in it go now.
        hidden: Whether its name begins with a dot.

    Raises:
        OSError: If it cannot be made.
    """

    def __init__(self, parent: Path, hidden: bool = True) -> None:
        remove_leftovers(parent)
        while True:
            self.path = parent / f"{'.' if hidden else ''}landscape-{secrets.token_hex(8)}.part"
            self._lock: int | None = None
            self._registered = stopping.on_stop(self.close)
            try:
                self.path.mkdir(mode=0o700)
                self._take()
                return
            except (FileExistsError, BlockingIOError, FileNotFoundError):
                # Another run looked for leftovers between two of these steps.
                self.close()
                if not parent.is_dir():
                    raise
            except BaseException:
                self.close()
                raise

    def _take(self) -> None:
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _hold(self._lock)
        except BlockingIOError:
            raise
        except OSError:
            return  # without a mark nobody removes it: this place has no locks
        if not os.path.exists(self.path / _LOCK):
            raise FileNotFoundError(self.path)
        try:
            os.write(self._lock, json.dumps({"made by": _MARK, **_place()}).encode())
        except OSError as error:  # a full disk; whoever made the folder can tell by its name what failed
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def close(self) -> None:
        """Remove the folder with all that is in it; harmless when it is gone."""
        path, lock = self.path, self._lock
        self._lock = None
        path = _renamed(path)
        _empty(path)
        if lock is not None:
            os.close(lock)
        _drop(path)
        stopping.forget(self._registered)


@contextmanager
def working_folder(parent: Path) -> Iterator[Path]:
    """Give a folder for files that are renamed into ``parent`` when they are complete; the rest of it goes at the end.

    Raises:
        OSError: If it cannot be made.
    """
    folder = WorkingFolder(parent)
    try:
        yield folder.path
    finally:
        folder.close()


def remove_leftovers(parent: Path) -> None:
    """Remove what killed runs left in a folder; what cannot be looked at or removed stays."""
    try:
        with os.scandir(parent) as entries:
            found = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
    except OSError:
        return
    for name in found:
        folder = parent / name
        if _is_own_folder(folder):
            _remove_if_dead(folder)


def _is_own_folder(path: Path) -> bool:
    """Whether a path is a folder, not a link to one, of this user's: in shared places others may set traps."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "geteuid") or status.st_uid == os.geteuid())


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        with suppress(OSError):
            folder.rmdir()  # killed before anything was in it
        return
    except OSError:
        return
    try:
        _hold(lock)
        dead = _is_dead(os.read(lock, _MOST_MARK), folder)
        if dead:
            folder = _renamed(folder)
            _empty(folder)
    except (OSError, ValueError, AttributeError):
        return
    finally:
        os.close(lock)
    if dead:
        _drop(folder)


def _is_dead(content: bytes, folder: Path) -> bool:
    """Whether the lock file, which nobody holds, is of a process that is over."""
    names = {entry.name: entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(folder)}
    old = time.time() - max(names.values()) > _STRANGE_AGE
    if not content:  # killed before it had written the mark, or a place without locks
        return old and set(names) == {_LOCK}
    mark = json.loads(content)
    if mark.get("made by") != _MARK:
        return False
    # The locks of one system are seen by all its containers. A host that has started anew has no old processes.
    here = _place()
    return old or mark.get("host") == here["host"] or bool(here["boot"] and mark.get("boot") == here["boot"])


def _place() -> dict[str, str]:
    """Which computer this is, and which of its starts; empty where the system does not tell."""
    machine, boot = (_line(path) for path in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"))
    return {"host": f"{socket.gethostname()} {machine}", "boot": boot}


def _line(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="ascii").strip()
    return ""


def _hold(lock: int) -> None:
    """Lock a file until it is closed.

    Raises:
        BlockingIOError: If another process holds it.
        OSError: If the place has no locks.
    """
    try:
        import fcntl
    except ImportError:
        _hold_on_windows(lock)
    else:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _hold_on_windows(lock: int) -> None:
    import msvcrt

    os.lseek(lock, _MOST_MARK, os.SEEK_SET)  # locked bytes cannot be read, so one behind the mark
    try:
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except PermissionError as error:
        raise BlockingIOError from error
    finally:
        os.lseek(lock, 0, os.SEEK_SET)


def _renamed(folder: Path) -> Path:
    """Give a folder another name, so that an encoder that still runs makes no file in it any more."""
    other = folder.with_name(f"{folder.name[: folder.name.index('-')]}-{secrets.token_hex(8)}.part")
    try:
        folder.rename(other)
    except OSError:
        return folder
    return other


def _empty(folder: Path) -> None:
    """Remove what is in a folder; the lock file last of all, as it tells what the folder is."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif entry.name != _LOCK:
                    os.unlink(entry.path)


def _drop(folder: Path) -> None:
    with suppress(OSError):
        if set(os.listdir(folder)) <= {_LOCK}:
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()
