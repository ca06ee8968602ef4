//! Somebody else acts in the middle of a rollout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deploy_ops::aws::Aws;
use deploy_ops::clock::{Boxed, Clock, Moment};
use deploy_ops::session::EnvironmentSession;

/// Lets somebody else act once, `secs` from now.
pub(crate) fn meddle<F, A>(session: &mut EnvironmentSession, secs: f64, act: F)
where
    F: Fn(Aws, String) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let (aws, cluster) = (session.target.aws.clone(), session.names().cluster());
    let clock = session.target.clock.clone();
    let at = clock.now().plus_secs(secs);
    let act = move || -> Boxed<'static, ()> { Box::pin(act(aws.clone(), cluster.clone())) };
    session.session.target.clock = Arc::new(Meddled { clock, at, done: AtomicBool::new(false), act });
}

/// Deploys a revision of a service's task definition that nobody else knows; answers its ARN.
pub(crate) async fn deploy_another_revision(aws: &Aws, cluster: &str, service: &str) -> String {
    let services = aws.ecs.describe_services().cluster(cluster).services(service).send().await.unwrap();
    let current = services.services()[0].task_definition().unwrap().to_owned();
    let found = aws.ecs.describe_task_definition().task_definition(&current).send().await.unwrap();
    let definition = found.task_definition.unwrap();
    let registered = aws
        .ecs
        .register_task_definition()
        .family(definition.family().unwrap())
        .set_container_definitions(definition.container_definitions.clone())
        .set_cpu(definition.cpu.clone())
        .set_memory(Some("1024".to_owned()))
        .set_network_mode(definition.network_mode.clone())
        .set_requires_compatibilities(definition.requires_compatibilities.clone())
        .set_execution_role_arn(definition.execution_role_arn.clone())
        .set_task_role_arn(definition.task_role_arn.clone())
        .set_runtime_platform(definition.runtime_platform.clone())
        .send()
        .await
        .unwrap();
    let other = registered.task_definition.unwrap().task_definition_arn.unwrap();
    let update = aws.ecs.update_service().cluster(cluster).service(service).task_definition(&other);
    update.send().await.unwrap();
    other
}

/// A clock that lets somebody else act once, at a moment.
struct Meddled<F> {
    clock: Arc<dyn Clock>,
    at: Moment,
    done: AtomicBool,
    act: F,
}

impl<F> Clock for Meddled<F>
where
    F: Fn() -> Boxed<'static, ()> + Send + Sync,
{
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.clock.sleep(duration).await;
            if self.now() >= self.at && !self.done.swap(true, Ordering::Relaxed) {
                (self.act)().await;
            }
        })
    }
}
