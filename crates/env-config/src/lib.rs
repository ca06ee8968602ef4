//! Typed platform and environment configuration, read from TOML.
