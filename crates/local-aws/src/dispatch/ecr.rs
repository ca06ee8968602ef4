//! Elastic Container Registry.

use rollout_sim::World;
use rollout_sim::ecr;

use super::access::Needs;
use super::{Operation, operations};

fn repository(world: &World, name: &str) -> Needs {
    Needs::on(world.arn("ecr", &format!("repository/{name}")))
}

fn repositories(world: &World, names: &[String]) -> Needs {
    if names.is_empty() {
        return repository(world, "*");
    }
    Needs::on_each(names.iter().map(|name| world.arn("ecr", &format!("repository/{name}"))))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read BatchGetImage(world, input: ecr::BatchGetImageInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::batch_get_image(world, &input),
    }
    read DescribeImages(world, input: ecr::DescribeImagesInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::describe_images(world, &input),
    }
    read DescribeImageScanFindings(world, input: ecr::DescribeImageScanFindingsInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::describe_image_scan_findings(world, &input),
    }
    read DescribeRepositories(world, input: ecr::DescribeRepositoriesInput) {
        needs: repositories(world, &input.repository_names),
        does: ecr::describe_repositories(world, &input),
    }
    read GetDownloadUrlForLayer(world, input: ecr::GetDownloadUrlForLayerInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::get_download_url_for_layer(world, &input),
    }
    read GetLifecyclePolicy(world, input: ecr::LifecyclePolicyInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::get_lifecycle_policy(world, &input),
    }
    read ListImages(world, input: ecr::ListImagesInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::list_images(world, &input),
    }
    write BatchDeleteImage(world, input: ecr::BatchDeleteImageInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::batch_delete_image(world, &input),
    }
    write CreateRepository(world, input: ecr::CreateRepositoryInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::create_repository(world, input),
    }
    write DeleteLifecyclePolicy(world, input: ecr::LifecyclePolicyInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::delete_lifecycle_policy(world, &input),
    }
    write DeleteRepository(world, input: ecr::DeleteRepositoryInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::delete_repository(world, &input),
    }
    write GetAuthorizationToken(world, input: ecr::GetAuthorizationTokenInput) {
        needs: Needs::any(),
        does: ecr::get_authorization_token(world, &input),
    }
    write PutImage(world, input: ecr::PutImageInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::put_image(world, input),
    }
    write PutImageTagMutability(world, input: ecr::PutImageTagMutabilityInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::put_image_tag_mutability(world, input),
    }
    write PutLifecyclePolicy(world, input: ecr::PutLifecyclePolicyInput) {
        needs: repository(world, &input.repository_name),
        does: ecr::put_lifecycle_policy(world, input),
    }
};
