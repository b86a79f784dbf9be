"""All sizes, counts and limits that decide how fast an ingest is and how much memory it takes, each with its reason.

Where a value was measured, it says what `bench/ingest.py --sweep NAME=VALUES` showed: processor time and the peak of
memory of a process that ingests 40 MB of JSON lines, or of EVTX, on two processors that others used too, so that a
tenth more or less says nothing. Where a value is a judgement, it says "not measured". Change one, run that command,
and write down here what it showed.

Modules read these as `tuning.NAME` when they run, so that a test can make blocks small. Thresholds that decide what a
record *is* (how many members make a guess, which seconds make a duplicate) stand where they are used: they are
meaning, not tuning.
"""

from __future__ import annotations

import os

# Reading

HEAD = 256 << 10
"""Bytes of a file that are looked at to tell what it is. Not measured: several of the longest events that Windows
writes (64 KiB) fit in, so that the end of a first line is seen."""

DEEPEST_ARCHIVE = 4
"""How many archives may lie in one another. Not measured: a .tar.gz in a .zip is three; without a limit, an archive
that holds itself would never end."""

EXPANDED = 64 << 30
"""Bytes that one source may become, be it unpacked or read from a stream, unless `--expand-limit` says more. Not
measured: some fifty times the logs of one host; it bounds the time and the disk that one file can take."""

EXPANSION = 200
"""As a multiple of its size: what an archive may become. Not measured: logs shrink to a tenth or a fortieth, the
repeated records of a test to a hundredth; a bomb comes to 1000 a level."""

EXPANDED_UNASKED = 256 << 20
"""Bytes that an archive may become whatever multiple of its size they are. Not measured: EVTX files that are nearly
empty shrink to a thousandth, and are small; so much does no harm."""

MEMBERS = 200_000
"""Files that the archives of a source may hold. Not measured: a collection of a host's artifacts has some ten
thousands; the directory of a zip, which is read as a whole, takes some 500 bytes of memory for each."""

BYTES_OF_MEMBER = 4 << 10
"""Bytes of what `--expand-limit` says that allow one file in an archive more. Not measured: most logs are longer."""

SPOOL_WAIT = 0.5
"""Seconds that a stream is waited for at once. Not measured: so soon a signal, or the end of the time, is noticed."""

BLOCK = 8 << 20
"""Bytes of text that readers pass on at once. `bench/ingest.py --sweep BLOCK=1,8,32` (MiB): JSON lines in 4.4, 4.1 and
4.0 s at peaks of 488, 491 and 499 MiB. More than `CHUNK`, so that one block of a plain file makes one chunk."""

PIECE = 1 << 20
"""Bytes that are read from a stream at once. Not measured: a stream that breaks loses at most its last piece."""

COMPRESSED_PIECE = 64 << 10
"""Bytes of compressed data that are unpacked at once. Not measured: of a piece that is damaged only gzip tells what
stands before the damage."""

ZIP_PIECE = 16 << 10
"""Bytes of a member of a zip file that are unpacked at once. Not measured: of a piece that is damaged nothing comes."""

LONGEST_LINE = 64 << 20
"""Bytes after which a line is passed over as too long. Not measured: no log writes such a line, and without a limit a
file without a newline would be read into memory whole."""

LARGEST_DOCUMENT = 256 << 20
"""Characters that wait for the end of a JSON document; more than a line may have, as an answer holds many records. Not
measured: a limit of memory, as for `LONGEST_LINE`."""

LARGEST_XML_EVENT = 64 << 20
"""Bytes that wait for the end of an XML event. Not measured: as for `LONGEST_LINE`."""

DEEPEST_CLIXML = 100
"""Elements in one another in a CLIXML file. Not measured: `Export-Clixml -Depth 4` writes some 20; the limit keeps the
JSON that they become readable."""

CLIXML_REFERENCES = 100_000
"""Objects of a CLIXML file that later ones may refer to. Not measured: what records share are a few lists of words; the
limit bounds memory."""

CLIXML_TYPES = 16
"""Types of objects by which the next one is found behind one that is broken. Not measured: a file has one or two."""

DOCUMENTS_AT_ONCE = 20_000
"""JSON documents that a reader passes on at once. Not measured: some 20 MB of ordinary events."""

ROWS_AT_ONCE = 8192
"""Rows of a Parquet file that become JSON at once. Not measured: four of DuckDB's vectors of 2048 rows."""

CSV_BLOCK = 4 << 20
"""Bytes of a row of a CSV file that goes on over several lines. Not measured: enough for events with a script in them;
the limit bounds what a quote that is never closed holds up."""

