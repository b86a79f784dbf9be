-- internal
WITH "flow" AS (
  SELECT
    "content",
    "dest_ip",
    "dest_port",
    "src_ip",
    "src_port",
    "start_time",
    "end_time",
    "exe",
    "image_path",
    "packet_count",
    "pid",
    "ppid",
    "proto_info",
    "user",
    "src_fqdn",
    "src_hostname",
    "dest_fqdn",
    "dest_hostname",
    "application_protocol",
    "in_bytes",
    "out_bytes",
    "network_direction",
    "tcp_flags",
    "transport_protocol",
    "uid",
    "protocol",
    "guid",
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
  FROM "events"."flow"
  WHERE
    "action" IN ('start')
), "internal" AS (
  SELECT
    *
  FROM "flow"
  WHERE
    (
      CASE
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)'
        )
        THEN (
          TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 1) AS BIGINT) * 16777216 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 2) AS BIGINT) * 65536 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 4) AS BIGINT) * 1
        ) BETWEEN 167772160 AND 184549375
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '[0-9a-f:]*:(?:[0-9a-f]{0,4}|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?:%.+)?'
        )
        THEN LIST_EXTRACT(
          LIST_TRANSFORM(
            [
              LIST_EXTRACT(
                LIST_TRANSFORM(
                  [SPLIT_PART(LOWER("dest_ip"), '%', 1)],
                  LAMBDA plain : CASE
                    WHEN CONTAINS(plain, '.')
                    THEN (
                      REGEXP_REPLACE(plain, '[0-9.]+$', '') || LIST_EXTRACT(
                        LIST_TRANSFORM(
                          [REGEXP_EXTRACT(plain, '[0-9.]+$')],
                          LAMBDA tail : (
                            LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 1) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 2) AS BIGINT)
                              )
                            ) || ':' || LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 4) AS BIGINT)
                              )
                            )
                          )
                        ),
                        1
                      )
                    )
                    ELSE plain
                  END
                ),
                1
              )
            ],
            LAMBDA bare : LIST_EXTRACT(
              LIST_TRANSFORM(
                [
                  CASE
                    WHEN CONTAINS(bare, '::')
                    THEN CASE
                      WHEN (
                        LENGTH(bare) - LENGTH(REPLACE(bare, '::', ''))
                      ) = 2
                      AND (
                        8 - (
                          (
                            LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                          ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                        )
                      ) > 0
                      THEN TRIM(
                        REPLACE(
                          bare,
                          '::',
                          (
                            ':' || REPEAT(
                              '0:',
                              8 - (
                                (
                                  LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                                ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                              )
                            )
                          )
                        ),
                        ':'
                      )
                    END
                    ELSE bare
                  END
                ],
                LAMBDA whole : CASE
                  WHEN REGEXP_FULL_MATCH(whole, '(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')
                  THEN (
                    LPAD(SPLIT_PART(whole, ':', 1), 4, '0') || LPAD(SPLIT_PART(whole, ':', 2), 4, '0') || LPAD(SPLIT_PART(whole, ':', 3), 4, '0') || LPAD(SPLIT_PART(whole, ':', 4), 4, '0') || LPAD(SPLIT_PART(whole, ':', 5), 4, '0') || LPAD(SPLIT_PART(whole, ':', 6), 4, '0') || LPAD(SPLIT_PART(whole, ':', 7), 4, '0') || LPAD(SPLIT_PART(whole, ':', 8), 4, '0')
                  )
                END
              ),
              1
            )
          ),
          1
        ) BETWEEN '00000000000000000000ffff0a000000' AND '00000000000000000000ffff0affffff'
      END
      OR CASE
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)'
        )
        THEN (
          TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 1) AS BIGINT) * 16777216 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 2) AS BIGINT) * 65536 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(LOWER("dest_ip"), '.', 4) AS BIGINT) * 1
        ) BETWEEN 3232235520 AND 3232301055
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '[0-9a-f:]*:(?:[0-9a-f]{0,4}|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?:%.+)?'
        )
        THEN LIST_EXTRACT(
          LIST_TRANSFORM(
            [
              LIST_EXTRACT(
                LIST_TRANSFORM(
                  [SPLIT_PART(LOWER("dest_ip"), '%', 1)],
                  LAMBDA plain : CASE
                    WHEN CONTAINS(plain, '.')
                    THEN (
                      REGEXP_REPLACE(plain, '[0-9.]+$', '') || LIST_EXTRACT(
                        LIST_TRANSFORM(
                          [REGEXP_EXTRACT(plain, '[0-9.]+$')],
                          LAMBDA tail : (
                            LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 1) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 2) AS BIGINT)
                              )
                            ) || ':' || LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 4) AS BIGINT)
                              )
                            )
                          )
                        ),
                        1
                      )
                    )
                    ELSE plain
                  END
                ),
                1
              )
            ],
            LAMBDA bare : LIST_EXTRACT(
              LIST_TRANSFORM(
                [
                  CASE
                    WHEN CONTAINS(bare, '::')
                    THEN CASE
                      WHEN (
                        LENGTH(bare) - LENGTH(REPLACE(bare, '::', ''))
                      ) = 2
                      AND (
                        8 - (
                          (
                            LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                          ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                        )
                      ) > 0
                      THEN TRIM(
                        REPLACE(
                          bare,
                          '::',
                          (
                            ':' || REPEAT(
                              '0:',
                              8 - (
                                (
                                  LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                                ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                              )
                            )
                          )
                        ),
                        ':'
                      )
                    END
                    ELSE bare
                  END
                ],
                LAMBDA whole : CASE
                  WHEN REGEXP_FULL_MATCH(whole, '(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')
                  THEN (
                    LPAD(SPLIT_PART(whole, ':', 1), 4, '0') || LPAD(SPLIT_PART(whole, ':', 2), 4, '0') || LPAD(SPLIT_PART(whole, ':', 3), 4, '0') || LPAD(SPLIT_PART(whole, ':', 4), 4, '0') || LPAD(SPLIT_PART(whole, ':', 5), 4, '0') || LPAD(SPLIT_PART(whole, ':', 6), 4, '0') || LPAD(SPLIT_PART(whole, ':', 7), 4, '0') || LPAD(SPLIT_PART(whole, ':', 8), 4, '0')
                  )
                END
              ),
              1
            )
          ),
          1
        ) BETWEEN '00000000000000000000ffffc0a80000' AND '00000000000000000000ffffc0a8ffff'
      END
      OR CASE
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)'
        )
        THEN FALSE
        WHEN REGEXP_FULL_MATCH(
          LOWER("dest_ip"),
          '[0-9a-f:]*:(?:[0-9a-f]{0,4}|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?:%.+)?'
        )
        THEN LIST_EXTRACT(
          LIST_TRANSFORM(
            [
              LIST_EXTRACT(
                LIST_TRANSFORM(
                  [SPLIT_PART(LOWER("dest_ip"), '%', 1)],
                  LAMBDA plain : CASE
                    WHEN CONTAINS(plain, '.')
                    THEN (
                      REGEXP_REPLACE(plain, '[0-9.]+$', '') || LIST_EXTRACT(
                        LIST_TRANSFORM(
                          [REGEXP_EXTRACT(plain, '[0-9.]+$')],
                          LAMBDA tail : (
                            LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 1) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 2) AS BIGINT)
                              )
                            ) || ':' || LOWER(
                              TO_HEX(
                                TRY_CAST(SPLIT_PART(tail, '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 4) AS BIGINT)
                              )
                            )
                          )
                        ),
                        1
                      )
                    )
                    ELSE plain
                  END
                ),
                1
              )
            ],
            LAMBDA bare : LIST_EXTRACT(
              LIST_TRANSFORM(
                [
                  CASE
                    WHEN CONTAINS(bare, '::')
                    THEN CASE
                      WHEN (
                        LENGTH(bare) - LENGTH(REPLACE(bare, '::', ''))
                      ) = 2
                      AND (
                        8 - (
                          (
                            LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                          ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                        )
                      ) > 0
                      THEN TRIM(
                        REPLACE(
                          bare,
                          '::',
                          (
                            ':' || REPEAT(
                              '0:',
                              8 - (
                                (
                                  LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                                ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                              )
                            )
                          )
                        ),
                        ':'
                      )
                    END
                    ELSE bare
                  END
                ],
                LAMBDA whole : CASE
                  WHEN REGEXP_FULL_MATCH(whole, '(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')
                  THEN (
                    LPAD(SPLIT_PART(whole, ':', 1), 4, '0') || LPAD(SPLIT_PART(whole, ':', 2), 4, '0') || LPAD(SPLIT_PART(whole, ':', 3), 4, '0') || LPAD(SPLIT_PART(whole, ':', 4), 4, '0') || LPAD(SPLIT_PART(whole, ':', 5), 4, '0') || LPAD(SPLIT_PART(whole, ':', 6), 4, '0') || LPAD(SPLIT_PART(whole, ':', 7), 4, '0') || LPAD(SPLIT_PART(whole, ':', 8), 4, '0')
                  )
                END
              ),
              1
            )
          ),
          1
        ) BETWEEN 'fe800000000000000000000000000000' AND 'febfffffffffffffffffffffffffffff'
      END
    )
    AND (
      COALESCE(
        CASE
          WHEN REGEXP_FULL_MATCH(
            LOWER("src_ip"),
            '(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)'
          )
          THEN (
            TRY_CAST(SPLIT_PART(LOWER("src_ip"), '.', 1) AS BIGINT) * 16777216 + TRY_CAST(SPLIT_PART(LOWER("src_ip"), '.', 2) AS BIGINT) * 65536 + TRY_CAST(SPLIT_PART(LOWER("src_ip"), '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(LOWER("src_ip"), '.', 4) AS BIGINT) * 1
          ) BETWEEN 167772160 AND 184549375
          WHEN REGEXP_FULL_MATCH(
            LOWER("src_ip"),
            '[0-9a-f:]*:(?:[0-9a-f]{0,4}|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?:%.+)?'
          )
          THEN LIST_EXTRACT(
            LIST_TRANSFORM(
              [
                LIST_EXTRACT(
                  LIST_TRANSFORM(
                    [SPLIT_PART(LOWER("src_ip"), '%', 1)],
                    LAMBDA plain : CASE
                      WHEN CONTAINS(plain, '.')
                      THEN (
                        REGEXP_REPLACE(plain, '[0-9.]+$', '') || LIST_EXTRACT(
                          LIST_TRANSFORM(
                            [REGEXP_EXTRACT(plain, '[0-9.]+$')],
                            LAMBDA tail : (
                              LOWER(
                                TO_HEX(
                                  TRY_CAST(SPLIT_PART(tail, '.', 1) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 2) AS BIGINT)
                                )
                              ) || ':' || LOWER(
                                TO_HEX(
                                  TRY_CAST(SPLIT_PART(tail, '.', 3) AS BIGINT) * 256 + TRY_CAST(SPLIT_PART(tail, '.', 4) AS BIGINT)
                                )
                              )
                            )
                          ),
                          1
                        )
                      )
                      ELSE plain
                    END
                  ),
                  1
                )
              ],
              LAMBDA bare : LIST_EXTRACT(
                LIST_TRANSFORM(
                  [
                    CASE
                      WHEN CONTAINS(bare, '::')
                      THEN CASE
                        WHEN (
                          LENGTH(bare) - LENGTH(REPLACE(bare, '::', ''))
                        ) = 2
                        AND (
                          8 - (
                            (
                              LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                            ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                          )
                        ) > 0
                        THEN TRIM(
                          REPLACE(
                            bare,
                            '::',
                            (
                              ':' || REPEAT(
                                '0:',
                                8 - (
                                  (
                                    LENGTH(bare) - LENGTH(REPLACE(bare, ':', ''))
                                  ) - CASE WHEN STARTS_WITH(bare, '::') THEN 1 ELSE 0 END - CASE WHEN ENDS_WITH(bare, '::') THEN 1 ELSE 0 END
                                )
                              )
                            )
                          ),
                          ':'
                        )
                      END
                      ELSE bare
                    END
                  ],
                  LAMBDA whole : CASE
                    WHEN REGEXP_FULL_MATCH(whole, '(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')
                    THEN (
                      LPAD(SPLIT_PART(whole, ':', 1), 4, '0') || LPAD(SPLIT_PART(whole, ':', 2), 4, '0') || LPAD(SPLIT_PART(whole, ':', 3), 4, '0') || LPAD(SPLIT_PART(whole, ':', 4), 4, '0') || LPAD(SPLIT_PART(whole, ':', 5), 4, '0') || LPAD(SPLIT_PART(whole, ':', 6), 4, '0') || LPAD(SPLIT_PART(whole, ':', 7), 4, '0') || LPAD(SPLIT_PART(whole, ':', 8), 4, '0')
                    )
                  END
                ),
                1
              )
            ),
            1
          ) BETWEEN '00000000000000000000ffff0a000000' AND '00000000000000000000ffff0affffff'
        END,
        FALSE
      )
    ) IS DISTINCT FROM TRUE
), "internal_2" AS (
  SELECT
    *
  FROM "internal"
  WHERE
    "dest_port" = 445
    AND STARTS_WITH(
      LOWER(
        CASE
          WHEN JSON_VALID("proto_info")
          THEN COALESCE(
            JSON_EXTRACT_STRING("proto_info", '/Pipe'),
            JSON_EXTRACT_STRING(
              "proto_info",
              '/' || REPLACE(
                REPLACE(
                  LIST_EXTRACT(
                    JSON_KEYS("proto_info"),
                    LIST_POSITION(
                      STRING_SPLIT(
                        REPLACE(REPLACE(LOWER(ARRAY_TO_STRING(JSON_KEYS("proto_info"), CHR(31))), '_', ''), ' ', ''),
                        CHR(31)
                      ),
                      'pipe'
                    )
                  ),
                  '~',
                  '~0'
                ),
                '/',
                '~1'
              )
            )
          )
        END
      ),
      '\pipe\'
    )
)
SELECT
  "content",
  "dest_ip",
  "dest_port",
  "src_ip",
  "src_port",
  "start_time",
  "end_time",
  "exe",
  "image_path",
  "packet_count",
  "pid",
  "ppid",
  "proto_info",
  "user",
  "src_fqdn",
  "src_hostname",
  "dest_fqdn",
  "dest_hostname",
  "application_protocol",
  "in_bytes",
  "out_bytes",
  "network_direction",
  "tcp_flags",
  "transport_protocol",
  "uid",
  "protocol",
  "guid",
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
FROM "internal_2"
ORDER BY
  "time" ASC,
  CASE
    WHEN REGEXP_MATCHES("record_id", '^[0-9]{1,38}$')
    THEN CAST("record_id" AS DECIMAL(38, 0))
  END ASC,
  "record_id" ASC,
  "content" ASC,
  "dest_ip" ASC,
  "dest_port" ASC,
  "src_ip" ASC,
  "src_port" ASC,
  "start_time" ASC,
  "end_time" ASC,
  "exe" ASC,
  "image_path" ASC,
  "packet_count" ASC,
  "pid" ASC,
  "ppid" ASC,
  "proto_info" ASC,
  "user" ASC,
  "src_fqdn" ASC,
  "src_hostname" ASC,
  "dest_fqdn" ASC,
  "dest_hostname" ASC,
  "application_protocol" ASC,
  "in_bytes" ASC,
  "out_bytes" ASC,
  "network_direction" ASC,
  "tcp_flags" ASC,
  "transport_protocol" ASC,
  "uid" ASC,
  "protocol" ASC,
  "guid" ASC,
  "rule_name" ASC,
  "hostname" ASC,
  "fqdn" ASC,
  "object" ASC,
  "action" ASC,
  "sensor" ASC,
  "source" ASC,
  "extra" ASC;
