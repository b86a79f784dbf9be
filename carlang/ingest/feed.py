"""Tables in memory whose rows are exchanged under the statements that read them."""

from __future__ import annotations

import pyarrow as pa


class Feed:
    """A table under a fixed name whose rows are exchanged between two runs of a statement."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = schema.empty_table()

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)
