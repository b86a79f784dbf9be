"""SQL macros for what mappings need again and again; each gives null for a text that is not of its kind."""

from __future__ import annotations

import duckdb

from carlang.store.quoting import text_literal

_GUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_IPV4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"

MACROS: dict[str, str] = {
    "given(text)": "CASE WHEN trim(text) NOT IN ('', '-') THEN text END",
    "base_name(path)": r"nullif(regexp_extract(path, '[^\\/]*$'), '')",
    "object_text(text)": "CASE WHEN starts_with(text, '{') AND json_valid(text) THEN text END",
    "number(text)": """
        CASE WHEN regexp_full_match(text, '\\s*(0[xX][0-9A-Fa-f]+|[+-]?[0-9]+)\\s*') THEN TRY_CAST(trim(text) AS BIGINT)
        END""",
    "truth(text)": "CASE lower(text) WHEN 'true' THEN true WHEN 'false' THEN false END",
    "guid(text)": f"""
        CASE WHEN regexp_full_match(text, '\\{{?{_GUID}\\}}?') THEN '{{' || lower(trim(text, '{{}}')) || '}}' END""",
    "hash_of(hashes, algorithm)": """
        nullif(lower(regexp_extract(hashes, '(?i)(?:^|[,\\s])' || algorithm || '=([0-9A-Fa-f]+)', 1)), '')""",
    "account(domain, name)": r"""
        CASE WHEN given(name) IS NULL THEN NULL WHEN given(domain) IS NULL THEN name ELSE domain || '\' || name END""",
    "is_address(name)": f"(regexp_full_match(name, '{_IPV4}') OR contains(name, ':'))",
    "host_label(name)": "CASE WHEN is_address(name) THEN name ELSE nullif(split_part(name, '.', 1), '') END",
    "domain_name(name)": "CASE WHEN contains(name, '.') AND NOT is_address(name) THEN name END",
    "integrity(sid)": """
        CASE sid WHEN 'S-1-16-0' THEN 'Untrusted' WHEN 'S-1-16-4096' THEN 'Low' WHEN 'S-1-16-8192' THEN 'Medium'
        WHEN 'S-1-16-8448' THEN 'MediumPlus' WHEN 'S-1-16-12288' THEN 'High' WHEN 'S-1-16-16384' THEN 'System'
        WHEN 'S-1-16-20480' THEN 'ProtectedProcess' END""",
    "level_name(text)": """
        CASE upper(text) WHEN '0' THEN 'Information' WHEN '1' THEN 'Critical' WHEN '2' THEN 'Error'
        WHEN '3' THEN 'Warning' WHEN '4' THEN 'Information' WHEN '5' THEN 'Verbose' WHEN 'INFO' THEN 'Information'
        WHEN 'INFORMATION' THEN 'Information' WHEN 'WARNING' THEN 'Warning' WHEN 'ERROR' THEN 'Error'
        WHEN 'CRITICAL' THEN 'Critical' WHEN 'DEBUG' THEN 'Verbose' WHEN 'VERBOSE' THEN 'Verbose'
        ELSE nullif(text, '') END""",
    # Infinity, and what Python's calendar does not reach.
    "finite(moment)": """
        CASE WHEN moment >= TIMESTAMPTZ '0001-01-01 00:00:00+00' AND moment < TIMESTAMPTZ '9999-12-31 00:00:00+00'
        THEN moment END""",
    "instant(text)": """
        finite(CASE
          WHEN regexp_full_match(text, '[0-9]{9,10}(\\.[0-9]+)?')
            THEN make_timestamptz(CAST(round(TRY_CAST(text AS DOUBLE) * 1000000) AS BIGINT))
          WHEN regexp_full_match(text, '[0-9]{13}') THEN make_timestamptz(TRY_CAST(text AS BIGINT) * 1000)
          WHEN regexp_matches(text, '^/Date\\(-?[0-9]{1,15}')
            THEN make_timestamptz(TRY_CAST(regexp_extract(text, '-?[0-9]+') AS BIGINT) * 1000)
          ELSE TRY_CAST(text AS TIMESTAMPTZ) END)""",
    "has_zone(text)": f"regexp_matches(text, '{_ZONE}')",
    # A collector that writes local times gives its zone away by when it received the record, in both clocks.
    "local_instant(text, received, received_utc)": """
        finite(TRY_CAST(text AS TIMESTAMPTZ) + to_minutes(TRY_CAST(15 * round(
          (epoch(TRY_CAST(received_utc AS TIMESTAMPTZ)) - epoch(TRY_CAST(received AS TIMESTAMPTZ))) / 900) AS BIGINT)))
        """,
}


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to a connection."""
    for head, body in MACROS.items():
        connection.execute(f"CREATE TEMP MACRO {head} AS ({body})")


def text_or_null(text: str | None) -> str:
    """Return a text as an SQL literal, None as NULL."""
    return "NULL" if text is None else text_literal(text)
