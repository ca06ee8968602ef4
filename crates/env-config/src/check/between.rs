//! What must differ between environments, so that they live side by side in one account.

use crate::{document::Document, environment::Environment, error::Problem, platform::Platform};

/// Everything that two environments share and must not. Reported in the file that comes later.
pub(crate) fn between(files: &[(&Document<'_>, &Environment)], platform: Option<&Platform>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (nth, (document, environment)) in files.iter().enumerate() {
        if let Some(platform) = platform
            && environment.stack_name == platform.shared_stack_name
        {
            problems.push(shared(document, "stack_name", "infra/platform.toml has it as shared_stack_name"));
        }
        for (other_document, other) in &files[..nth] {
            let place = |key: &[&str]| format!("{}:{} has", other_document.name(), other_document.line(key));
            if environment.name == other.name {
                problems.push(shared(document, "name", &format!("{} it too", place(&["name"]))));
            }
            if environment.stack_name == other.stack_name {
                problems.push(shared(document, "stack_name", &format!("{} it too", place(&["stack_name"]))));
            } else if alike(environment.stack_name.as_str(), other.stack_name.as_str()) {
                let help = format!(
                    "{} `{}`, and names of one's resources would look like the other's",
                    place(&["stack_name"]),
                    other.stack_name
                );
                problems.push(shared(document, "stack_name", &help));
            }
            if environment.domain == other.domain {
                problems.push(shared(document, "domain", &format!("{} it too", place(&["domain"]))));
            }
            if nested(environment.secrets_prefix.as_str(), other.secrets_prefix.as_str()) {
                let help = format!("{} `{}`", place(&["secrets_prefix"]), other.secrets_prefix);
                problems.push(shared(document, "secrets_prefix", &help));
            }
            if environment.network.cidr.overlaps(other.network.cidr) {
                let span = document.span(&["network", "cidr"]);
                problems.push(document.problem(
                    span,
                    format!("`{}` overlaps the network of `{}`", environment.network.cidr, other.name),
                    "overlaps",
                    Some(format!(
                        "{} {}; each environment needs addresses of its own, such as 10.30.0.0/16",
                        place(&["network", "cidr"]),
                        other.network.cidr
                    )),
                ));
            }
        }
    }
    problems
}

fn shared(document: &Document<'_>, key: &str, other: &str) -> Problem {
    let span = document.span(&[key]);
    let text = document.text().get(span.clone()).unwrap_or_default();
    let message = format!("`{key}` {text} is not this environment's alone");
    document.problem(span, message, "must differ", Some(format!("{other}; each environment needs its own")))
}

/// Whether one path is the other or lies in it: a permission for `staging/*` would reach `staging/other/*`.
fn nested(one: &str, other: &str) -> bool {
    let inside = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
    inside(one, other) || inside(other, one)
}

/// Whether names that CloudFormation makes in one stack (`{stack in lower case}-…`) look like those of the other: roles go by
/// them.
fn alike(one: &str, other: &str) -> bool {
    let start = |name: &str| format!("{}-", name.to_lowercase());
    start(one).starts_with(&start(other)) || start(other).starts_with(&start(one))
}
