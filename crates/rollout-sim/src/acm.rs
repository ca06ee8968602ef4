//! Certificate Manager: which certificates there are, and how one that a stack asked for stands (botocore `acm/2015-12-08`).
//! Those of stacks are those that CloudFormation keeps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{inputs, outputs};
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

inputs! { "PascalCase"
    /// Input of `DescribeCertificate`.
    pub struct DescribeCertificateInput {
        /// ARN.
        pub certificate_arn: String,
    }
}

outputs! { "PascalCase"
    /// A certificate.
    pub struct CertificateDetail {
        /// ARN.
        pub certificate_arn: String,
        /// Its first name.
        pub domain_name: String,
        /// All names.
        pub subject_alternative_names: Vec<String>,
        /// `ISSUED`: zones that stacks make are found here at once (INF).
        pub status: String,
    }
    /// Output of `DescribeCertificate`.
    pub struct DescribeCertificateOutput {
        /// The certificate.
        pub certificate: CertificateDetail,
    }
}

/// `DescribeCertificate`.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn describe_certificate(
    world: &World,
    input: &DescribeCertificateInput,
) -> Result<DescribeCertificateOutput, ApiError> {
    let arn = &input.certificate_arn;
    let bags = world.cfn.bags.get(KIND);
    let properties = bags.and_then(|bags| bags.get(arn)).map(|bag| &bag.properties).ok_or_else(|| {
        ApiError::new("ResourceNotFoundException", format!("Could not find certificate {arn}."))
    })?;
    let domain_name = properties["DomainName"].as_str().unwrap_or_default().to_owned();
    let others = properties["SubjectAlternativeNames"].as_array().into_iter().flatten();
    let others = others.filter_map(Value::as_str).map(str::to_owned);
    let mut subject_alternative_names = vec![domain_name.clone()];
    subject_alternative_names.extend(others.filter(|name| *name != domain_name));
    let status = "ISSUED".to_owned();
    let certificate =
        CertificateDetail { certificate_arn: arn.clone(), domain_name, subject_alternative_names, status };
    Ok(DescribeCertificateOutput { certificate })
}
