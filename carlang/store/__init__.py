"""Event stores: a Delta Lake table of CAR events, or a plain tree of Parquet files."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.store.check import Fault, Finding, StoreCheck, check_store
    from carlang.store.columns import PARTITIONS, RAW, column_type, model_columns, object_columns
    from carlang.store.compact import Compaction, compact
    from carlang.store.counted import told_once
    from carlang.store.counting import count_rows
    from carlang.store.delta import DeltaLog, Marks
    from carlang.store.event_counts import count_events
    from carlang.store.files import StagedFile, StoreFile, described
    from carlang.store.footer import Footer, footers, parquet_options
    from carlang.store.hollow import CLAIMED_BY, CLAIMS
    from carlang.store.info import ClassInfo, HollowInfo, StoreInfo, describe
    from carlang.store.inventory import hollow_counts
    from carlang.store.locks import writing
    from carlang.store.lookup import Lookup
    from carlang.store.merging import merge_hours
    from carlang.store.occurrences import Question, Spread, Values, class_spread, value_spreads
    from carlang.store.plain_copy import write_plain
    from carlang.store.raw_records import raw_records
    from carlang.store.repair import Remedy, Repair, Step, repair_store
    from carlang.store.seen import HostClass, HostInfo, hosts_of
    from carlang.store.starts import End, Start, child_starts, process_ends, process_starts
    from carlang.store.statistics import MARKS, mark
    from carlang.store.storage import not_written, storage_fault, written_to
    from carlang.store.store import REJECTED_FOLDER, Staging, Store, create_store, open_store
    from carlang.store.vacuum import OLDER_THAN, Vacuumed, vacuum
else:
    __getattr__ = hand_on(
        __name__,
        {
            "store.check": "Fault Finding StoreCheck check_store",
            "store.columns": "PARTITIONS RAW column_type model_columns object_columns",
            "store.compact": "Compaction compact",
            "store.counted": "told_once",
            "store.counting": "count_rows",
            "store.delta": "DeltaLog Marks",
            "store.event_counts": "count_events",
            "store.files": "StagedFile StoreFile described",
            "store.footer": "Footer footers parquet_options",
            "store.hollow": "CLAIMED_BY CLAIMS",
            "store.info": "ClassInfo HollowInfo StoreInfo describe()",
            "store.inventory": "hollow_counts",
            "store.locks": "writing",
            "store.lookup": "Lookup",
            "store.merging": "merge_hours",
            "store.occurrences": "Question Spread Values class_spread value_spreads",
            "store.plain_copy": "write_plain",
            "store.repair": "Remedy Repair Step repair_store",
            "store.seen": "HostClass HostInfo hosts_of()",
            "store.raw_records": "raw_records()",
            "store.starts": "End Start child_starts process_ends process_starts",
            "store.statistics": "MARKS mark",
            "store.storage": "not_written storage_fault written_to",
            "store.store": "REJECTED_FOLDER Staging Store create_store open_store",
            "store.vacuum": "OLDER_THAN Vacuumed vacuum",
        },
    )

__all__ = [
    "CLAIMED_BY",
    "CLAIMS",
    "MARKS",
    "OLDER_THAN",
    "PARTITIONS",
    "RAW",
    "REJECTED_FOLDER",
    "ClassInfo",
    "Compaction",
    "DeltaLog",
    "End",
    "Fault",
    "Finding",
    "Footer",
    "HollowInfo",
    "HostClass",
    "HostInfo",
    "Lookup",
    "Marks",
    "Question",
    "Remedy",
    "Repair",
    "Spread",
    "StagedFile",
    "Staging",
    "Start",
    "Step",
    "Store",
    "StoreCheck",
    "StoreFile",
    "StoreInfo",
    "Vacuumed",
    "Values",
    "check_store",
    "child_starts",
    "class_spread",
    "column_type",
    "compact",
    "count_events",
    "count_rows",
    "create_store",
    "describe",
    "described",
    "footers",
    "hollow_counts",
    "hosts_of",
    "mark",
    "merge_hours",
    "model_columns",
    "not_written",
    "object_columns",
    "open_store",
    "parquet_options",
    "process_ends",
    "process_starts",
    "raw_records",
    "repair_store",
    "storage_fault",
    "told_once",
    "vacuum",
    "value_spreads",
    "write_plain",
    "writing",
    "written_to",
]
