//! S3: what it takes to bring a template to CloudFormation.

use rollout_sim::s3::{self, Address, GetObjectInput, PutObjectInput};

use super::access::Needs;
use super::{Effect, Operation, operations};

fn object(bucket: &str, key: &str) -> Needs {
    Needs::on(Address { bucket: bucket.to_owned(), key: key.to_owned() }.arn())
}

const WRITES: &[Operation] = operations! {
    write PutObject(world, input: PutObjectInput) {
        needs: object(&input.bucket, &input.key),
        does: s3::put_object(world, input),
    }
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: WRITES[0].name, effect: WRITES[0].effect, run: WRITES[0].run },
    Operation {
        name: "GetObject",
        effect: Effect::Read,
        // The answer is the object itself.
        run: |call| {
            let input: GetObjectInput = call.input()?;
            call.authorise(&object(&input.bucket, &input.key))?;
            Ok(s3::get_object(call.world, &input)?.as_bytes().to_vec())
        },
    },
];
