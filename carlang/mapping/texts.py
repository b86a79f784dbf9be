"""SQL macros for records that exports carry as text: XML, labels and values in lines, JSON with dotted names."""

from __future__ import annotations

TEXT_MACROS: dict[str, str] = {
    "xml_unescaped(text)": r"""
        CASE WHEN contains(text, '&') THEN replace(replace(replace(replace(replace(regexp_replace(regexp_replace(
          regexp_replace(text, '&#(?:13|x0*[dD]);', chr(13), 'g'), '&#(?:10|x0*[aA]);', chr(10), 'g'),
          '&#(?:9|x0*9);', chr(9), 'g'), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&apos;', ''''), '&amp;', '&')
        ELSE text END""",
    "xml_value(text, tag)": r"""
        nullif(trim(xml_unescaped(regexp_extract(text,
          '<' || tag || '(?:\s[^>]*)?>([^<]*)</' || tag || '>', 1))), '')""",
    "xml_attribute(text, tag, name)": r"""
        nullif(xml_unescaped(regexp_extract(text,
          '<' || tag || '\s(?:[^>]*\s)?' || name || '\s*=\s*["'']([^"'']*)["'']', 1)), '')""",
    # An object of names and texts; of a name that stands twice, the first text.
    "named_texts(names, texts)": """
        CAST(to_json(map_from_entries(list_filter(list_transform(names, lambda name, i:
          CASE WHEN name <> '' AND list_position(names, name) = i THEN {'k': name, 'v': coalesce(texts[i], '')} END),
          lambda e: e IS NOT NULL))) AS VARCHAR)""",
    "xml_leaves(text)": r"""
        list_transform(['<(?:\w+:)?([A-Za-z_][\w.-]*)(?:\s[^>]*)?>([^<]*)</'], lambda pattern:
          named_texts(regexp_extract_all(text, pattern, 1),
            list_transform(regexp_extract_all(text, pattern, 2), lambda t: xml_unescaped(t))))[1]""",
    # The members of an event's data. Those without names keep their order, as they do where the whole record is XML.
    "xml_members(text)": r"""
        CASE WHEN contains(text, '<') THEN nullif(CAST(json_merge_patch(xml_leaves(text), '{"Data": null}',
          list_transform(['<Data\s+(?:[^>]*\s)?Name\s*=\s*["'']([^"'']*)["''][^>]*?(?:/>|>([^<]*)</Data>)'],
            lambda pattern: named_texts(regexp_extract_all(text, pattern, 1),
              list_transform(regexp_extract_all(text, pattern, 2), lambda t: xml_unescaped(t))))[1],
          CASE WHEN regexp_matches(text, '<Data\s*/?>') THEN json_object('Data', json_object('#text',
            list_transform(regexp_extract_all(text, '<Data\s*(?:/>|>([^<]*)</Data>)', 1),
              lambda t: coalesce(xml_unescaped(t), '')))) ELSE '{}' END) AS VARCHAR), '{}') END""",
    # What JSON that mirrors the XML of a Windows event would have; null for any other text.
    "xml_event(text)": r"""
        CASE WHEN starts_with(ltrim(text), '<') AND regexp_matches(text, '<Event[\s>]') AND contains(text, '<System>')
        THEN CAST(json_object('Event', json_object(
          'System', json_object(
            'Provider', json_object('#attributes', json_object('Name', xml_attribute(text, 'Provider', 'Name'))),
            'EventID', xml_value(text, 'EventID'), 'Level', xml_value(text, 'Level'),
            'TimeCreated', json_object('#attributes',
              json_object('SystemTime', xml_attribute(text, 'TimeCreated', 'SystemTime'))),
            'EventRecordID', xml_value(text, 'EventRecordID'), 'Channel', xml_value(text, 'Channel'),
            'Computer', xml_value(text, 'Computer')),
          'EventData', CAST(xml_members(regexp_extract(text,
            '(?s)<EventData[^>]*>(.*)</EventData>', 1)) AS JSON),
          'UserData', json_object('Data', CAST(xml_members(regexp_extract(text,
            '(?s)<UserData[^>]*>(.*)</UserData>', 1)) AS JSON)),
          'RenderingInfo', json_object('Message', xml_value(text, 'Message')))) AS VARCHAR) END""",
    # Splunk's text of a Windows event: `LogName=Security` and the like, a line each, the message last.
    "classic_event(text)": r"""
        CASE WHEN contains(text, 'LogName=') AND contains(text, 'EventCode=') THEN
          list_transform([regexp_replace(text, '(?s)\nMessage=.*', '')], lambda head: CAST(json_merge_patch(
            named_texts(regexp_extract_all(head, '(?m)^(\w+)=([^\r\n]*)', 1),
              regexp_extract_all(head, '(?m)^(\w+)=([^\r\n]*)', 2)),
            json_object('Message', nullif(regexp_extract(text, '(?s)\nMessage=(.*)', 1), ''))) AS VARCHAR))[1] END""",
    # The original event in Splunk's `_raw`; text of lines takes what stands beside it, which is the surer.
    "raw_event(record, raw)": """
        coalesce(object_text(raw), xml_event(raw), CAST(json_merge_patch(classic_event(raw), record,
          '{"_raw": null}') AS VARCHAR))""",
    # Lines of a name, a colon and a text, as in the messages of Sysmon.
    "line_members(text)": r"""
        named_texts(regexp_extract_all(text, '(?m)^[ \t]*([A-Za-z][\w ]*?)[ \t]*:[ \t]+([^\r\n]*)', 1),
          regexp_extract_all(text, '(?m)^[ \t]*([A-Za-z][\w ]*?)[ \t]*:[ \t]+([^\r\n]*)', 2))""",
    # What the maps of EvtxECmd write of an event. Two values may stand on a line, `ProcessID: 7, ProcessGUID: …`; of a
    # number that a map explains, the explanation goes.
    "payload_members(text)": r"""
        line_members(regexp_replace(regexp_replace(regexp_replace(
          regexp_replace(text,
            '(?m)^(\w*Process)ID: (\d*), \w*ProcessGUID: ', '\1Id: \2' || chr(10) || '\1Guid: ', 'g'),
          '(?m)^(\w*Process)GUID: ', '\1Guid: ', 'g'),
          '(?m)^(GrantedAccess: 0x\w+) \(.*', '\1', 'g'), '(?m)^GrantedAccess: Unknown code$', '', 'g'))""",
    # In messages of the Security log the same label stands in several sections.
    "section_value(text, section, label)": r"""
        nullif(trim(regexp_extract(text, '(?:^|\n)(?:' || section || '):[ \t\r]*\n(?:[ \t]+[^\n]*\n)*?[ \t]+' || label
          || ':[ \t]*([^\r\n]*)', 1)), '')""",
    # One of several values: an array, or lines as in Splunk's CSV.
    "item(text, number)": """
        CASE WHEN starts_with(text, '[') AND json_valid(text) THEN json_extract_string(text, '$[' || number || ']')
        ELSE string_split(text, chr(10))[number + 1] END""",
    "words(text)": """
        CASE WHEN starts_with(text, '["') AND json_valid(text)
        THEN array_to_string(json_extract_string(text, '$[*]'), ' ')
        ELSE given(trim(regexp_replace(text, '\\s+', ' ', 'g'))) END""",
    "hash_list(md5, sha1, sha256, imphash)": """
        nullif(concat_ws(',', 'MD5=' || md5, 'SHA1=' || sha1, 'SHA256=' || sha256, 'IMPHASH=' || imphash), '')""",
    # As Sysmon writes a number into the registry, from what Elastic made of it.
    "registry_details(text, type)": r"""
        CASE WHEN regexp_matches(type, '_DWORD$') THEN printf('DWORD (0x%08x)', number(text))
        WHEN regexp_matches(type, '_QWORD$')
        THEN printf('QWORD (0x%08x-0x%08x)', number(text) >> 32, number(text) & 4294967295) ELSE text END""",
    "dns_answer(type, data)": """
        CASE type WHEN 'A' THEN '::ffff:' WHEN 'AAAA' THEN '' WHEN 'NS' THEN 'type:  2 '
        WHEN 'CNAME' THEN 'type:  5 ' WHEN 'SOA' THEN 'type:  6 ' WHEN 'PTR' THEN 'type:  12 '
        WHEN 'MX' THEN 'type:  15 ' WHEN 'TXT' THEN 'type:  16 ' WHEN 'SRV' THEN 'type:  33 '
        ELSE '' END || coalesce(data, '') || ';'""",
    "dns_results(answers)": """
        array_to_string(list_transform(
          from_json(answers, '[{"type": "VARCHAR", "data": "VARCHAR"}]'), lambda a: dns_answer(a.type, a.data)), '')""",
    # Under dotted keys, the types and the data of all answers are a list each, or a text where there is one.
    "listed(text)": """
        CASE WHEN starts_with(text, '[') THEN from_json(text, '["VARCHAR"]') WHEN text IS NOT NULL THEN [text] END""",
    "dns_results_apart(types, data)": """
        nullif(array_to_string(
          list_transform(list_zip(listed(types), listed(data)), lambda a: dns_answer(a[1], a[2])), ''), '')""",
    "dns_status(name)": """
        CASE name WHEN 'SUCCESS' THEN '0' WHEN 'ERROR_INVALID_NAME' THEN '123' WHEN 'ERROR_TIMEOUT' THEN '1460'
        WHEN 'DNS_ERROR_RCODE_FORMAT_ERROR' THEN '9001' WHEN 'DNS_ERROR_RCODE_SERVER_FAILURE' THEN '9002'
        WHEN 'DNS_ERROR_RCODE_NAME_ERROR' THEN '9003' WHEN 'DNS_ERROR_RCODE_NOT_IMPLEMENTED' THEN '9004'
        WHEN 'DNS_ERROR_RCODE_REFUSED' THEN '9005' WHEN 'DNS_INFO_NO_RECORDS' THEN '9501'
        WHEN 'DNS_ERROR_RECORD_DOES_NOT_EXIST' THEN '9701' ELSE name END""",
    "invocation_details(details)": r"""
        array_to_string(list_transform(from_json(details,
            '[{"type": "VARCHAR", "related_command": "VARCHAR", "name": "VARCHAR", "value": "VARCHAR"}]'), lambda d:
          coalesce(d.type || '(' || d.related_command || '): ', '') || coalesce('name="' || trim(d.name, '"')
            || '"; value="' || trim(d.value, '"') || '"', d.value, '')), chr(10))""",
    # Some name the folder alone, some the whole path.
    "path_of(folder, name)": r"""
        CASE WHEN given(folder) IS NULL THEN given(name)
        WHEN given(name) IS NULL OR lower(base_name(folder)) = lower(name) THEN folder
        ELSE rtrim(folder, '\/') || CASE WHEN starts_with(folder, '/') THEN '/' ELSE '\' END || name END""",
    "short_hive(key)": r"""
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(registry_key(key),
          '(?i)^HKEY_LOCAL_MACHINE', 'HKLM'), '(?i)^HKEY_USERS', 'HKU'),
          '(?i)^HKEY_CURRENT_USER', 'HKCU'), '(?i)^HKEY_CLASSES_ROOT', 'HKCR')""",
    "value_path(path, name)": r"""
        CASE WHEN given(name) IS NULL OR lower(base_name(path)) = lower(name) THEN path
        ELSE concat_ws('\', given(path), name) END""",
    "url_host(url)": r"nullif(regexp_extract(given(url), '^(?:\w+://)?(?:[^/@]*@)?([^/:?#]+)', 1), '')",
    "additional(fields, name)": """
        CASE WHEN json_valid(fields) THEN given(json_extract_string(fields, '$.' || name)) END""",
    "defender_registry_type(name)": """
        CASE lower(name) WHEN 'string' THEN 'REG_SZ' WHEN 'expandstring' THEN 'REG_EXPAND_SZ'
        WHEN 'multistring' THEN 'REG_MULTI_SZ' WHEN 'dword' THEN 'REG_DWORD' WHEN 'qword' THEN 'REG_QWORD'
        WHEN 'binary' THEN 'REG_BINARY' WHEN 'none' THEN 'REG_NONE' ELSE given(name) END""",
    # As Sysmon names a pipe: without the device, with the backslash.
    "device_pipe(path)": r"regexp_replace(path, '(?i)^\\(?:Device|\?\?)\\(?:NamedPipe|pipe)', '')",
    "hash_in(hashes, name, id)": """
        lower(list_filter(from_json(hashes,
            '[{"algorithm": "VARCHAR", "algorithm_id": "VARCHAR", "value": "VARCHAR"}]'),
          lambda h: coalesce(replace(upper(h.algorithm), '-', '') = name, false)
            OR coalesce(h.algorithm_id = id, false))[1].value)""",
    "ocsf_protocol(id)": """
        CASE id WHEN '1' THEN 'NTLM' WHEN '2' THEN 'Kerberos' WHEN '3' THEN 'Digest' WHEN '4' THEN 'OpenID'
        WHEN '5' THEN 'SAML' WHEN '6' THEN 'OAUTH 2.0' WHEN '7' THEN 'PAP' WHEN '8' THEN 'CHAP' WHEN '9' THEN 'EAP'
        WHEN '10' THEN 'RADIUS' END""",
    "plain_number(text)": "replace(text, ',', '')",
    "only_item(value)": """
        CASE WHEN json_type(value) = 'ARRAY' AND json_array_length(value) = 1 THEN json_extract(value, '$[0]')
        ELSE value END""",
    "has_dotted_names(record)": "len(list_filter(json_keys(record), lambda name: contains(name, '.'))) > 0",
    # `{"a.b": [1]}` becomes `{"a": {"b": 1}}`. What Elasticsearch indexes a second time, as `a.b.keyword`, goes.
    # Members of one folder are put together first: to merge them one by one takes twice the time.
    "nested(record)": r"""
        list_transform([list_transform(map_entries(from_json(record, '"MAP(VARCHAR, JSON)"')),
            lambda e: {'name': e.key, 'value': e.value})], lambda all_entries:
          list_transform([list_transform(list_filter(all_entries, lambda e: NOT contains(e.name, '.') OR NOT
              list_contains(list_transform(all_entries, lambda o: o.name), regexp_replace(e.name, '\.[^.]+$', ''))),
            lambda e: {'name': regexp_replace(e.name, '\.keyword$', ''), 'value': only_item(e.value)})],
          lambda entries: list_reduce(
            list_transform(list_distinct(list_transform(entries, lambda e: regexp_extract(e.name, '^(.*)\.[^.]+$', 1))),
              lambda folder: CASE WHEN folder = '' THEN '' ELSE
                  '{' || replace(CAST(to_json(folder) AS VARCHAR), '.', '":{"') || ':' END
                || CAST(to_json(map_from_entries(list_transform(list_filter(entries,
                  lambda e: regexp_extract(e.name, '^(.*)\.[^.]+$', 1) = folder),
                  lambda e: {'k': regexp_extract(e.name, '[^.]*$'), 'v': e.value}))) AS VARCHAR)
                || CASE WHEN folder = '' THEN '' ELSE
                  repeat('}', 1 + length(folder) - length(replace(folder, '.', ''))) END),
            lambda x, y: CAST(json_merge_patch(x, y) AS VARCHAR)))[1])[1]""",
}
"""Each gives null for a text that is not of its kind."""
