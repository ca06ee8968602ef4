//! Wire shapes of the Route 53 API (REST with XML; `bc:route53/2013-04-01`), read from and written as a tree. A member that is
//! not here is not modelled, and a request that has it is refused by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scalar::lenient_opt;
use crate::wire::{inputs, outputs};

/// One value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Record {
    /// In the text of its type.
    pub value: String,
}

/// What an alias leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AliasTarget {
    /// Zone of the target, which is its service's.
    pub hosted_zone_id: String,
    /// Its name.
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// Whether its health counts.
    #[serde(default, deserialize_with = "lenient_opt", skip_serializing_if = "Option::is_none")]
    pub evaluate_target_health: Option<bool>,
}

/// The records of one name and type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct RecordSet {
    /// Name.
    pub name: String,
    /// Type, such as `MX`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Seconds; not of an alias.
    #[serde(rename = "TTL", deserialize_with = "lenient_opt", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_records: Vec<Record>,
    /// The alias, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_target: Option<AliasTarget>,
}

/// One change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Change {
    /// `CREATE`, `DELETE` or `UPSERT`.
    pub action: String,
    /// Of what.
    pub resource_record_set: RecordSet,
}

/// Changes that are made together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ChangeBatch {
    /// For people.
    pub comment: Option<String>,
    /// In order.
    pub changes: Vec<Change>,
}

/// A member of [`CreateZoneInput`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ZoneConfig {
    /// For people.
    pub comment: Option<String>,
    /// Not modelled.
    pub private_zone: Option<Value>,
}

inputs! { "PascalCase"
    /// Input of `CreateHostedZone`.
    pub struct CreateZoneInput {
        /// Name.
        pub name: String,
        /// Unique.
        pub caller_reference: String,
        /// Comment.
        pub hosted_zone_config: Option<ZoneConfig>,
        /// Not modelled.
        #[serde(rename = "VPC")]
        pub vpc: Option<Value>,
    }
    /// Input of `ListResourceRecordSets`.
    pub struct ListInput {
        /// Zone.
        pub hosted_zone_id: String,
        /// Where the page begins.
        pub start_record_name: Option<String>,
        /// Where the page begins.
        pub start_record_type: Option<String>,
        /// Not modelled.
        pub start_record_identifier: Option<String>,
        /// At most 300.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_items: Option<usize>,
    }
    /// Input of `ChangeResourceRecordSets`.
    pub struct ChangeInput {
        /// Zone.
        pub hosted_zone_id: String,
        /// Changes.
        pub change_batch: ChangeBatch,
    }
}

outputs! { "PascalCase"
    /// A zone.
    pub struct HostedZone {
        /// `/hostedzone/ID`.
        pub id: String,
        /// Name.
        pub name: String,
        /// As it was given.
        pub caller_reference: String,
        /// Record sets, NS and SOA included.
        pub resource_record_set_count: u32,
    }
    /// Where a zone is served.
    pub struct DelegationSet {
        /// Four.
        pub name_servers: Vec<String>,
    }
    /// How a change stands.
    pub struct ChangeInfo {
        /// `/change/ID`.
        pub id: String,
        /// `PENDING` or `INSYNC`.
        pub status: String,
        /// Seconds since the epoch.
        pub submitted_at: f64,
    }
    /// Output of `CreateHostedZone`.
    pub struct CreateZoneOutput {
        /// The zone.
        pub hosted_zone: HostedZone,
        /// Its creation.
        pub change_info: ChangeInfo,
        /// Its name servers.
        pub delegation_set: DelegationSet,
    }
    /// Output of `ListResourceRecordSets`.
    pub struct ListOutput {
        /// In order.
        pub resource_record_sets: Vec<RecordSet>,
        /// Whether there are more.
        pub is_truncated: bool,
        /// As asked for.
        pub max_items: usize,
        /// Where the next page begins.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_record_name: Option<String>,
        /// Where the next page begins.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_record_type: Option<String>,
    }
    /// Output of `ChangeResourceRecordSets`.
    pub struct ChangeOutput {
        /// The change.
        pub change_info: ChangeInfo,
    }
}
