//! Records of a domain that is served elsewhere, brought into the platform's hosted zone.

pub mod copy;
pub mod plan;
mod route53;
pub mod zone_file;
