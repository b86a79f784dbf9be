"""The fields of events that tell what happened, whatever was looked for, in the order in which a reader wants them."""

from __future__ import annotations

TELLING = (
    *("exe", "command_line", "parent_exe", "image_path", "target_name", "src_image_path", "tgt_image_path"),
    *("file_path", "key", "value", "data", "name", "task_name", "service_name", "user"),
    *("dest_ip", "dest_port", "query", "url_full", "share_name", "pipe_name", "event_code", "log_name"),
)
