//! The numbers AWS does not document, in one place, each with where its value comes from.

use serde::{Deserialize, Serialize};

/// Named parameters of the model; times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// From the push of an image until its basic scan is complete. Undocumented: chosen because basic scans
    /// of images of this size are seen to take some tens of seconds.
    pub ecr_scan_secs: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { ecr_scan_secs: 30.0 }
    }
}
