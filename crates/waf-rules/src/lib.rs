//! Web application firewall rules as data: managed rule groups, exemptions with their reasons, capacity, and an offline
//! evaluation that says what the firewall would do to a request.
//!
//! [`Firewall::new`] plans the rules and refuses what AWS would ignore or reject; [`Firewall::web_acl`] renders them;
//! [`Firewall::evaluate`] runs a request through the same rendered rules.
//!
//! **The contents of AWS' managed rules are not public.** Names, labels, order, inspected parts and size limits here are
//! AWS' (developer guide, "Baseline rule groups" and "Use-case specific rule groups"); what a rule takes for an attack is
//! approximated from its published description. A decision here is evidence about this configuration (overrides, labels,
//! paths), not about the detection quality of AWS.

mod capacity;
mod evaluate;
mod firewall;
mod groups;
mod matchers;
mod request;

pub use capacity::{INCLUDED_CAPACITY, MAX_CAPACITY, capacity};
pub use evaluate::{Decision, DecisionAction};
pub use firewall::{Exemption, Firewall, Settings, WafError};
pub use groups::{GROUPS, ManagedGroup, ManagedRule, Part, find_rule};
pub use request::Request;
