-- found
WITH "process" AS (
  SELECT
    "command_line",
    "exe",
    "image_path",
    "md5_hash",
    "sha1_hash",
    "sha256_hash",
    "parent_exe",
    "parent_image_path",
    "pid",
    "ppid",
    "sid",
    "signer",
    "user",
    "integrity_level",
    "parent_command_line",
    "current_working_directory",
    "env_vars",
    "access_level",
    "call_trace",
    "guid",
    "parent_guid",
    "signature_valid",
    "target_guid",
    "target_pid",
    "target_address",
    "target_name",
    "uid",
    "original_file_name",
    "company",
    "description",
    "product",
    "file_version",
    "imphash",
    "login_id",
    "login_guid",
    "session_id",
    "parent_user",
    "target_user",
    "src_tid",
    "exit_code",
    "tamper_type",
    "rule_name",
    "time",
    "hostname",
    "fqdn",
    "object",
    "action",
    "sensor",
    "source",
    "record_id",
    "extra"
  FROM "events"."process"
  WHERE
    "action" IN ('create')
), "process_2" AS (
  SELECT
    *,
    LIST_EXTRACT(
      LIST_TRANSFORM(
        ["image_path"],
        LAMBDA path : CASE
          WHEN REGEXP_MATCHES(path, '[\\/]')
          THEN REGEXP_EXTRACT(path, '(?s)^(.*)[\\/]', 1)
        END
      ),
      1
    ) AS "folder"
  FROM "process"
), "process_3" AS (
  SELECT
    *,
    UPPER(REGEXP_EXTRACT("image_path", '[^\\/]*$')) AS "name"
  FROM "process_2"
), "process_4" AS (
  SELECT
    *,
    COALESCE(LENGTH("command_line") > 20, FALSE) AS "long"
  FROM "process_3"
), "process_5" AS (
  SELECT
    *,
    (
      "name" || ':' || CAST("pid" AS TEXT)
    ) AS "label"
  FROM "process_4"
), "found" AS (
  SELECT
    *
  FROM "process_5"
  WHERE
    "long"
    AND CONTAINS(LOWER("folder"), 'system32')
    AND ENDS_WITH(LOWER("name"), '.exe')
)
SELECT
  "command_line",
  "exe",
  "image_path",
  "md5_hash",
  "sha1_hash",
  "sha256_hash",
  "parent_exe",
  "parent_image_path",
  "pid",
  "ppid",
  "sid",
  "signer",
  "user",
  "integrity_level",
  "parent_command_line",
  "current_working_directory",
  "env_vars",
  "access_level",
  "call_trace",
  "guid",
  "parent_guid",
  "signature_valid",
  "target_guid",
  "target_pid",
  "target_address",
  "target_name",
  "uid",
  "original_file_name",
  "company",
  "description",
  "product",
  "file_version",
  "imphash",
  "login_id",
  "login_guid",
  "session_id",
  "parent_user",
  "target_user",
  "src_tid",
  "exit_code",
  "tamper_type",
  "rule_name",
  "time",
  "hostname",
  "fqdn",
  "object",
  "action",
  "sensor",
  "source",
  "record_id",
  "extra",
  "folder",
  "name",
  "long",
  "label"
FROM "found"
ORDER BY
  "time" ASC,
  CASE
    WHEN REGEXP_MATCHES("record_id", '^[0-9]{1,38}$')
    THEN CAST("record_id" AS DECIMAL(38, 0))
  END ASC,
  "record_id" ASC,
  "command_line" ASC,
  "exe" ASC,
  "image_path" ASC,
  "md5_hash" ASC,
  "sha1_hash" ASC,
  "sha256_hash" ASC,
  "parent_exe" ASC,
  "parent_image_path" ASC,
  "pid" ASC,
  "ppid" ASC,
  "sid" ASC,
  "signer" ASC,
  "user" ASC,
  "integrity_level" ASC,
  "parent_command_line" ASC,
  "current_working_directory" ASC,
  "env_vars" ASC,
  "access_level" ASC,
  "call_trace" ASC,
  "guid" ASC,
  "parent_guid" ASC,
  "signature_valid" ASC,
  "target_guid" ASC,
  "target_pid" ASC,
  "target_address" ASC,
  "target_name" ASC,
  "uid" ASC,
  "original_file_name" ASC,
  "company" ASC,
  "description" ASC,
  "product" ASC,
  "file_version" ASC,
  "imphash" ASC,
  "login_id" ASC,
  "login_guid" ASC,
  "session_id" ASC,
  "parent_user" ASC,
  "target_user" ASC,
  "src_tid" ASC,
  "exit_code" ASC,
  "tamper_type" ASC,
  "rule_name" ASC,
  "hostname" ASC,
  "fqdn" ASC,
  "object" ASC,
  "action" ASC,
  "sensor" ASC,
  "source" ASC,
  "extra" ASC,
  "folder" ASC,
  "name" ASC,
  "long" ASC,
  "label" ASC;
