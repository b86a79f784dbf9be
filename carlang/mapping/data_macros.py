"""SQL macros for shapes: they make the data of a record out of what its exporter keeps."""

from __future__ import annotations

HEXADECIMAL = (
    "AccessMask FailureCode GrantedAccess LogonID LogonId NewProcessId Status SubStatus SubjectLogonId"
    " TargetLinkedLogonId TargetLogonId TicketEncryptionType TicketOptions"
)
"""Members that Windows shows in hexadecimal, and of which some exports have the number."""

_LISTED = ", ".join(f"'{name}'" for name in HEXADECIMAL.split())

DATA_MACROS: dict[str, str] = {
    # What stands in UserData has an element of its own around it; attributes beside it are texts.
    "inner_object(object)": """
        CAST(list_filter(json_extract(object_text(CAST(object AS VARCHAR)), '$.*'),
          lambda e: json_type(e) = 'OBJECT')[1] AS VARCHAR)""",
    # All members of a document whose fields stand in objects of their own; the innermost count first, nulls are none.
    "nested_fields(line, model, fields)": """
        CASE WHEN coalesce(object_text(model), object_text(fields)) IS NOT NULL THEN
          list_transform([coalesce(object_text(model), '{}')], lambda m: CAST(json_merge_patch(line,
            '{"data_model": null, "fields": null}', m, '{"fields": null}', coalesce(object_text(fields), '{}'),
            coalesce(object_text(json_extract_string(m, '$.fields')), '{}')) AS VARCHAR))[1] END""",
    # Members whose names began with a capital letter before the exporter made it a small one; both are given.
    "capitalised(object)": """
        CASE WHEN starts_with(object, '{') THEN list_transform([object_text(object)], lambda o: CAST(json_merge_patch(o,
          CAST(to_json(map_from_entries(list_transform(list_zip(json_keys(o), json_extract(o, '$.*')), lambda p:
            {'k': upper(p[1][1]) || p[1][2:], 'v': p[2]}))) AS VARCHAR)) AS VARCHAR))[1] END""",
    # Objects in which every backslash was doubled. In JSON one is written as two; a path that begins with two in an
    # object without doubling has single ones as well.
    "undoubled(object)": r"""
        CASE WHEN contains(object, '\\\\') AND NOT contains(replace(object, '\\\\', ''), '\\')
        THEN replace(object, '\\\\', '\\') ELSE object END""",
    "in_hexadecimal(object)": f"""
        CASE WHEN starts_with(object, '{{') THEN list_transform([object_text(object)], lambda o:
          CAST(to_json(map_from_entries(list_transform(list_zip(json_keys(o), json_extract(o, '$.*')), lambda p:
            {{'k': p[1], 'v': CASE WHEN json_type(p[2]) = 'UBIGINT' AND p[1] IN ({_LISTED})
              THEN to_json('0x' || lower(to_hex(CAST(p[2] AS UBIGINT)))) ELSE p[2] END}}))) AS VARCHAR))[1] END""",
    # One of Laurel's documents as the reader of auditd's own lines makes records: paths by what was done to them.
    "laurel_event(line)": """
        CAST(json_merge_patch(json_object('serial', split_part(json_extract_string(line, '$.ID'), ':', 2)),
          to_json(map_from_entries(list_transform(list_filter(laurel_lines(line),
            lambda l: json_type(l['members']) = 'OBJECT'),
            lambda l: {'k': l['name'], 'v': json_merge_patch(l['members'], json_object('type', l['type']))}))))
          AS VARCHAR)""",
    "laurel_lines(line)": """
        list_concat(
          list_transform(list_filter(json_keys(line), lambda k: k NOT IN ('PATH', 'EXECVE', 'PROCTITLE')),
            lambda k: {'name': k, 'type': k, 'members': json_extract(line, '$."' || k || '"')}),
          CASE WHEN json_exists(line, '$.EXECVE') THEN
            [{'name': 'EXECVE', 'type': 'EXECVE', 'members': laurel_arguments(json_extract(line, '$.EXECVE'))}] END,
          CASE WHEN json_exists(line, '$.PROCTITLE') THEN
            [{'name': 'PROCTITLE', 'type': 'PROCTITLE', 'members': json_merge_patch(json_extract(line, '$.PROCTITLE'),
              json_object('proctitle', array_to_string(json_extract_string(line, '$.PROCTITLE.ARGV[*]'), ' ')))}] END,
          laurel_paths(json_extract(line, '$.PATH[*]')))""",
    "laurel_arguments(execve)": """
        list_transform([json_extract_string(execve, '$.ARGV[*]')], lambda v: json_merge_patch(execve,
          json_object('ARGV', NULL, 'command_line', array_to_string(v, ' ')),
          to_json(map_from_entries(list_transform(v, lambda a, i: {'k': 'a' || (i - 1), 'v': a})))))[1]""",
    "laurel_paths(paths)": """
        list_transform(paths, lambda p, i: list_transform(
          [{'kind': json_extract_string(p, '$.nametype'), 'rank': len(list_filter(paths[1:i],
            lambda q: json_extract_string(q, '$.nametype') = json_extract_string(p, '$.nametype')))}],
          lambda t: {'name': 'PATH_' || t['kind'] || CASE WHEN t['rank'] > 1 THEN '_' || t['rank'] ELSE '' END,
            'type': 'PATH', 'members': CASE WHEN t['kind'] IN ('CREATE', 'DELETE') THEN json_merge_patch(p,
              json_object('folder', list_transform(list_filter(paths,
                lambda f: json_extract_string(f, '$.nametype') = 'PARENT'), lambda f: json_extract_string(f, '$.name'))
                [CASE WHEN (t['kind'] = 'DELETE') = (t['rank'] = 1) THEN 1 ELSE -1 END])) ELSE p END})[1])""",
    "part_of(text, label)": "CASE WHEN starts_with(text, label || ': ') THEN substr(text, length(label) + 3) END",
}
"""Of a text that is no object, or null, each gives null."""
