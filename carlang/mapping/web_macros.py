"""SQL macros for requests, as servers and proxies log them."""

from __future__ import annotations

_COMMANDS = (
    # FTP's, also with the number of the session before them, as IIS 6 wrote them, and those of mail
    "USER PASS RETR STOR STOU APPE LIST NLST CWD XCWD CDUP PWD XPWD MKD XMKD RMD XRMD DELE RNFR RNTO PASV EPSV PORT"
    " EPRT TYPE MODE STRU SIZE MDTM SYST FEAT QUIT NOOP AUTH PBSZ PROT SITE EHLO HELO MAIL RCPT DATA RSET VRFY BDAT"
    " STARTTLS"
)
_LISTED = ", ".join(f"'{command}'" for command in _COMMANDS.split())

WEB_MACROS: dict[str, str] = {
    "with_query(path, query)": """
        path || CASE WHEN query IS NULL THEN '' WHEN starts_with(query, '?') THEN query ELSE '?' || query END""",
    # The first line of a request: its `method`, `uri` or `version`.
    "request_part(line, part)": r"""
        list_filter([regexp_extract(line, '^([A-Za-z][A-Za-z_-]*) (\S.*?)(?: HTTP/(\d[\d.]*))?$',
          ['method', 'uri', 'version'])[part]], lambda t: t <> '')[1]""",
    "scheme_of(port)": "CASE port WHEN '443' THEN 'https' WHEN '80' THEN 'http' END",
    # Out of a URL, or of what a tunnel is asked for: `a.example:443`, `[2001:db8::1]:443`.
    "url_host(url)": r"""
        nullif(regexp_extract(url, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)', 1), '')""",
    "url_port(url)": r"""
        nullif(regexp_extract(url,
          '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]*):(\d+)', 1), '')""",
    "url_of(scheme, host, path)": "lower(scheme) || '://' || host || path",
    # IIS writes a plus for each blank, so that of two the second was one: `(compatible; Bot; +http://…)`. CloudFront
    # writes %20. A browser's name without any blank is rare, and what has one was not written so.
    "agent_with_blanks(text)": """
        CASE WHEN contains(text, ' ') THEN text
        WHEN contains(text, '+') THEN replace(replace(text, '+', ' '), '  ', ' +')
        ELSE replace(text, '%20', ' ') END""",
    "is_other_protocol(command)": f"""
        CASE WHEN starts_with(command, '[') OR starts_with(command, 'ControlChannel')
          OR starts_with(command, 'DataChannel') THEN true ELSE coalesce(upper(command) IN ({_LISTED}), false) END""",
}
