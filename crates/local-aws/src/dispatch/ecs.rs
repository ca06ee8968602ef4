//! Elastic Container Service.

use rollout_sim::World;
use rollout_sim::ecs;

use super::access::Needs;
use super::{Operation, operations};

/// Who assumes the roles of a task.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// The part after the last slash: names, ids and ARNs of one resource end alike.
fn last(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

fn cluster_name(cluster: Option<&str>) -> &str {
    last(cluster.unwrap_or("default"))
}

fn cluster_arn(world: &World, cluster: Option<&str>) -> String {
    world.arn("ecs", &format!("cluster/{}", cluster_name(cluster)))
}

fn service_arn(world: &World, cluster: Option<&str>, service: &str) -> String {
    if service.starts_with("arn:") {
        return service.to_owned();
    }
    world.arn("ecs", &format!("service/{}/{service}", cluster_name(cluster)))
}

fn service(world: &World, cluster: Option<&str>, service: &str) -> Needs {
    let on = Needs::on(service_arn(world, cluster, service));
    on.with("ecs:cluster", cluster_arn(world, cluster).as_str())
}

fn task_arn(world: &World, cluster: Option<&str>, task: &str) -> String {
    world.arn("ecs", &format!("task/{}/{}", cluster_name(cluster), last(task)))
}

fn in_cluster(world: &World, cluster: Option<&str>, needs: Needs) -> Needs {
    needs.with("ecs:cluster", cluster_arn(world, cluster).as_str())
}

/// With the subnets that the request names, if any, for everything needed so far (`ecs:subnet`; service authorization
/// reference of ECS).
fn placed(needs: Needs, network: Option<&ecs::NetworkConfiguration>) -> Needs {
    let subnets = network.and_then(|network| network.awsvpc_configuration.as_ref()).map(|it| &it.subnets);
    let subnets = subnets.filter(|subnets| !subnets.is_empty()).map(|subnets| subnets.join(","));
    needs.with("ecs:subnet", subnets.as_deref())
}

/// `ecs:TagResource` for tags that are set on creation (developer guide, "Tag resources during creation").
fn tagging(needs: Needs, tags: &[ecs::Tag], action: &str, resource: String) -> Needs {
    if tags.is_empty() {
        return needs;
    }
    needs.and_when("ecs:TagResource", resource, "ecs:CreateAction", action)
}

/// The definition, and the roles that its tasks (or the overrides) assume.
fn run_task(world: &World, input: &ecs::RunTaskInput) -> Needs {
    let named = ecs::DescribeTaskDefinitionInput {
        task_definition: input.task_definition.clone(),
        ..ecs::DescribeTaskDefinitionInput::default()
    };
    let definition = ecs::describe_task_definition(world, &named).ok().map(|found| found.task_definition);
    let arn = match &definition {
        Some(definition) => definition.task_definition_arn.clone(),
        None => world.arn("ecs", &format!("task-definition/{}", last(&input.task_definition))),
    };
    let overrides = input.overrides.as_ref();
    let task_role = overrides.and_then(|overrides| overrides.task_role_arn.as_deref());
    let execution_role = overrides.and_then(|overrides| overrides.execution_role_arn.as_deref());
    let defined = definition.as_ref();
    let roles = [
        task_role.or_else(|| defined?.task_role_arn.as_deref()),
        execution_role.or_else(|| defined?.execution_role_arn.as_deref()),
    ];
    let cluster = input.cluster.as_deref();
    let needs = placed(Needs::on(arn), input.network_configuration.as_ref());
    let needs = in_cluster(world, cluster, needs).passing(world, roles, TASKS);
    tagging(needs, &input.tags, "RunTask", task_arn(world, cluster, "*"))
}

fn register_task_definition(world: &World, input: &ecs::RegisterTaskDefinitionInput) -> Needs {
    let arn = world.arn("ecs", &format!("task-definition/{}:*", input.family));
    let roles = [input.task_role_arn.as_deref(), input.execution_role_arn.as_deref()];
    let needs = Needs::on(arn.clone()).passing(world, roles, TASKS);
    tagging(needs, &input.tags, "RegisterTaskDefinition", arn)
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeClusters(world, input: ecs::DescribeClustersInput) {
        needs: Needs::on_each(input.clusters.iter().map(|cluster| cluster_arn(world, Some(cluster)))),
        does: ecs::describe_clusters(world, &input),
    }
    read DescribeServiceDeployments(world, input: ecs::DescribeServiceDeploymentsInput) {
        needs: Needs::on_each(input.service_deployment_arns.iter().cloned()),
        does: ecs::describe_service_deployments(world, &input),
    }
    read DescribeServiceRevisions(world, input: ecs::DescribeServiceRevisionsInput) {
        needs: Needs::on_each(input.service_revision_arns.iter().cloned()),
        does: ecs::describe_service_revisions(world, &input),
    }
    read DescribeServices(world, input: ecs::DescribeServicesInput) {
        needs: {
            let cluster = input.cluster.as_deref();
            let services = input.services.iter().map(|service| service_arn(world, cluster, service));
            in_cluster(world, cluster, Needs::on_each(services))
        },
        does: ecs::describe_services(world, &input),
    }
    read DescribeTaskDefinition(world, input: ecs::DescribeTaskDefinitionInput) {
        needs: Needs::any(),
        does: ecs::describe_task_definition(world, &input),
    }
    read DescribeTasks(world, input: ecs::DescribeTasksInput) {
        needs: {
            let cluster = input.cluster.as_deref();
            let tasks = input.tasks.iter().map(|task| task_arn(world, cluster, task));
            in_cluster(world, cluster, Needs::on_each(tasks))
        },
        does: ecs::describe_tasks(world, &input),
    }
    read ListClusters(world, input: ecs::ListClustersInput) {
        needs: Needs::any(),
        does: ecs::list_clusters(world, &input),
    }
    read ListServiceDeployments(world, input: ecs::ListServiceDeploymentsInput) {
        needs: service(world, input.cluster.as_deref(), &input.service),
        does: ecs::list_service_deployments(world, &input),
    }
    read ListServices(world, input: ecs::ListServicesInput) {
        needs: in_cluster(world, input.cluster.as_deref(), Needs::any()),
        does: ecs::list_services(world, &input),
    }
    read ListTagsForResource(world, input: ecs::ListTagsForResourceInput) {
        needs: Needs::on(input.resource_arn.clone()),
        does: ecs::list_tags_for_resource(world, &input),
    }
    read ListTaskDefinitions(world, input: ecs::ListTaskDefinitionsInput) {
        needs: Needs::any(),
        does: ecs::list_task_definitions(world, &input),
    }
    read ListTasks(world, input: ecs::ListTasksInput) {
        needs: in_cluster(world, input.cluster.as_deref(), Needs::any()),
        does: ecs::list_tasks(world, &input),
    }
    write CreateCluster(world, input: ecs::CreateClusterInput) {
        needs: {
            let arn = cluster_arn(world, input.cluster_name.as_deref());
            tagging(Needs::on(arn.clone()), &input.tags, "CreateCluster", arn)
        },
        does: ecs::create_cluster(world, input),
    }
    write CreateService(world, input: ecs::CreateServiceInput) {
        needs: {
            let cluster = input.cluster.as_deref();
            let needs = service(world, cluster, &input.service_name);
            let needs = placed(needs, input.network_configuration.as_ref());
            tagging(needs, &input.tags, "CreateService", service_arn(world, cluster, &input.service_name))
        },
        does: ecs::create_service(world, input),
    }
    write DeleteCluster(world, input: ecs::DeleteClusterInput) {
        needs: Needs::on(cluster_arn(world, Some(&input.cluster))),
        does: ecs::delete_cluster(world, &input),
    }
    write DeleteService(world, input: ecs::DeleteServiceInput) {
        needs: service(world, input.cluster.as_deref(), &input.service),
        does: ecs::delete_service(world, &input),
    }
    write DeregisterTaskDefinition(world, input: ecs::DeregisterTaskDefinitionInput) {
        needs: Needs::any(),
        does: ecs::deregister_task_definition(world, &input),
    }
    write RegisterTaskDefinition(world, input: ecs::RegisterTaskDefinitionInput) {
        needs: register_task_definition(world, &input),
        does: ecs::register_task_definition(world, input),
    }
    write RunTask(world, input: ecs::RunTaskInput) {
        needs: run_task(world, &input),
        does: ecs::run_task(world, input),
    }
    write StopServiceDeployment(world, input: ecs::StopServiceDeploymentInput) {
        needs: Needs::on(input.service_deployment_arn.clone()),
        does: ecs::stop_service_deployment(world, input),
    }
    write StopTask(world, input: ecs::StopTaskInput) {
        needs: {
            let cluster = input.cluster.as_deref();
            in_cluster(world, cluster, Needs::on(task_arn(world, cluster, &input.task)))
        },
        does: ecs::stop_task(world, input),
    }
    write TagResource(world, input: ecs::TagResourceInput) {
        needs: Needs::on(input.resource_arn.clone()),
        does: ecs::tag_resource(world, input),
    }
    write UntagResource(world, input: ecs::UntagResourceInput) {
        needs: Needs::on(input.resource_arn.clone()),
        does: ecs::untag_resource(world, &input),
    }
    write UpdateService(world, input: ecs::UpdateServiceInput) {
        needs: {
            let needs = service(world, input.cluster.as_deref(), &input.service);
            placed(needs, input.network_configuration.as_ref())
        },
        does: ecs::update_service(world, input),
    }
};
