"""Event stores: a Delta Lake table of CAR events, or a plain tree of Parquet files."""

from carlang.store.columns import PARTITIONS, RAW, column_type, model_columns, object_columns
from carlang.store.compact import KEEP_HOURS, Compaction, compact
from carlang.store.files import StagedFile, StoreFile
from carlang.store.hollow import CLAIMED_BY, CLAIMS
from carlang.store.info import ClassInfo, HollowInfo, StoreInfo
from carlang.store.plain_copy import write_plain
from carlang.store.store import REJECTED_FOLDER, Store, create_store, open_store

__all__ = [
    "CLAIMED_BY",
    "CLAIMS",
    "KEEP_HOURS",
    "PARTITIONS",
    "RAW",
    "REJECTED_FOLDER",
    "ClassInfo",
    "Compaction",
    "HollowInfo",
    "StagedFile",
    "Store",
    "StoreFile",
    "StoreInfo",
    "column_type",
    "compact",
    "create_store",
    "model_columns",
    "object_columns",
    "open_store",
    "write_plain",
]
