//! `waf check`: the firewall of an environment, and what it would do to a request.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ops_cli::Exit;
use waf_rules::{Decision, DecisionAction, Firewall, INCLUDED_CAPACITY, Request};

use crate::failure::Failure;
use crate::output;
use crate::project::Project;

/// Arguments of `waf`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Show rules, capacity and exemptions; with --request, whether a request passes (exit code 10: it is blocked)
    Check {
        /// Environment
        #[arg(default_value = "production")]
        environment: String,
        /// Request as JSON: method, path, and where they matter query, headers, body, host; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        request: Option<PathBuf>,
    },
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let Args::Check { environment, request } = args;
    let config = project.config()?;
    let environment = config.environment(environment)?;
    let firewall = stack_model::firewall(&config, environment)
        .map_err(|error| Failure::bad_input("the firewall cannot be made").because(error))?;
    let Some(file) = request else {
        let state = if environment.waf.enabled { "on" } else { "off" };
        return output::data(&format!("firewall of {}: {state}\n{}", environment.name, describe(&firewall)));
    };
    let decision = firewall.evaluate(&read(file)?);
    output::data(&verdict(&decision))?;
    Ok(match decision.action {
        DecisionAction::Allow => ExitCode::SUCCESS,
        DecisionAction::Block => Exit::Differences.into(),
    })
}

/// What the description of a request may have, in bytes: no rule looks at more than the first 64 KiB of a body.
const MAX_REQUEST: u64 = 1024 * 1024;

fn read_input() -> std::io::Result<String> {
    std::io::read_to_string(std::io::stdin().take(MAX_REQUEST))
}

fn read(file: &Path) -> Result<Request, Failure> {
    let text = if file == Path::new("-") { read_input() } else { env_config::read_text(file, MAX_REQUEST) };
    let text = text.map_err(|error| {
        Failure::bad_input(format!("failed to read the request from {}", file.display())).because(error)
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::bad_input(format!("{} is not a request", file.display()))
            .because(error)
            .hint(r#"{"method": "PUT", "path": "/api/documents/1", "headers": {"user-agent": "x"}, "body": "text"}"#)
    })
}

fn describe(firewall: &Firewall) -> String {
    let mut text =
        format!("capacity: {} of {INCLUDED_CAPACITY} units\n\nrules by priority:\n", firewall.capacity());
    let mut rules: Vec<_> = firewall.rules().iter().collect();
    rules.sort_by_key(|rule| rule.priority);
    for rule in rules {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>5}  {}", rule.priority, rule.name);
    }
    text += "\nexemptions:\n";
    for exemption in firewall.exemptions() {
        let methods =
            if exemption.methods.is_empty() { "any method".to_owned() } else { exemption.methods.join(", ") };
        let _ = writeln!(text, "  {} on {}", methods, exemption.paths.join(", "));
        let _ = writeln!(text, "    rules:  {}", exemption.rules.join(", "));
        let _ = writeln!(text, "    reason: {}", exemption.reason);
    }
    text
}

fn verdict(decision: &Decision) -> String {
    let action = match decision.action {
        DecisionAction::Allow => "allowed",
        DecisionAction::Block => "blocked",
    };
    let by = match (&decision.rule, &decision.managed_rule) {
        (Some(rule), Some(managed)) => format!(" by {managed} of {rule}"),
        (Some(rule), None) => format!(" by {rule}"),
        (None, _) => ": no rule decided".to_owned(),
    };
    let labels: Vec<&str> = decision.labels.iter().map(String::as_str).collect();
    let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    format!("{action}{by}\nlabels: {labels}\n")
}
