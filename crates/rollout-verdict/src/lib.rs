//! From observations of a deployment to a verdict: pure, no clock, no network.
