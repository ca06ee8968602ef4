//! deploy-ops
fn main() {}
