-- all
WITH "all" AS (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM "events"."process"
    WHERE
      "action" IN ('create')
    UNION ALL BY NAME
    SELECT
      *
    FROM "events"."event"
    WHERE
      "action" IN ('log')
  ) AS "stage"
  WHERE
    (
      LOWER("exe") = 'at.exe' OR "event_code" = 4688
    )
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
  "log_name",
  "event_code",
  "provider",
  "level",
  "message",
  "event_data",
  "claimed_by"
FROM "all"
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
  "log_name" ASC,
  "event_code" ASC,
  "provider" ASC,
  "level" ASC,
  "message" ASC,
  "event_data" ASC,
  "claimed_by" ASC;
