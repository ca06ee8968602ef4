//! WAF rule groups as data: priorities, capacity, overrides, offline evaluation.
