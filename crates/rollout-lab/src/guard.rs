//! The tool's guards, as far as they concern what is simulated: a change that the release in service cannot survive.

use crate::Case;
use crate::stage::old_behaviour;

/// Why the change is refused before anything is touched; `None` where it is not.
///
/// While the services roll, and after a rollback inside ECS, tasks of the release in service are checked by the new
/// rules: a health check that they do not pass, or a port that they do not listen on, takes them down too.
pub(crate) fn refusal(case: &Case) -> Option<String> {
    for (name, service) in &case.after.platform.services {
        let Some(before) = case.before.platform.services.get(name) else { continue };
        if before.port != service.port {
            return Some(format!(
                "{name}: the release in service listens on port {}, the change sends requests to {}",
                before.port, service.port
            ));
        }
        let check = case.after.platform.target_health_check(service);
        if check == case.before.platform.target_health_check(before) {
            continue;
        }
        let Some(check) = check else { continue };
        let answer = old_behaviour(case, name.as_str()).status(&check.path);
        if answer != check.status {
            return Some(format!(
                "{name}: the release in service answers {} with {answer}, the new health check wants {}; deploy a \
                 release that answers it first, then move the check",
                check.path, check.status
            ));
        }
    }
    None
}
