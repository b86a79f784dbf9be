"""All sizes, counts and limits that decide how fast an ingest is and how much memory it takes, each with its reason.

What was measured was measured with `bench/ingest.py`: JSON lines and EVTX, processor time against DuckDB alone and the
`evtx` package alone, and the peak of memory over a file of 2 GB, on two processors. Where a value is a judgement, it
says "not measured". Change one, run that command before and after, and write down here what it showed.

Modules read these as `tuning.NAME` when they run, so that a test can make blocks small. Thresholds that decide what a
record *is* (how many members make a guess, which seconds make a duplicate) stand where they are used: they are
meaning, not tuning.
"""

from __future__ import annotations

import os

# Reading

HEAD = 256 << 10
"""Bytes of a file that are looked at to tell what it is. Not measured: several of the longest events that Windows
writes (64 KiB) fit in, so that an export that begins with one still shows the end of its first line."""

DEEPEST_ARCHIVE = 4
"""How many archives may lie in one another. Not measured: collections have been seen as .tar.gz in .zip, which is
three; without a limit, an archive that contains itself would never end."""

BLOCK = 8 << 20
"""Bytes of text that readers pass on at once. Not measured on its own: more than `CHUNK`, so that one block of a plain
file makes one chunk, and Arrow's calls per block cost nothing beside its lines."""

PIECE = 1 << 20
"""Bytes that are read from a stream at once. Not measured: what Python's unpackers and the operating system give for
one call; a stream that breaks loses at most its last piece."""

LONGEST_LINE = 64 << 20
"""Bytes after which a line is passed over as too long. Not measured: no log writes such a line, and without a limit
a file without a newline would be read into memory whole."""

LARGEST_DOCUMENT = 256 << 20
"""Characters that wait for the end of a JSON document; more than a line may have, as an answer holds many records.
Not measured: a limit of memory, as for `LONGEST_LINE`."""

LARGEST_XML_EVENT = 64 << 20
"""Bytes that wait for the end of an XML event. Not measured: as for `LONGEST_LINE`."""

DOCUMENTS_AT_ONCE = 20_000
"""JSON documents that a reader passes on at once. Not measured: some 20 MB of ordinary events."""

ROWS_AT_ONCE = 8192
"""Rows of a Parquet file that become JSON at once. Not measured: four of DuckDB's vectors of 2048 rows."""

CSV_BLOCK = 4 << 20
"""Bytes that Arrow's CSV reader takes at once. Not measured: a row may not be longer, and Arrow's own 1 MiB was less
than a row with a script block in it."""

EVTX_AT_ONCE = 512
"""Records that are taken from the EVTX parser before they become an Arrow array. `bench/ingest.py`, EVTX: in hundreds
the cost of a step is gone; thousands held their dictionaries in memory for nothing."""

ZSTD_LARGEST_WINDOW = 31
"""As a power of two: what `zstd --long=31` writes, the most there is. Less would refuse files that zstd makes."""

LINES_LOOKED_AT = 50
"""Lines of a file's head among which a line of auditd's is looked for. Not measured: enough for a banner or cut lines
at the top."""

OBJECTS_LOOKED_AT = 20
"""Lines of a file's head that are parsed to tell a record a line from documents over several lines. Not measured: each
costs a parse by Python, and a single good one settles it."""

ANSWER_HEAD = 64 << 10
"""Characters within which an answer of an interface has to come to its records. Not measured: what Elasticsearch and
Splunk put before them is a few hundred; the limit bounds what a regular expression goes over again and again."""

AUDIT_LINES_NEAR = 200
"""Lines of auditd's log at the end of a block whose events wait for the next block. Not measured: the lines of one
event follow one another, mixed with those of some events at the same time; its longest has some dozens."""

SHOWN_TEXT = 1000
"""Characters of what could not be read that are kept beside the reason. Not measured: enough to find it again."""

FEED = 512 << 10
"""Bytes of a table that DuckDB takes in one batch: its JSON functions hold all that they read of one until it is done.
`bench/ingest.py`, memory: it was chosen by the peak, at no loss of speed."""

DIGEST_BLOCK = 1 << 20
"""Bytes that go into a digest at once. Not measured: SHA-256 is far slower than the calls."""

# Mapping

MAPPER_MEMORY = "1GB"
"""What DuckDB keeps in memory for one mapper; a sort of more goes on on disk. Not measured: a chunk and what its JSON
unfolds to take a tenth of it, so that it bounds accidents."""

ROUTES_REMEMBERED = 10_000
"""Logs, and sets of members, whose mappings are remembered. Not measured: a large domain's logs have some thousands of
channels with their event ids; what invented ones could fill stays some megabytes."""

MEMBERS_OF_EXPRESSION = 200
"""Members that one expression may name when its file is checked, with their other names. The largest built-in one
names a dozen."""

# Loading

THREADS = min(4, os.cpu_count() or 1)
"""Mappers at work. Not measured above two processors: each takes some hundred megabytes, and one thread that reads
cannot feed many."""

CHUNK = 7 << 20
"""Bytes of raw text that are routed at once. `bench/ingest.py`, memory: every chunk under way is held several times
over (lines, headers, data), and this was chosen by the peak, under `BLOCK` so that a block is not split in two."""

ROWS_OF_ROUTE = 8192
"""Records of a route that are worth a run of its queries, which takes as long to begin as some hundred rows take.
`bench/ingest.py`, JSON lines: see also `ROWS_AT_ONCE`."""

BYTES_OF_ROUTE = 16 << 20
"""Bytes of a route's records that are worth a run however few they are. Not measured: a third of `BYTES_OF_ROUTES`."""

BYTES_OF_ROUTES = 48 << 20
"""Bytes of records that may wait in all; the largest route goes first. Chosen for the peak of memory."""

ROUTES_AHEAD = 16
"""Runs of routes that may wait for their workers: those that wait for one worker are not to keep the others idle."""

TASKS_AHEAD = 1
"""How many more tasks a worker may have waiting than the idlest before what it is prepared for goes to another. Not
measured: to prepare a mapping's query takes about as long as one task."""

BYTES_OF_FILE = 32 << 20
"""Bytes of events of one class, as Arrow holds them, that are worth a Parquet file. Not measured: compressed some
3 to 6 MB; many small files make a slow store, and `carlang store compact` merges what is left."""

BYTES_OF_FILES = 64 << 20
"""Bytes of events that may wait in all to be written, and again that may be in writing. Chosen for the peak of memory:
events of two full files."""

COMMIT = 64 << 20
"""Bytes of raw text that are committed at once, where a source is not more than that. Not measured: what an ingest that
is killed has to read again, against a commit's some 20 ms and a file a class of events each time."""

DUPLICATES_MEMORY = "512MB"
"""What DuckDB keeps in memory while duplicates are looked for; the keys of one file take a tenth. Not measured."""

SHOWN_REJECTIONS = 20
"""Places that could not be read that a report names; the store keeps them all. Not measured: a screenful."""

EXPLAINED = 10
"""Records of a source that are explained. Not measured: some screenfuls."""
