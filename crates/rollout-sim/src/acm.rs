//! Certificates, as far as listeners ask whether there is one. Those of stacks are those that CloudFormation keeps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{ApiError, World};

const KIND: &str = "AWS::CertificateManager::Certificate";

/// Certificates that no stack made, by ARN.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    without_stack: BTreeSet<String>,
}

/// Makes an issued certificate that no stack has, for whoever sets a scene; one that is there stays.
pub fn make_certificate(world: &mut World, arn: &str) {
    world.acm.without_stack.insert(arn.to_owned());
}

/// Whether there is one. Those of IAM are not modelled, and taken to exist.
///
/// # Errors
/// `CertificateNotFound` (bc:elbv2/CreateListener); its words are those that users report, UNCONFIRMED.
pub(crate) fn check(world: &World, arn: &str) -> Result<(), ApiError> {
    let of_stack = || world.cfn.bags.get(KIND).is_some_and(|bags| bags.contains_key(arn));
    if !arn.contains(":acm:") || world.acm.without_stack.contains(arn) || of_stack() {
        return Ok(());
    }
    Err(ApiError::new("CertificateNotFound", format!("Certificate '{arn}' not found")))
}
