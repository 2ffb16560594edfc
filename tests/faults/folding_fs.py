"""A file system that does not tell upper from lower case, nor composed from decomposed letters, as those of macOS and Windows do:
`folding_fs.py BEHIND MOUNTPOINT`. What was written first gives a name its spelling; as on HFS+, names come back decomposed."""

import errno
import os
import sys
import unicodedata

try:
    # As Debian calls it.
    from fusepy import FUSE, FuseOSError, Operations
except ImportError:
    from fuse import FUSE, FuseOSError, Operations


def folded(name):
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


class Folding(Operations):
    def __init__(self, behind):
        self.behind = behind

    def real(self, path):
        """Where it lies: each part by the name of what is there and reads the same."""
        place = self.behind
        for part in path.strip("/").split("/"):
            if not part:
                continue
            there = []
            if os.path.isdir(place):
                there = [name for name in os.listdir(place) if folded(name) == folded(part)]
            place = os.path.join(place, there[0] if there else unicodedata.normalize("NFD", part))
        return place

    def __call__(self, name, path, *more):
        try:
            return super().__call__(name, path, *more)
        except FileNotFoundError:
            raise FuseOSError(errno.ENOENT) from None

    def getattr(self, path, fh=None):
        found = os.lstat(self.real(path))
        return {key: getattr(found, key) for key in ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid", "st_ino", "st_dev")}

    def access(self, path, mode):
        if not os.access(self.real(path), mode):
            raise FuseOSError(errno.EACCES)

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.real(path))]

    def readlink(self, path):
        return os.readlink(self.real(path))

    def mkdir(self, path, mode):
        return os.mkdir(self.real(path), mode)

    def rmdir(self, path):
        return os.rmdir(self.real(path))

    def unlink(self, path):
        return os.unlink(self.real(path))

    def symlink(self, name, target):
        return os.symlink(target, self.real(name))

    def rename(self, old, new):
        return os.rename(self.real(old), self.real(new))

    def chmod(self, path, mode):
        return os.chmod(self.real(path), mode)

    def chown(self, path, uid, gid):
        return os.chown(self.real(path), uid, gid)

    def utimens(self, path, times=None):
        return os.utime(self.real(path), times)

    def open(self, path, flags):
        return os.open(self.real(path), flags)

    def create(self, path, mode, fi=None):
        return os.open(self.real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path, length, offset, fh):
        return os.pread(fh, length, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        return os.truncate(self.real(path), length)

    def fsync(self, path, datasync, fh):
        return os.fsync(fh)

    def flush(self, path, fh):
        return 0

    def release(self, path, fh):
        return os.close(fh)


if __name__ == "__main__":
    FUSE(Folding(sys.argv[1]), sys.argv[2], foreground=True, nothreads=True)
