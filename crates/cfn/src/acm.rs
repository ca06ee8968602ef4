//! AWS Certificate Manager.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{CertificateArn, HostedZoneId};
use crate::value::Value;

/// `AWS::CertificateManager::Certificate`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Certificate<S> {
    pub domain_name: String,
    pub domain_validation_options: Vec<DomainValidation<S>>,
    pub subject_alternative_names: Vec<String>,
    pub validation_method: &'static str,
}
resource!(Certificate = "AWS::CertificateManager::Certificate", ref arn: CertificateArn);

/// The zone that a domain's validation record is written to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DomainValidation<S> {
    pub domain_name: String,
    pub hosted_zone_id: Value<S, HostedZoneId>,
}
