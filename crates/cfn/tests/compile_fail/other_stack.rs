//! A resource of the shared stack in an environment's template.

use cfn::Template;
use cfn::logs::LogGroup;

#[derive(Debug, Clone, serde::Serialize)]
struct Shared;
impl cfn::Stack for Shared {}

#[derive(Debug, Clone, serde::Serialize)]
struct Env;
impl cfn::Stack for Env {}

fn main() {
    let mut shared = Template::<Shared>::new("shared", "", Vec::new());
    let logs = shared.add("Logs", LogGroup { log_group_name: "/main".into(), retention_in_days: 7 });
    let mut environment = Template::<Env>::new("staging", "", Vec::new());
    environment.output("LogGroupName", logs.name());
}
