-- result
SELECT
  "log_name",
  "event_code",
  "provider",
  "level",
  "message",
  "event_data",
  "claimed_by",
  "time",
  "hostname",
  "fqdn",
  "object",
  "action",
  "sensor",
  "source",
  "record_id",
  "extra"
FROM (
  SELECT
    "log_name",
    "event_code",
    "provider",
    "level",
    "message",
    "event_data",
    "claimed_by",
    "time",
    "hostname",
    "fqdn",
    "object",
    "action",
    "sensor",
    "source",
    "record_id",
    "extra"
  FROM "events"."event"
  WHERE
    "action" IN ('log')
    AND (
      LOWER("log_name") = 'security' AND "event_code" IN (4624, 1102, 4688)
    )
) AS "stage"
ORDER BY
  "time" ASC,
  CASE
    WHEN REGEXP_MATCHES("record_id", '^[0-9]{1,38}$')
    THEN CAST("record_id" AS DECIMAL(38, 0))
  END ASC,
  "record_id" ASC,
  "log_name" ASC,
  "event_code" ASC,
  "provider" ASC,
  "level" ASC,
  "message" ASC,
  "event_data" ASC,
  "claimed_by" ASC,
  "hostname" ASC,
  "fqdn" ASC,
  "object" ASC,
  "action" ASC,
  "sensor" ASC,
  "source" ASC,
  "extra" ASC;
