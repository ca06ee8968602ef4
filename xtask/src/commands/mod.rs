//! One file per command: its arguments and `run`.

pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod github;
pub(crate) mod graph;
pub(crate) mod schema;
pub(crate) mod synth;
pub(crate) mod test;
pub(crate) mod tidy;
pub(crate) mod waf;
