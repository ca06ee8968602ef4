//! The planned rules: names, capacity, shape in the template.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use insta::{assert_json_snapshot, assert_snapshot};
use waf_rules::{
    Exemption, Firewall, GROUPS, INCLUDED_CAPACITY, MAX_CAPACITY, Settings, WafError, capacity, find_rule,
};

fn exemption(rules: &[&str], methods: &[&str], paths: &[&str]) -> Exemption {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Exemption {
        reason: "a reason".to_owned(),
        rules: owned(rules),
        methods: owned(methods),
        paths: owned(paths),
    }
}

fn plan(exemptions: Vec<Exemption>) -> Result<Firewall, Vec<WafError>> {
    Firewall::new(&Settings { rate_limit: 2_000, exemptions })
}

fn messages(exemptions: Vec<Exemption>) -> String {
    let errors = plan(exemptions).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn without_exemptions_the_groups_block_as_they_are() {
    let firewall = plan(Vec::new()).unwrap();
    // 700 + 200 + 200 for the groups, 2 for the rate limit.
    assert_eq!(firewall.capacity(), 1_102);
    let order: Vec<(u32, &str)> =
        firewall.rules().iter().map(|rule| (rule.priority, rule.name.as_str())).collect();
    assert_eq!(
        order,
        [
            (0, "rate-limit"),
            (10, "AWSManagedRulesCommonRuleSet"),
            (20, "AWSManagedRulesKnownBadInputsRuleSet"),
            (30, "AWSManagedRulesSQLiRuleSet"),
        ]
    );
}

#[test]
fn an_exempt_rule_is_counted_and_blocked_by_label_elsewhere() {
    let firewall = plan(vec![exemption(&["SQLi_BODY"], &["PUT"], &["/documents/*"])]).unwrap();
    assert_json_snapshot!(&firewall.rules()[3..], @r#"
    [
      {
        "Name": "AWSManagedRulesKnownBadInputsRuleSet",
        "OverrideAction": {
          "None": {}
        },
        "Priority": 20,
        "Statement": {
          "ManagedRuleGroupStatement": {
            "Name": "AWSManagedRulesKnownBadInputsRuleSet",
            "VendorName": "AWS"
          }
        },
        "VisibilityConfig": {
          "CloudWatchMetricsEnabled": true,
          "MetricName": "AWSManagedRulesKnownBadInputsRuleSet",
          "SampledRequestsEnabled": true
        }
      },
      {
        "Name": "AWSManagedRulesSQLiRuleSet",
        "OverrideAction": {
          "None": {}
        },
        "Priority": 30,
        "Statement": {
          "ManagedRuleGroupStatement": {
            "Name": "AWSManagedRulesSQLiRuleSet",
            "RuleActionOverrides": [
              {
                "ActionToUse": {
                  "Count": {}
                },
                "Name": "SQLi_BODY"
              }
            ],
            "VendorName": "AWS"
          }
        },
        "VisibilityConfig": {
          "CloudWatchMetricsEnabled": true,
          "MetricName": "AWSManagedRulesSQLiRuleSet",
          "SampledRequestsEnabled": true
        }
      },
      {
        "Action": {
          "Block": {}
        },
        "Name": "not-exempt-1",
        "Priority": 101,
        "Statement": {
          "AndStatement": {
            "Statements": [
              {
                "LabelMatchStatement": {
                  "Key": "awswaf:managed:aws:sql-database:SQLi_Body",
                  "Scope": "LABEL"
                }
              },
              {
                "NotStatement": {
                  "Statement": {
                    "LabelMatchStatement": {
                      "Key": "exemption:1",
                      "Scope": "LABEL"
                    }
                  }
                }
              }
            ]
          }
        },
        "VisibilityConfig": {
          "CloudWatchMetricsEnabled": true,
          "MetricName": "not-exempt-1",
          "SampledRequestsEnabled": true
        }
      }
    ]
    "#);
    // Two labels, one exact method, one path that is decoded and normalised.
    assert_eq!(firewall.capacity(), 1_102 + 2 + 2 + 22);
}

#[test]
fn a_rule_with_two_exemptions_is_exempt_on_both_routes() {
    let firewall = plan(vec![
        exemption(&["SQLi_BODY", "SQLi_COOKIE"], &[], &["/a"]),
        exemption(&["SQLi_BODY"], &[], &["/b"]),
    ])
    .unwrap();
    let request = |path: &str, body: &str, cookie: &str| waf_rules::Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        body: body.to_owned(),
        headers: [("user-agent", "a"), ("cookie", cookie)].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        ..Default::default()
    };
    let allowed = |path: &str, body: &str, cookie: &str| {
        firewall.evaluate(&request(path, body, cookie)).action == waf_rules::DecisionAction::Allow
    };
    let attack = "' OR 1=1";
    assert!(allowed("/a", attack, attack));
    assert!(allowed("/b", attack, "a=b"));
    assert!(!allowed("/b", attack, attack));
    assert!(!allowed("/c", attack, "a=b"));
}

#[test]
fn misspelt_rules_are_refused_because_aws_would_ignore_them() {
    assert_snapshot!(messages(vec![exemption(&["SizeRestrictions_Body", "Sqli_BODDY"], &[], &["/a"])]), @r"
    no managed rule is called `SizeRestrictions_Body`; did you mean `SizeRestrictions_BODY`?
    no managed rule is called `Sqli_BODDY`
    ");
}

#[test]
fn exemptions_need_paths_that_wafs_can_match() {
    assert_snapshot!(messages(vec![
        exemption(&["SQLi_BODY"], &[], &[]),
        exemption(&["SQLi_BODY"], &[], &["/a/*/b", "a", "/a*", "/*", "/b/*"]),
    ]), @r"
    the exemption of `SQLi_BODY` names no path
    `/a/*/b` is neither an exact path nor one with /* behind it
    `a` is neither an exact path nor one with /* behind it
    `/a*` is neither an exact path nor one with /* behind it
    `/*` is neither an exact path nor one with /* behind it
    ");
}

#[test]
fn rate_limits_below_ten_are_refused() {
    let errors = Firewall::new(&Settings { rate_limit: 9, exemptions: Vec::new() }).unwrap_err();
    assert_eq!(errors, [WafError::RateLimit(9)]);
}

#[test]
fn capacity_beyond_the_included_units_is_refused() {
    let paths: Vec<String> = (0..18).map(|n| format!("/route-{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    // 1102 + 1 for each of the two labels + 22 for each path.
    assert_eq!(plan(vec![exemption(&["SQLi_BODY"], &[], &paths)]).unwrap().capacity(), 1_500);
    let errors = plan(vec![exemption(&["SQLi_BODY"], &["PUT"], &paths)]).unwrap_err();
    assert_eq!(errors, [WafError::Capacity { capacity: 1_502, allowed: INCLUDED_CAPACITY }]);
}

#[test]
fn a_group_of_unknown_capacity_never_fits() {
    let mut rules = plan(Vec::new()).unwrap().rules().to_vec();
    rules.retain(|rule| rule.name == "AWSManagedRulesSQLiRuleSet");
    if let cfn::wafv2::Statement::ManagedRuleGroup(group) = &mut rules[0].statement {
        group.name = "AWSManagedRulesPHPRuleSet".to_owned();
    }
    assert!(capacity(&rules) >= MAX_CAPACITY);
}

#[test]
fn names_and_labels_of_managed_rules_are_unique() {
    let rules: Vec<_> =
        GROUPS.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule))).collect();
    let names: BTreeSet<&str> = rules.iter().map(|(_, rule)| rule.name).collect();
    let labels: BTreeSet<String> = rules.iter().map(|(group, rule)| group.label(rule)).collect();
    assert_eq!((names.len(), labels.len()), (rules.len(), rules.len()));
    // The two spellings that the developer guide gives for one rule.
    let (group, rule) = find_rule("UserAgent_BadBots_HEADER").unwrap();
    assert_eq!(group.label(rule), "awswaf:managed:aws:core-rule-set:BadBots_Header");
}

#[test]
fn priorities_and_names_in_a_web_acl_are_unique() {
    let firewall =
        plan(vec![exemption(&["SQLi_BODY"], &[], &["/a"]), exemption(&["NoUserAgent_HEADER"], &[], &["/b"])])
            .unwrap();
    let rules = firewall.rules();
    let priorities: BTreeSet<u32> = rules.iter().map(|rule| rule.priority).collect();
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!((priorities.len(), names.len()), (rules.len(), rules.len()));
    // Labels have to be there before the rules that look for them.
    let last_group =
        rules.iter().filter(|rule| rule.override_action.is_some()).map(|rule| rule.priority).max();
    let first_label =
        rules.iter().filter(|rule| rule.name.starts_with("not-exempt-")).map(|rule| rule.priority).min();
    assert!(last_group < first_label);
}

#[test]
fn capacities_are_those_of_the_guide() {
    let of = |name: &str| GROUPS.iter().find(|group| group.name == name).map(|group| group.capacity);
    assert_eq!(of("AWSManagedRulesCommonRuleSet"), Some(700));
    assert_eq!(of("AWSManagedRulesKnownBadInputsRuleSet"), Some(200));
    assert_eq!(of("AWSManagedRulesSQLiRuleSet"), Some(200));
    assert_eq!((INCLUDED_CAPACITY, MAX_CAPACITY), (1500, 5000));
}
