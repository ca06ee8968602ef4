//! The AWS managed rule groups in use: capacity, rules in order of evaluation, labels.
//!
//! Sources: AWS WAF developer guide, `aws-managed-rule-groups-baseline` and `aws-managed-rule-groups-use-case`. A label's
//! spelling differs from the rule's name (`SizeRestrictions_BODY` adds `…:SizeRestrictions_Body`), so both are written out.

use crate::matchers::Check;

/// A rule group that AWS keeps.
#[derive(Debug, Clone, Copy)]
pub struct ManagedGroup {
    /// Name, with the vendor `AWS`.
    pub name: &'static str,
    /// Web ACL capacity units.
    pub capacity: u32,
    /// Start of its labels, with the colon at the end.
    pub label_prefix: &'static str,
    /// Its rules. All of them block unless overridden.
    pub rules: &'static [ManagedRule],
}

/// A rule of a managed group.
#[derive(Debug, Clone, Copy)]
pub struct ManagedRule {
    /// Name, as overrides write it.
    pub name: &'static str,
    /// Label that it adds, without the group's prefix.
    pub label: &'static str,
    /// Part of the request that it inspects.
    pub part: Part,
    pub(crate) check: Check,
}

/// Part of a request that a rule inspects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body; rules that look for patterns see its first 8 KiB (fixed for load balancers).
    Body,
    /// Names and values in the query string, decoded.
    QueryArguments,
    /// The query string as sent.
    QueryString,
    /// The path.
    UriPath,
    /// The header `Cookie`.
    Cookie,
    /// The values of all headers.
    Headers,
    /// The header `User-Agent`.
    UserAgent,
    /// The header `Host`.
    Host,
    /// The method.
    Method,
}

const fn rule(name: &'static str, label: &'static str, part: Part, check: Check) -> ManagedRule {
    ManagedRule { name, label, part, check }
}

