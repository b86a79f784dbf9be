"""Tables in memory whose rows are exchanged under the statements that read them."""

from __future__ import annotations

import pyarrow as pa

from carlang.readers import budget, tuning


class Feed:
    """A table under a fixed name whose rows are exchanged between two runs of a statement."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = schema.empty_table()

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        # DuckDB takes a batch at a time, and its JSON functions hold all that they read of one.
        share = max(1, self.rows.nbytes // budget.within(tuning.FEED))
        reader = self.rows.to_reader(max_chunksize=max(1, self.rows.num_rows // share))
        return reader.__arrow_c_stream__(requested_schema)
