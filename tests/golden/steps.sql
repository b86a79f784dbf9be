-- shown
WITH "created" AS (
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
), "shell" AS (
  SELECT
    *
  FROM "created"
  WHERE
    LOWER("exe") = 'cmd.exe'
), "office" AS (
  SELECT
    *
  FROM "created"
  WHERE
    LOWER("exe") = 'winword.exe'
), "listing" AS (
  SELECT
    *
  FROM "created"
  WHERE
    LOWER("exe") = 'netstat.exe'
), "#events 4" AS (
  SELECT
    "command_line" AS "shell.command_line",
    "exe" AS "shell.exe",
    "image_path" AS "shell.image_path",
    "md5_hash" AS "shell.md5_hash",
    "sha1_hash" AS "shell.sha1_hash",
    "sha256_hash" AS "shell.sha256_hash",
    "parent_exe" AS "shell.parent_exe",
    "parent_image_path" AS "shell.parent_image_path",
    "pid" AS "shell.pid",
    "ppid" AS "shell.ppid",
    "sid" AS "shell.sid",
    "signer" AS "shell.signer",
    "user" AS "shell.user",
    "integrity_level" AS "shell.integrity_level",
    "parent_command_line" AS "shell.parent_command_line",
    "current_working_directory" AS "shell.current_working_directory",
    "env_vars" AS "shell.env_vars",
    "access_level" AS "shell.access_level",
    "call_trace" AS "shell.call_trace",
    "guid" AS "shell.guid",
    "parent_guid" AS "shell.parent_guid",
    "signature_valid" AS "shell.signature_valid",
    "target_guid" AS "shell.target_guid",
    "target_pid" AS "shell.target_pid",
    "target_address" AS "shell.target_address",
    "target_name" AS "shell.target_name",
    "uid" AS "shell.uid",
    "original_file_name" AS "shell.original_file_name",
    "company" AS "shell.company",
    "description" AS "shell.description",
    "product" AS "shell.product",
    "file_version" AS "shell.file_version",
    "imphash" AS "shell.imphash",
    "login_id" AS "shell.login_id",
    "login_guid" AS "shell.login_guid",
    "session_id" AS "shell.session_id",
    "parent_user" AS "shell.parent_user",
    "target_user" AS "shell.target_user",
    "src_tid" AS "shell.src_tid",
    "exit_code" AS "shell.exit_code",
    "tamper_type" AS "shell.tamper_type",
    "rule_name" AS "shell.rule_name",
    "time" AS "shell.time",
    "hostname" AS "shell.hostname",
    "fqdn" AS "shell.fqdn",
    "object" AS "shell.object",
    "action" AS "shell.action",
    "sensor" AS "shell.sensor",
    "source" AS "shell.source",
    "record_id" AS "shell.record_id",
    "extra" AS "shell.extra",
    LOWER("hostname") AS "#key0",
    EPOCH_US("time") AS "#at",
    ROW_NUMBER() OVER (
      ORDER BY "time" ASC, CASE
        WHEN REGEXP_MATCHES("record_id", '^[0-9]{1,38}$')
        THEN CAST("record_id" AS DECIMAL(38, 0))
      END ASC, "record_id" ASC, "command_line" ASC, "exe" ASC, "image_path" ASC, "md5_hash" ASC, "sha1_hash" ASC, "sha256_hash" ASC, "parent_exe" ASC, "parent_image_path" ASC, "pid" ASC, "ppid" ASC, "sid" ASC, "signer" ASC, "user" ASC, "integrity_level" ASC, "parent_command_line" ASC, "current_working_directory" ASC, "env_vars" ASC, "access_level" ASC, "call_trace" ASC, "guid" ASC, "parent_guid" ASC, "signature_valid" ASC, "target_guid" ASC, "target_pid" ASC, "target_address" ASC, "target_name" ASC, "uid" ASC, "original_file_name" ASC, "company" ASC, "description" ASC, "product" ASC, "file_version" ASC, "imphash" ASC, "login_id" ASC, "login_guid" ASC, "session_id" ASC, "parent_user" ASC, "target_user" ASC, "src_tid" ASC, "exit_code" ASC, "tamper_type" ASC, "rule_name" ASC, "hostname" ASC, "fqdn" ASC, "object" ASC, "action" ASC, "sensor" ASC, "source" ASC, "extra" ASC
    ) AS "#new"
  FROM "shell"
  WHERE
    NOT "time" IS NULL
), "#events 5" AS (
  SELECT
    "pid" AS "office.pid",
    LOWER("hostname") AS "#key0",
    EPOCH_US("time") AS "#at"
  FROM "office"
  WHERE
    NOT "time" IS NULL
), "#events 6" AS (
  SELECT
    "command_line" AS "listing.command_line",
    "exe" AS "listing.exe",
    "image_path" AS "listing.image_path",
    "md5_hash" AS "listing.md5_hash",
    "sha1_hash" AS "listing.sha1_hash",
    "sha256_hash" AS "listing.sha256_hash",
    "parent_exe" AS "listing.parent_exe",
    "parent_image_path" AS "listing.parent_image_path",
    "pid" AS "listing.pid",
    "ppid" AS "listing.ppid",
    "sid" AS "listing.sid",
    "signer" AS "listing.signer",
    "user" AS "listing.user",
    "integrity_level" AS "listing.integrity_level",
    "parent_command_line" AS "listing.parent_command_line",
    "current_working_directory" AS "listing.current_working_directory",
    "env_vars" AS "listing.env_vars",
    "access_level" AS "listing.access_level",
    "call_trace" AS "listing.call_trace",
    "guid" AS "listing.guid",
    "parent_guid" AS "listing.parent_guid",
    "signature_valid" AS "listing.signature_valid",
    "target_guid" AS "listing.target_guid",
    "target_pid" AS "listing.target_pid",
    "target_address" AS "listing.target_address",
    "target_name" AS "listing.target_name",
    "uid" AS "listing.uid",
    "original_file_name" AS "listing.original_file_name",
    "company" AS "listing.company",
    "description" AS "listing.description",
    "product" AS "listing.product",
    "file_version" AS "listing.file_version",
    "imphash" AS "listing.imphash",
    "login_id" AS "listing.login_id",
    "login_guid" AS "listing.login_guid",
    "session_id" AS "listing.session_id",
    "parent_user" AS "listing.parent_user",
    "target_user" AS "listing.target_user",
    "src_tid" AS "listing.src_tid",
    "exit_code" AS "listing.exit_code",
    "tamper_type" AS "listing.tamper_type",
    "rule_name" AS "listing.rule_name",
    "time" AS "listing.time",
    "hostname" AS "listing.hostname",
    "fqdn" AS "listing.fqdn",
    "object" AS "listing.object",
    "action" AS "listing.action",
    "sensor" AS "listing.sensor",
    "source" AS "listing.source",
    "record_id" AS "listing.record_id",
    "extra" AS "listing.extra",
    LOWER("hostname") AS "#key0",
    EPOCH_US("time") AS "#at",
    ROW_NUMBER() OVER (
      ORDER BY "time" ASC, CASE
        WHEN REGEXP_MATCHES("record_id", '^[0-9]{1,38}$')
        THEN CAST("record_id" AS DECIMAL(38, 0))
      END ASC, "record_id" ASC, "command_line" ASC, "exe" ASC, "image_path" ASC, "md5_hash" ASC, "sha1_hash" ASC, "sha256_hash" ASC, "parent_exe" ASC, "parent_image_path" ASC, "pid" ASC, "ppid" ASC, "sid" ASC, "signer" ASC, "user" ASC, "integrity_level" ASC, "parent_command_line" ASC, "current_working_directory" ASC, "env_vars" ASC, "access_level" ASC, "call_trace" ASC, "guid" ASC, "parent_guid" ASC, "signature_valid" ASC, "target_guid" ASC, "target_pid" ASC, "target_address" ASC, "target_name" ASC, "uid" ASC, "original_file_name" ASC, "company" ASC, "description" ASC, "product" ASC, "file_version" ASC, "imphash" ASC, "login_id" ASC, "login_guid" ASC, "session_id" ASC, "parent_user" ASC, "target_user" ASC, "src_tid" ASC, "exit_code" ASC, "tamper_type" ASC, "rule_name" ASC, "hostname" ASC, "fqdn" ASC, "object" ASC, "action" ASC, "sensor" ASC, "source" ASC, "extra" ASC
    ) AS "#new"
  FROM "listing"
  WHERE
    NOT "time" IS NULL
), "#runs 7" AS (
  SELECT
    "#key0",
    "#at",
    "#at" AS "#first",
    "#new" AS "#n0",
    "shell.pid",
    "shell.user"
  FROM "#events 4"
), "#runs 8" AS (
  SELECT
    "#key0",
    "#at",
    "#first",
    "#n0",
    "shell.pid",
    "shell.user",
    ROW_NUMBER() OVER (ORDER BY "#n0" ASC) AS "#run"
  FROM "#runs 7"
), "#runs 9" AS (
  SELECT
    "#key0",
    "#at",
    "#first",
    "#n0",
    "shell.pid",
    "shell.user",
    "#behind0"
  FROM "#runs 8"
  LEFT JOIN (
    SELECT
      "#run" AS "#run'",
      MIN("#at'") AS "#behind0"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "#key0",
          "#at",
          "#first",
          "#n0",
          "shell.pid",
          "shell.user",
          "#run",
          FLOOR("#first" / GREATEST(CAST(2400000000 AS BIGINT), 1)) AS "#span"
        FROM "#runs 8"
      ) AS "runs"
      CROSS JOIN (
        SELECT
          "#key0" AS "#key0'",
          "#at" AS "#at'",
          "office.pid",
          FLOOR("#at" / GREATEST(CAST(2400000000 AS BIGINT), 1)) AS "#span'"
        FROM (
          SELECT
            *
          FROM "#events 5"
        ) AS "others"
      ) AS "others"
      CROSS JOIN (
        SELECT
          0 AS "#step"
        UNION ALL
        SELECT
          1 AS "#step"
        UNION ALL
        SELECT
          2 AS "#step"
      ) AS "steps"
      WHERE
        (
          "#at'" > "#at"
          AND "#key0" IS NOT DISTINCT FROM "#key0'"
          AND "#span" + "#step" = "#span'"
        )
        AND "office.pid" > "shell.pid"
    ) AS "pairs"
    GROUP BY
      "#run"
  ) AS "nearest"
    ON "#run" = "#run'"
), "#runs 10" AS (
  SELECT
    "#key0",
    "#at",
    "#first",
    "#n0",
    "shell.pid",
    "shell.user",
    LEAST(
      9223372036854775807,
      "#behind0",
      LEAD("#at") OVER (PARTITION BY "#key0", "shell.pid", LOWER("shell.user") ORDER BY "#n0" ASC)
    ) AS "#end"
  FROM "#runs 9"
), "#runs 11" AS (
  SELECT
    "#key0",
    "#at",
    "#first",
    "#n0",
    "shell.pid",
    "shell.user",
    "#end",
    ROW_NUMBER() OVER (ORDER BY "#n0" ASC) AS "#run"
  FROM "#runs 10"
), "#events 12" AS (
  SELECT
    "#key0",
    "#at",
    "#new",
    "listing.time" AS "listing.first_time",
    "listing.user"
  FROM "#events 6"
), "#pairs 13" AS (
  SELECT
    "#run",
    "#new",
    LOWER("shell.user") AS "#told0"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "#key0",
        "#at",
        "#first",
        "#n0",
        "shell.pid",
        "shell.user",
        "#end",
        "#run",
        FLOOR("#first" / GREATEST(CAST(2400000000 AS BIGINT), 1)) AS "#span"
      FROM "#runs 11"
    ) AS "runs"
    CROSS JOIN (
      SELECT
        "#key0" AS "#key0'",
        "#at" AS "#at'",
        "#new",
        "listing.user",
        FLOOR("#at" / GREATEST(CAST(2400000000 AS BIGINT), 1)) AS "#span'"
      FROM (
        SELECT
          *
        FROM "#events 12"
      ) AS "others"
    ) AS "others"
    CROSS JOIN (
      SELECT
        0 AS "#step"
      UNION ALL
      SELECT
        1 AS "#step"
      UNION ALL
      SELECT
        2 AS "#step"
    ) AS "steps"
    WHERE
      (
        "#at'" > "#at"
        AND "#key0" IS NOT DISTINCT FROM "#key0'"
        AND "#span" + "#step" = "#span'"
      )
      AND (
        "#at'" <= "#end"
        AND "#at'" - "#first" <= (
          CAST(2400000000 AS BIGINT)
        )
        AND LOWER("shell.user") = LOWER("listing.user")
      )
  ) AS "passing"
), "#runs 14" AS (
  SELECT
    "#key0",
    "#at'" AS "#at",
    "#first",
    "#n0",
    "shell.user",
    "#new" AS "#n1",
    "listing.first_time"
  FROM (
    SELECT
      "#key0",
      "#at",
      "#first",
      "#n0",
      "shell.pid",
      "shell.user",
      "#end",
      "#run",
      "#new'"
    FROM "#runs 11"
    INNER JOIN (
      SELECT
        "#run" AS "#run'",
        "#new" AS "#new'"
      FROM (
        WITH RECURSIVE "#rounds" AS (
          SELECT
            "#run",
            "#new",
            "#told0",
            ROW_NUMBER() OVER (PARTITION BY "#new", "#told0" ORDER BY "#run" DESC) = 1
            AND ROW_NUMBER() OVER (PARTITION BY "#run" ORDER BY "#new" ASC) = 1 AS "#best"
          FROM "#pairs 13"
          UNION ALL
          SELECT
            "#run",
            "#new",
            "#told0",
            ROW_NUMBER() OVER (PARTITION BY "#new", "#told0" ORDER BY "#run" DESC) = 1
            AND ROW_NUMBER() OVER (PARTITION BY "#run" ORDER BY "#new" ASC) = 1 AS "#best"
          FROM (
            SELECT
              "#run",
              "#new",
              "#told0"
            FROM (
              SELECT
                "#run",
                "#new",
                "#told0",
                MAX("#best") OVER (PARTITION BY "#run")
                OR MAX("#best") OVER (PARTITION BY "#new", "#told0") AS "#gone"
              FROM "#rounds"
            ) AS "marked"
            WHERE
              NOT "#gone"
          ) AS "remaining"
        )
        SELECT
          "#run",
          "#new"
        FROM "#rounds"
        WHERE
          "#best"
      ) AS "chosen"
    ) AS "picked"
      ON "#run" = "#run'"
  ) AS "left"
  INNER JOIN (
    SELECT
      "#at" AS "#at'",
      "#new",
      "listing.first_time"
    FROM "#events 12"
  ) AS "events"
    ON "#new'" = "#new"
  WHERE
    "#at'" <= "#end" AND "#at'" - "#first" <= (
      CAST(2400000000 AS BIGINT)
    )
), "#runs 15" AS (
  SELECT
    "#key0",
    "#at",
    "#first",
    "#n0",
    "shell.user",
    "#n1",
    "listing.first_time",
    LEAST(
      9223372036854775807,
      LEAD("#at") OVER (PARTITION BY "#key0", LOWER("shell.user") ORDER BY "#n1" ASC)
    ) AS "#end"
  FROM "#runs 14"
), "#events 16" AS (
  SELECT
    *,
    LOWER("listing.user") AS "#equal0"
  FROM (
    SELECT
      "#key0",
      "#at",
      "#new",
      "listing.user"
    FROM "#events 6"
  ) AS "events"
), "#runs 17" AS (
  SELECT
    "#key0",
    "#at'" AS "#at",
    "#first",
    "#n0",
    "listing.first_time",
    "#new" AS "#n1"
  FROM (
    SELECT
      "#key0",
      "#at",
      "#first",
      "#n0",
      "shell.user",
      "#n1",
      "listing.first_time",
      "#end",
      "#next"
    FROM (
      SELECT
        "#key0",
        "#at",
        "#first",
        "#n0",
        "shell.user",
        "#n1",
        "listing.first_time",
        "#end",
        "#kind",
        MIN(CASE WHEN "#kind" = 0 AND NOT "#equal0" IS NULL THEN "#new" END) OVER (
          PARTITION BY "#key0", "#equal0"
          ORDER BY "#at" ASC, "#kind" ASC
          ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS "#next"
      FROM (
        SELECT
          "#key0",
          "#at",
          "#first",
          "#n0",
          "shell.user",
          "#n1",
          "listing.first_time",
          "#end",
          LOWER("shell.user") AS "#equal0",
          1 AS "#kind"
        FROM "#runs 15"
        UNION ALL BY NAME
        SELECT
          *,
          0 AS "#kind"
        FROM (
          SELECT
            "#key0",
            "#at",
            "#new",
            "#equal0"
          FROM "#events 16"
        ) AS "others"
      ) AS "lines"
    ) AS "beside"
    WHERE
      "#kind" = 1
  ) AS "beside"
  INNER JOIN (
    SELECT
      "#at" AS "#at'",
      "#new"
    FROM "#events 16"
  ) AS "events"
    ON "#next" = "#new"
  WHERE
    "#at'" <= "#end" AND "#at'" - "#first" <= (
      CAST(2400000000 AS BIGINT)
    )
), "found" AS (
  SELECT
    "shell.command_line",
    "shell.exe",
    "shell.image_path",
    "shell.md5_hash",
    "shell.sha1_hash",
    "shell.sha256_hash",
    "shell.parent_exe",
    "shell.parent_image_path",
    "shell.pid",
    "shell.ppid",
    "shell.sid",
    "shell.signer",
    "shell.user",
    "shell.integrity_level",
    "shell.parent_command_line",
    "shell.current_working_directory",
    "shell.env_vars",
    "shell.access_level",
    "shell.call_trace",
    "shell.guid",
    "shell.parent_guid",
    "shell.signature_valid",
    "shell.target_guid",
    "shell.target_pid",
    "shell.target_address",
    "shell.target_name",
    "shell.uid",
    "shell.original_file_name",
    "shell.company",
    "shell.description",
    "shell.product",
    "shell.file_version",
    "shell.imphash",
    "shell.login_id",
    "shell.login_guid",
    "shell.session_id",
    "shell.parent_user",
    "shell.target_user",
    "shell.src_tid",
    "shell.exit_code",
    "shell.tamper_type",
    "shell.rule_name",
    "shell.time",
    "shell.hostname",
    "shell.fqdn",
    "shell.object",
    "shell.action",
    "shell.sensor",
    "shell.source",
    "shell.record_id",
    "shell.extra",
    "listing.command_line",
    "listing.exe",
    "listing.image_path",
    "listing.md5_hash",
    "listing.sha1_hash",
    "listing.sha256_hash",
    "listing.parent_exe",
    "listing.parent_image_path",
    "listing.pid",
    "listing.ppid",
    "listing.sid",
    "listing.signer",
    "listing.user",
    "listing.integrity_level",
    "listing.parent_command_line",
    "listing.current_working_directory",
    "listing.env_vars",
    "listing.access_level",
    "listing.call_trace",
    "listing.guid",
    "listing.parent_guid",
    "listing.signature_valid",
    "listing.target_guid",
    "listing.target_pid",
    "listing.target_address",
    "listing.target_name",
    "listing.uid",
    "listing.original_file_name",
    "listing.company",
    "listing.description",
    "listing.product",
    "listing.file_version",
    "listing.imphash",
    "listing.login_id",
    "listing.login_guid",
    "listing.session_id",
    "listing.parent_user",
    "listing.target_user",
    "listing.src_tid",
    "listing.exit_code",
    "listing.tamper_type",
    "listing.rule_name",
    "listing.time",
    "listing.hostname",
    "listing.fqdn",
    "listing.object",
    "listing.action",
    "listing.sensor",
    "listing.source",
    "listing.record_id",
    "listing.extra",
    "listing.first_time"
  FROM (
    SELECT
      "#n0",
      "#n1",
      "listing.first_time"
    FROM "#runs 17"
    WHERE
      "#at" - "#first" <= (
        CAST(2400000000 AS BIGINT)
      )
  ) AS "runs"
  INNER JOIN (
    SELECT
      "shell.command_line",
      "shell.exe",
      "shell.image_path",
      "shell.md5_hash",
      "shell.sha1_hash",
      "shell.sha256_hash",
      "shell.parent_exe",
      "shell.parent_image_path",
      "shell.pid",
      "shell.ppid",
      "shell.sid",
      "shell.signer",
      "shell.user",
      "shell.integrity_level",
      "shell.parent_command_line",
      "shell.current_working_directory",
      "shell.env_vars",
      "shell.access_level",
      "shell.call_trace",
      "shell.guid",
      "shell.parent_guid",
      "shell.signature_valid",
      "shell.target_guid",
      "shell.target_pid",
      "shell.target_address",
      "shell.target_name",
      "shell.uid",
      "shell.original_file_name",
      "shell.company",
      "shell.description",
      "shell.product",
      "shell.file_version",
      "shell.imphash",
      "shell.login_id",
      "shell.login_guid",
      "shell.session_id",
      "shell.parent_user",
      "shell.target_user",
      "shell.src_tid",
      "shell.exit_code",
      "shell.tamper_type",
      "shell.rule_name",
      "shell.time",
      "shell.hostname",
      "shell.fqdn",
      "shell.object",
      "shell.action",
      "shell.sensor",
      "shell.source",
      "shell.record_id",
      "shell.extra",
      "#new" AS "#m0"
    FROM "#events 4"
  ) AS "step0"
    ON "#n0" = "#m0"
  INNER JOIN (
    SELECT
      "listing.command_line",
      "listing.exe",
      "listing.image_path",
      "listing.md5_hash",
      "listing.sha1_hash",
      "listing.sha256_hash",
      "listing.parent_exe",
      "listing.parent_image_path",
      "listing.pid",
      "listing.ppid",
      "listing.sid",
      "listing.signer",
      "listing.user",
      "listing.integrity_level",
      "listing.parent_command_line",
      "listing.current_working_directory",
      "listing.env_vars",
      "listing.access_level",
      "listing.call_trace",
      "listing.guid",
      "listing.parent_guid",
      "listing.signature_valid",
      "listing.target_guid",
      "listing.target_pid",
      "listing.target_address",
      "listing.target_name",
      "listing.uid",
      "listing.original_file_name",
      "listing.company",
      "listing.description",
      "listing.product",
      "listing.file_version",
      "listing.imphash",
      "listing.login_id",
      "listing.login_guid",
      "listing.session_id",
      "listing.parent_user",
      "listing.target_user",
      "listing.src_tid",
      "listing.exit_code",
      "listing.tamper_type",
      "listing.rule_name",
      "listing.time",
      "listing.hostname",
      "listing.fqdn",
      "listing.object",
      "listing.action",
      "listing.sensor",
      "listing.source",
      "listing.record_id",
      "listing.extra",
      "#new" AS "#m1"
    FROM "#events 6"
  ) AS "step1"
    ON "#n1" = "#m1"
), "shown" AS (
  SELECT
    "shell.hostname" AS "host",
    "shell.pid" AS "shell",
    "listing.first_time" AS "first",
    "listing.time" AS "last"
  FROM "found"
)
SELECT
  "host",
  "shell",
  "first",
  "last"
FROM "shown"
ORDER BY
  "host" ASC,
  "shell" ASC,
  "first" ASC,
  "last" ASC;