CSV_OPENERS = 8
"""Lines of a CSV file for which one and the same line is tried as the end of their row. Not measured: all but one of
them are damaged, and each costs a look at all lines between."""

EVTX_AT_ONCE = 512
"""Records that are taken from the EVTX parser before they become an Arrow array. `bench/ingest.py --sweep
EVTX_AT_ONCE=16,512,8192`: 2.8, 2.9 and 2.8 s at peaks of 318, 325 and 333 MiB. It hardly matters."""

EVTX_CHUNKS = 32
"""Chunks of an EVTX file, of 64 KiB each, that are given to the parser at once. Not measured: a parser for each costs
half a millisecond, and a fault in one has all of them parsed again."""

LARGEST_WINDOW = 1 << 31
"""Bytes: what `zstd --long=31` writes, the most there is. Not measured: less would refuse files that zstd
makes; one that was written so takes its 2 GiB of memory."""

LINES_LOOKED_AT = 50
"""Lines of a file's head among which a line of auditd's or of syslog is looked for. Not measured: enough for a banner
or cut lines at the top."""

OBJECTS_LOOKED_AT = 20
"""Lines of a file's head that are parsed to tell a record a line from documents over several lines. Not measured: each
costs a parse by Python, and a single good one settles it."""

ANSWER_HEAD = 64 << 10
"""Characters within which an answer of an interface has to come to its records. Not measured: what Elasticsearch and
Splunk put before them is a few hundred; the limit bounds what a regular expression goes over again and again."""

AUDIT_TEXT = 4 << 20
"""Bytes of auditd's log that are taken apart at once: each value stands several times in what the queries over them
hold. Not measured by `bench/ingest.py`, which has no enriched log: of 62 MB of one the peaks were 684, 719 and 755 MB
with 3, 4 and 8 MiB; a block at once did not fit into the least limit of memory."""

AUDIT_LINES_NEAR = 200
"""Lines of auditd's log at the end of a block whose events wait for the next block. Not measured: the lines of one
event follow one another, mixed with those of some events at the same time; its longest has some dozens."""

SHOWN_TEXT = 1000
"""Characters of what could not be read that are kept beside the reason. Not measured: enough to find it again."""

FEED = 512 << 10
"""Bytes of a table that DuckDB takes in one batch: its JSON functions hold all that they read of a batch until it is
done. `bench/ingest.py --sweep FEED=64,512,8192` (KiB): JSON lines in 4.6, 4.1 and 4.5 s at peaks of 478, 500 and 560
MiB, EVTX in 2.6 to 2.7 s at 325, 328 and 355 MiB."""

LAST_LINE = 64 << 10
"""Bytes around the end of a file of lines that are looked at to tell whether a record goes on in what is new. Not
measured: the longest event that Windows writes fits in, and several hundred lines of auditd's log."""

DIGEST_BLOCK = 1 << 20
"""Bytes that go into a digest at once. Not measured: enough that the calls cost nothing beside SHA-256."""

# Mapping

MAPPER_MEMORY = "1GB"
"""What DuckDB keeps in memory for one mapper; a sort of more goes on on disk. Not measured: far above what a chunk
needs, it bounds accidents."""

ROUTES_REMEMBERED = 10_000
"""Logs, and sets of members, whose mappings are remembered. Not measured: more than real logs have, and what a made-up
one could fill stays some megabytes."""

MEMBERS_OF_EXPRESSION = 200
"""Members that one expression may name when its file is checked, with their other names. Not measured: the largest
built-in one names a dozen."""

# Loading

THREADS = min(4, os.cpu_count() or 1)
"""Mappers at work. `bench/ingest.py --sweep THREADS=1,2,4`, on two processors: JSON lines at peaks of 434, 482 and 553
MiB, in 4.1, 4.3 and 4.8 s of processors: each thread costs some 40 MiB. More than four
were not measured: one thread that reads cannot feed many."""

CHUNK = 15 << 20
"""Bytes of raw text that are routed at once. Measured as by `bench/ingest.py --sweep CHUNK=7,15,31 --size 80` (MiB):
JSON lines in 4.1, 3.8 and 3.9 s at peaks of 486, 503 and 514 MiB, half as much EVTX in 2.1, 2.2 and 2.3 s. Each chunk's
queries are planned anew, in some 30 ms. Just under two of `BLOCK`, so that two make one chunk and not three; not
larger, because each worker holds a chunk several times over (lines, headers, data)."""

