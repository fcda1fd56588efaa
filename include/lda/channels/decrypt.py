"""Decrypts one OpenPGP file in a process of its own, which the kernel does not let write more than it may.

``python -m lda.channels.decrypt SOURCE TARGET LIMIT`` reads the private key from standard input: it is on no command
line. A message that unpacks to more than LIMIT bytes ends the process instead of filling the disk.
Exit codes: 0 done, 3 too large, 4 cannot be decrypted.
"""

from __future__ import annotations

import errno
import resource
import signal
import subprocess
import sys
from pathlib import Path

from lda.channels.config import ChannelError

TOO_LARGE, CANNOT = 3, 4
SUFFIXES = (".pgp", ".gpg", ".asc")


def decrypt(source: Path, target: Path, private_key: str, limit: int) -> None:
    """Write the plaintext of ``source`` to ``target``, at most ``limit`` bytes of it.

    Raises ChannelError when it is larger or not encrypted to this key; ``target`` is then removed.
    """
    command = [sys.executable, "-m", __name__, str(source), str(target), str(limit)]
    ended = subprocess.run(command, input=private_key.encode(), capture_output=True, check=False)  # noqa: S603
    if ended.returncode == 0:
        return
    target.unlink(missing_ok=True)
    if ended.returncode == TOO_LARGE:
        raise ChannelError(f"Decrypted, it is more than the {limit:,} bytes that are allowed.")
    raise ChannelError("It could not be decrypted. Is it encrypted to our key, whole and not changed on the way?")


def _main(source: str, target: str, limit: int) -> int:
    from pysequoia import Tsk, decrypt_file

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        key = Tsk.from_bytes(sys.stdin.buffer.read())
        decrypt_file(source, target, key.decryptor())
    except Exception as error:
        return TOO_LARGE if _is_too_large(error, target, limit) else CANNOT
    return 0


def _is_too_large(error: Exception, target: str, limit: int) -> bool:
    path = Path(target)
    full = path.exists() and path.stat().st_size >= limit
    return full or getattr(error, "errno", None) == errno.EFBIG


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
