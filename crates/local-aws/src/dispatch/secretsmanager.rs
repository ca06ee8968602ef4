//! Secrets Manager. What brings a value is marked `secret`: its input must not reach the journal.

use rollout_sim::World;
use rollout_sim::secrets;

use super::access::Needs;
use super::{Operation, operations};

/// A secret by name or ARN. One that does not exist (yet) stands for any suffix that AWS may give it.
fn secret(world: &World, name_or_arn: &str) -> Needs {
    if name_or_arn.starts_with("arn:") {
        return Needs::on(name_or_arn);
    }
    let named = secrets::SecretInput { secret_id: name_or_arn.to_owned() };
    match secrets::describe_secret(world, &named) {
        Ok(found) => Needs::on(found.arn),
        Err(_) => Needs::on(world.arn("secretsmanager", &format!("secret:{name_or_arn}-??????"))),
    }
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeSecret(world, input: secrets::SecretInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::describe_secret(world, &input),
    }
    read GetSecretValue(world, input: secrets::GetSecretValueInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::get_secret_value(world, &input),
    }
    read ListSecrets(world, input: secrets::ListSecretsInput) {
        needs: Needs::any(),
        does: secrets::list_secrets(world, &input),
    }
    read ListSecretVersionIds(world, input: secrets::ListSecretVersionIdsInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::list_secret_version_ids(world, &input),
    }
    secret CreateSecret(world, input: secrets::CreateSecretInput) {
        needs: secret(world, &input.name),
        does: secrets::create_secret(world, input),
    }
    secret PutSecretValue(world, input: secrets::PutSecretValueInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::put_secret_value(world, input),
    }
    secret UpdateSecret(world, input: secrets::UpdateSecretInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::update_secret(world, input),
    }
    write UpdateSecretVersionStage(world, input: secrets::UpdateSecretVersionStageInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::update_secret_version_stage(world, &input),
    }
    write DeleteSecret(world, input: secrets::DeleteSecretInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::delete_secret(world, &input),
    }
    write GetRandomPassword(world, input: secrets::GenerateSecretString) {
        needs: Needs::any(),
        does: secrets::get_random_password(world, &input),
    }
    write RestoreSecret(world, input: secrets::SecretInput) {
        needs: secret(world, &input.secret_id),
        does: secrets::restore_secret(world, &input),
    }
};
