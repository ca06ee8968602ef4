//! Deployment operations against AWS: the only crate that talks to it.
