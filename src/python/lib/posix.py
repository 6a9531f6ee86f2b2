"""What `os` is made of: the project's files can be looked at, the rest of the system is refused by name."""

import errno as _errno

import _leoflow_codes as _codes

from _leoflow import INTO_A_TASK as _INTO_A_TASK
from _leoflow import ROOT as _ROOT
from _leoflow import Refused as _Refused
from _leoflow import host_list as _host_list
from _leoflow import host_look as _host_look
from _leoflow import host_read as _host_read
from _leoflow_clock import process_id, urandom
from _leoflow_files import require as _require
from _leoflow_files import text_of as _text_of

error = OSError
environ = {}
_have_functions = []

F_OK, X_OK, W_OK, R_OK = 0, 1, 2, 4
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_CLOEXEC = 0, 1, 2, 64, 128, 512, 1024, 524288
EX_OK = 0
P_WAIT, P_NOWAIT = 0, 1
WNOHANG = 1

_FILE, _DIRECTORY = 0o100644, 0o040755


class stat_result(tuple):
    """A `tuple` of the ten classic fields, with their names."""

    _names = (
        "st_mode",
        "st_ino",
        "st_dev",
        "st_nlink",
        "st_uid",
        "st_gid",
        "st_size",
        "st_atime",
        "st_mtime",
        "st_ctime",
    )
    n_fields = n_sequence_fields = 10

    def __getattr__(self, name):
        if name in self._names:
            return self[self._names.index(name)]
        if name.endswith("_ns"):
            return 0
        raise AttributeError(name)


class terminal_size(tuple):
    columns = property(lambda self: self[0])
    lines = property(lambda self: self[1])


class uname_result(tuple):
    sysname = property(lambda self: self[0])
    nodename = property(lambda self: self[1])
    release = property(lambda self: self[2])
    version = property(lambda self: self[3])
    machine = property(lambda self: self[4])


def stat(path, *, dir_fd=None, follow_symlinks=True):
    """Every file was modified at the epoch, by nobody: nothing of the host shows."""
    kind = _require(path)
    if kind == "directory":
        return stat_result((_DIRECTORY, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    return stat_result((_FILE, 0, 0, 1, 0, 0, len(_host_read(_text_of(path))), 0, 0, 0))


def lstat(path, *, dir_fd=None):
    return stat(path)


def access(path, mode, **options):
    return _host_look(_text_of(path)) in ("file", "directory") and not mode & W_OK


def listdir(path="."):
    if _require(path) != "directory":
        raise NotADirectoryError(_errno.ENOTDIR, "Not a directory", _text_of(path))
    return _host_list(_text_of(path))


class DirEntry:
    """An entry of `scandir`."""

    def __init__(self, directory, name):
        self.name = name
        self.path = name if directory == "." else directory.rstrip("/") + "/" + name

    def __fspath__(self):
        return self.path

    def __repr__(self):
        return f"<DirEntry {self.name!r}>"

    def is_dir(self, *, follow_symlinks=True):
        return _host_look(self.path) == "directory"

    def is_file(self, *, follow_symlinks=True):
        return _host_look(self.path) == "file"

    def is_symlink(self):
        return False

    def is_junction(self):
        return False

    def inode(self):
        return 0

    def stat(self, *, follow_symlinks=True):
        return stat(self.path)


class _Scan:
    """An iterator over entries that can be closed."""

    def __init__(self, entries):
        self._entries = entries

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def close(self):
        pass


def scandir(path="."):
    directory = _text_of(path)
    return _Scan(iter([DirEntry(directory, name) for name in listdir(path)]))


def readlink(path, *, dir_fd=None):
    _require(path)
    raise OSError(_errno.EINVAL, "Invalid argument", _text_of(path))


def getcwd():
    return _ROOT


def getcwdb():
    return _ROOT.encode()


getpid = process_id


def getppid():
    return 0


def getuid():
    return 65532


geteuid = getgid = getegid = getuid


def cpu_count():
    return 1


def umask(mask):
    return 0o022


def getlogin():
    return "leoflow"


def get_terminal_size(fd=1):
    return terminal_size((80, 24))


def uname():
    return uname_result(("Linux", "leoflow", "", "", ""))


def strerror(code):
    return _errno.errorcode.get(code, f"Unknown error {code}")


def isatty(fd):
    return False


def putenv(name, value):
    """Assigning to os.environ is harmless: nobody inherits it."""


def unsetenv(name):
    pass


def register_at_fork(**hooks):
    """Nothing forks."""


def _exit(code):
    raise SystemExit(code)


def _refuse(name):
    def refused(*arguments, **options):
        shown = f" `{arguments[0]}`" if arguments and isinstance(arguments[0], (str, bytes)) else ""
        raise _Refused(_codes.REFUSED, f"dag.py may not call os.{name}(){shown}", _INTO_A_TASK)

    refused.__name__ = refused.__qualname__ = name
    return refused


_REFUSED = """
    abort chdir chmod chown close dup dup2 execv execve fchmod fchown fdatasync fork forkpty fstat fsync ftruncate
    getpriority kill killpg lchown link lseek makedev mkdir mkfifo mknod nice open openpty pipe popen posix_spawn
    posix_spawnp pread putmsg pwrite read remove rename replace rmdir sendfile setegid seteuid setgid setgroups setpgid
    setpriority setregid setreuid setsid setuid symlink sync system times truncate ttyname unlink utime wait wait3 wait4
    waitpid write
"""
for _name in _REFUSED.split():
    globals()[_name] = _refuse(_name)


del _name
