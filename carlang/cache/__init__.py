"""What is dear to compute and the same each time, kept between runs in the user's cache folder.

Entries are named by what they were computed from, the versions of carlang and of what it stands on among it, so none is
ever out of date; each stands behind its own digest, so one that was cut off or changed is none. The folder is safe to
delete, and to share between processes: a file takes its name when it is complete. Where it cannot be written, or
somebody else may write to it, everything is computed anew. `CARLANG_CACHE` names another folder; `off` means none.

`remembered` and `remembered_bytes` keep single things, a file each. `Kept` keeps many small ones, such as compiled
programs: in `segments`, files of many entries each, written by `codec`.
"""

from carlang.cache.codec import Codec
from carlang.cache.entries import remembered, remembered_bytes
from carlang.cache.environment import digest_of
from carlang.cache.folder import VARIABLE
from carlang.cache.kept import Kept
from carlang.cache.segments import flush

__all__ = ["VARIABLE", "Codec", "Kept", "digest_of", "flush", "remembered", "remembered_bytes"]
