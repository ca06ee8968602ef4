//! The templates that the configuration asks for.

use cfn::Document;
use env_config::Config;

use crate::failure::Failure;

/// Every template (`all`), the one of what exists once (`shared`) or that of an environment.
pub(crate) fn select(config: &Config, stack: &str) -> Result<Vec<Document>, Failure> {
    if stack != "all" {
        return one(config, stack).map(|document| vec![document]);
    }
    let mut documents = vec![one(config, "shared")?];
    for name in config.environments.keys() {
        documents.push(one(config, name.as_str())?);
    }
    Ok(documents)
}

/// The template of `shared` or of an environment.
pub(crate) fn one(config: &Config, stack: &str) -> Result<Document, Failure> {
    let document = if stack == "shared" {
        stack_model::shared(config)
    } else {
        stack_model::environment(config, config.environment(stack)?)
    };
    document.map_err(|error| {
        Failure::bad_input(format!("the configuration asks for an impossible template of {stack}"))
            .because(error)
    })
}