ROWS_OF_ROUTE = 8192
"""Records of a route that are worth a run of its queries. `bench/ingest.py --sweep ROWS_OF_ROUTE=512,8192,65536`: JSON
lines in 5.1, 4.4 and 4.4 s at peaks of 427, 465 and 485 MiB, EVTX in 2.8 s at 320 MiB with each. More rows do not make
it faster, and take memory."""

BYTES_OF_ROUTE = 16 << 20
"""Bytes of a route's records that are worth a run however few they are. Not measured: a third of `BYTES_OF_ROUTES`."""

BYTES_OF_ROUTES = 48 << 20
"""Bytes of records that may wait in all; the largest route goes first. A limit of memory. `bench/ingest.py --sweep
BYTES_OF_ROUTES=12,48,192` (MiB): JSON lines in 4.7, 4.4 and 4.6 s at peaks of 447, 473 and 467 MiB; 40 MB of input do
not reach the larger ones."""

ROUTES_AHEAD = 16
"""Runs of routes that may wait for their workers: those that wait for one worker are not to keep the others idle.
`bench/ingest.py --sweep ROUTES_AHEAD=2,16,64`: JSON lines in 4.9, 4.8 and 4.3 s at peaks of 465, 431 and 448 MiB. It
hardly matters on two processors."""

BYTES_AHEAD = 64 << 20
"""Bytes of records in runs of routes that wait for their workers, or are at work. A limit of memory; not measured: so
much as two threads have waiting, and at work, of the largest runs."""

BYTES_OF_FILE = 32 << 20
"""Bytes of events of one object and action, as Arrow holds them, that are worth a Parquet file. `bench/ingest.py
--sweep BYTES_OF_FILE=8,32,128` (MiB): JSON lines in 4.7, 4.7 and 4.6 s at peaks of 497, 473 and 452 MiB. Speed does
not decide; many small files make a slow store, and `carlang store compact` merges what is left."""

BYTES_OF_FILES = 64 << 20
"""Bytes of events that may wait in all to be written, and again that may be in writing: two full files.
`bench/ingest.py --sweep BYTES_OF_FILES=16,64,256` (MiB): JSON lines in 4.6, 4.4 and 4.5 s at peaks of 481, 495 and 461
MiB; it is a limit of memory for larger inputs."""

COMMIT = 64 << 20
"""Bytes of raw text that are committed at once, where a source is not more than that. Not measured: an ingest that is
killed has to read as much again; each commit adds an entry to the log, and files to the store."""

COMMIT_SHARE = 0.25
"""The part of an ingest's `--timeout` after which what was read is committed, between two sources. Not measured: an
ingest that runs out of time again and again gets on all the same."""

DUPLICATES_MEMORY = "512MB"
"""What DuckDB keeps in memory while duplicates are looked for. Not measured: the keys of one file need less."""

# What `--memory-limit` makes of these sizes

MEMORY = 700 << 20
"""Bytes of a limit of memory with which the sizes above are what they are; with less, those that take memory shrink in
proportion. What an ingest on two processors takes beside the 250 MB for a file of one record. `bench/ingest.py` has no
sweep of it; by `bench/memory.py` 268 MB of JSON lines take 530 MB without a limit, a long log of Zeek 645."""

LEAST_MEMORY = 128 * 10**6
"""The least limit of memory, in bytes. Measured by `bench/memory.py`, not by `bench/ingest.py`: with it a mapper of 200
members and the four queries over auditd's lines still run, which fail at half of it."""

MEMORY_OF_THREAD = 150 << 20
"""Bytes of a limit of memory for each mapper: what it takes by itself, some 40 MiB, is not to be most of it. Not
measured beside other values."""

COPIES = 32
"""What part of a limit of memory a line, a document or an event may be, as its divisor. Not measured by a sweep: of a
line of 60 MB the reader, Arrow and DuckDB's JSON functions held 750 MB, the latter 320 in one engine of two."""

WINDOWS = 4
"""What part of a limit of memory the window of a compressed file may be, as its divisor. Not measured: `zstd -19` goes
back by 8 MiB, `xz -9` takes 65 MiB and `zstd --long` 128 MiB; the first works with the least limit."""

SHOWN_REJECTIONS = 20
"""Places that could not be read that a report names; the store keeps them all. Not measured: a screenful."""

EXPLAINED = 10
"""Records of a source that are explained. Not measured: some screenfuls."""

# Exports write times in one way, or two; a list of a hundred is one that nobody reads.
SPELLINGS = 100
"""Spellings of unread times that a report counts one by one. Not measured: more than anybody reads."""

HOURS_BACK = 12
"""Hours by which a time of a W3C log without dates lies behind an earlier one, to be one of the next day: requests that
took long are written out of their order. Not measured: half a day."""