/// Every group in use, in order of evaluation.
pub const GROUPS: [ManagedGroup; 3] = [
    ManagedGroup {
        name: "AWSManagedRulesCommonRuleSet",
        capacity: 700,
        label_prefix: "awswaf:managed:aws:core-rule-set:",
        rules: &[
            rule("NoUserAgent_HEADER", "NoUserAgent_Header", Part::UserAgent, Check::Missing),
            rule("UserAgent_BadBots_HEADER", "BadBots_Header", Part::UserAgent, Check::BadBot),
            rule(
                "SizeRestrictions_QUERYSTRING",
                "SizeRestrictions_QueryString",
                Part::QueryString,
                Check::LongerThan(2_048),
            ),
            rule(
                "SizeRestrictions_Cookie_HEADER",
                "SizeRestrictions_Cookie_Header",
                Part::Cookie,
                Check::LongerThan(10_240),
            ),
            rule("SizeRestrictions_BODY", "SizeRestrictions_Body", Part::Body, Check::LongerThan(8_192)),
            rule(
                "SizeRestrictions_URIPATH",
                "SizeRestrictions_URIPath",
                Part::UriPath,
                Check::LongerThan(1_024),
            ),
            rule("EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_Body", Part::Body, Check::InstanceMetadata),
            rule("EC2MetaDataSSRF_COOKIE", "EC2MetaDataSSRF_Cookie", Part::Cookie, Check::InstanceMetadata),
            rule(
                "EC2MetaDataSSRF_URIPATH",
                "EC2MetaDataSSRF_URIPath",
                Part::UriPath,
                Check::InstanceMetadata,
            ),
            rule(
                "EC2MetaDataSSRF_QUERYARGUMENTS",
                "EC2MetaDataSSRF_QueryArguments",
                Part::QueryArguments,
                Check::InstanceMetadata,
            ),
            rule(
                "GenericLFI_QUERYARGUMENTS",
                "GenericLFI_QueryArguments",
                Part::QueryArguments,
                Check::LocalFile,
            ),
            rule("GenericLFI_URIPATH", "GenericLFI_URIPath", Part::UriPath, Check::LocalFile),
            rule("GenericLFI_BODY", "GenericLFI_Body", Part::Body, Check::LocalFile),
            rule(
                "RestrictedExtensions_URIPATH",
                "RestrictedExtensions_URIPath",
                Part::UriPath,
                Check::RestrictedExtension,
            ),
            rule(
                "RestrictedExtensions_QUERYARGUMENTS",
                "RestrictedExtensions_QueryArguments",
                Part::QueryArguments,
                Check::RestrictedExtension,
            ),
            rule(
                "GenericRFI_QUERYARGUMENTS",
                "GenericRFI_QueryArguments",
                Part::QueryArguments,
                Check::RemoteFile,
            ),
            rule("GenericRFI_BODY", "GenericRFI_Body", Part::Body, Check::RemoteFile),
            rule("GenericRFI_URIPATH", "GenericRFI_URIPath", Part::UriPath, Check::RemoteFile),
            rule("CrossSiteScripting_COOKIE", "CrossSiteScripting_Cookie", Part::Cookie, Check::Script),
            rule(
                "CrossSiteScripting_QUERYARGUMENTS",
                "CrossSiteScripting_QueryArguments",
                Part::QueryArguments,
                Check::Script,
            ),
            rule("CrossSiteScripting_BODY", "CrossSiteScripting_Body", Part::Body, Check::Script),
            rule("CrossSiteScripting_URIPATH", "CrossSiteScripting_URIPath", Part::UriPath, Check::Script),
        ],
    },
    ManagedGroup {
        name: "AWSManagedRulesKnownBadInputsRuleSet",
        capacity: 200,
        label_prefix: "awswaf:managed:aws:known-bad-inputs:",
        rules: &[
            rule(
                "JavaDeserializationRCE_HEADER",
                "JavaDeserializationRCE_Header",
                Part::Headers,
                Check::JavaDeserialization,
            ),
            rule(
                "JavaDeserializationRCE_BODY",
                "JavaDeserializationRCE_Body",
                Part::Body,
                Check::JavaDeserialization,
            ),
            rule(
                "JavaDeserializationRCE_URIPATH",
                "JavaDeserializationRCE_URIPath",
                Part::UriPath,
                Check::JavaDeserialization,
            ),
            rule(
                "JavaDeserializationRCE_QUERYSTRING",
                "JavaDeserializationRCE_QueryString",
                Part::QueryString,
                Check::JavaDeserialization,
            ),
            rule("Host_localhost_HEADER", "Host_Localhost_Header", Part::Host, Check::Localhost),
            rule("PROPFIND_METHOD", "Propfind_Method", Part::Method, Check::Propfind),
            rule(
                "ExploitablePaths_URIPATH",
                "ExploitablePaths_URIPath",
                Part::UriPath,
                Check::ExploitablePath,
            ),
            rule("Log4JRCE_HEADER", "Log4JRCE_Header", Part::Headers, Check::Log4J),
            rule("Log4JRCE_QUERYSTRING", "Log4JRCE_QueryString", Part::QueryString, Check::Log4J),
            rule("Log4JRCE_BODY", "Log4JRCE_Body", Part::Body, Check::Log4J),
            rule("Log4JRCE_URIPATH", "Log4JRCE_URIPath", Part::UriPath, Check::Log4J),
            rule("ReactJSRCE_BODY", "ReactJSRCE_Body", Part::Body, Check::ReactFlight),
        ],
    },
    ManagedGroup {
        name: "AWSManagedRulesSQLiRuleSet",
        capacity: 200,
        label_prefix: "awswaf:managed:aws:sql-database:",
        rules: &[
            rule("SQLi_QUERYARGUMENTS", "SQLi_QueryArguments", Part::QueryArguments, Check::Sql),
            rule(
                "SQLiExtendedPatterns_QUERYARGUMENTS",
                "SQLiExtendedPatterns_QueryArguments",
                Part::QueryArguments,
                Check::SqlExtended,
            ),
            rule("SQLi_BODY", "SQLi_Body", Part::Body, Check::Sql),
            rule("SQLiExtendedPatterns_BODY", "SQLiExtendedPatterns_Body", Part::Body, Check::SqlExtended),
            rule("SQLi_COOKIE", "SQLi_Cookie", Part::Cookie, Check::Sql),
            rule("SQLi_URIPATH", "SQLi_URIPath", Part::UriPath, Check::Sql),
        ],
    },
];

/// The group and the rule of that name.
pub fn find_rule(name: &str) -> Option<(&'static ManagedGroup, &'static ManagedRule)> {
    GROUPS
        .iter()
        .find_map(|group| group.rules.iter().find(|rule| rule.name == name).map(|rule| (group, rule)))
}

impl ManagedGroup {
    /// The full label that a rule of the group adds.
    pub fn label(&self, rule: &ManagedRule) -> String {
        format!("{}{}", self.label_prefix, rule.label)
    }
}
