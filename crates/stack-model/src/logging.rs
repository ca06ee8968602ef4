//! Log groups.

use cfn::Handle;
use cfn::logs::LogGroup;

use crate::scope::{Env, Scope, Template};

/// A log group that keeps events for as long as the environment says.
pub(crate) fn log_group(t: &mut Template, scope: Scope<'_>, id: &str, name: String) -> Handle<LogGroup<Env>> {
    t.add_with(
        format!("{id}LogGroup"),
        LogGroup { log_group_name: name.into(), retention_in_days: scope.environment.logs.retention_days },
        scope.records_removal(),
    )
}
