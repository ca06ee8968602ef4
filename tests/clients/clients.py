"""The pinned boto3 and `aws` CLI against a served local AWS: do they understand every answer?

Usage: LOCAL_AWS_ENDPOINT=http://127.0.0.1:PORT python clients.py

The clients are pinned in requirements.txt beside this file, in a virtual environment of their own.
The server must be fresh and its clock fast (`cargo xtask local serve --speed 300`): the waiters sleep in
wall time. Nothing here knows how this project deploys; the template is in stack.yaml.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

ENDPOINT = os.environ.get("LOCAL_AWS_ENDPOINT", "")
TEMPLATE = pathlib.Path(__file__).with_name("stack.yaml").read_text()
STACK = "clients"
REGION = "us-west-2"
# The defaults of the waiters in seconds, for a clock that runs 300 times as fast.
WAIT = {"Delay": 0.05, "MaxAttempts": 600}


def client(service, key="test"):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key="unused",
        config=Config(retries={"mode": "standard", "max_attempts": 3}),
    )


def local(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{ENDPOINT}/_local/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def cli(*args):
    """The `aws` CLI of the same virtual environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "unused",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_PAGER": "",
    }
    program = pathlib.Path(sys.executable).with_name("aws")
    return subprocess.run([str(program), *args], env=environment, capture_output=True, text=True, check=False)


def push(content, behaviour=None, tags=()):
    image = {"repository": "clients/web", "content": content, "tags": list(tags)}
    return local("POST", "images", image | ({"behaviour": behaviour} if behaviour else {}))["digest"]


def parameters(digest, **others):
    values = {"ImageDigest": digest} | others
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


class Clients(unittest.TestCase):
    """One story, told in the order of the methods' names."""

    @classmethod
    def setUpClass(cls):
        cls.cfn, cls.ecs, cls.elb = client("cloudformation"), client("ecs"), client("elbv2")
        cls.ecr, cls.logs, cls.cloudwatch = client("ecr"), client("logs"), client("cloudwatch")
        cls.secrets, cls.sts, cls.iam = client("secretsmanager"), client("sts"), client("iam")

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertTrue(caught.exception.response["ResponseMetadata"]["RequestId"])
        return caught.exception.response["Error"]["Message"]

    def stack(self):
        return self.cfn.describe_stacks(StackName=STACK)["Stacks"][0]

    def service(self):
        found = self.ecs.describe_services(cluster="clients", services=["web"])
        self.assertEqual(found["failures"], [])
        return found["services"][0]

    # Who is calling, and empty accounts.

    def test_010_identity(self):
        identity = self.sts.get_caller_identity()
        self.assertEqual(identity["Account"], local("GET", "status")["account"])
        self.assertTrue(identity["Arn"].startswith("arn:aws:iam::"))

    def test_020_errors_before_anything_exists(self):
        message = self.refused("ValidationError", self.cfn.describe_stacks, StackName=STACK)
        self.assertEqual(message, f"Stack with id {STACK} does not exist")
        self.refused("ClusterNotFoundException", self.ecs.list_services, cluster="clients")
        self.refused("RepositoryNotFoundException", self.ecr.describe_images, repositoryName="clients/web")
        self.refused("ResourceNotFoundException", self.secrets.describe_secret, SecretId="nothing")
        self.refused("TargetGroupNotFound", self.elb.describe_target_groups, Names=["nothing"])
        self.refused("LoadBalancerNotFound", self.elb.describe_load_balancers, Names=["nothing"])
        self.refused("ResourceNotFoundException", self.logs.describe_log_streams, logGroupName="/nothing")
        self.refused("NoSuchEntity", self.iam.get_role, RoleName="nothing")
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"], [])

    def test_030_what_is_not_implemented_says_so(self):
        message = self.refused("NotImplemented", self.ecs.create_capacity_provider, name="one")
        self.assertIn("ecs:CreateCapacityProvider", message)
        message = self.refused("NotImplemented", self.cfn.list_stack_sets)
        self.assertIn("cloudformation:ListStackSets", message)
        message = self.refused("NotImplemented", client("wafv2").list_web_acls, Scope="REGIONAL")
        self.assertIn("ListWebACLs", message)

    def test_040_unknown_keys_are_refused(self):
        self.refused("InvalidClientTokenId", client("sts", "AKIAUNKNOWN").get_caller_identity)
        self.refused("UnrecognizedClientException", client("ecs", "AKIAUNKNOWN").list_clusters)

    # Images and secrets.

    def test_100_images_are_found_by_tag_and_digest(self):
        self.ecr.create_repository(repositoryName="clients/web", imageTagMutability="IMMUTABLE")
        digest = push("one", tags=["one", "v1"])
        found = self.ecr.describe_images(repositoryName="clients/web", imageIds=[{"imageTag": "v1"}])
        self.assertEqual(found["imageDetails"][0]["imageDigest"], digest)
        self.assertCountEqual(found["imageDetails"][0]["imageTags"], ["one", "v1"])
        self.assertEqual(found["imageDetails"][0]["imagePushedAt"].year, 2026)
        self.refused(
            "ImageNotFoundException",
            self.ecr.describe_images,
            repositoryName="clients/web",
            imageIds=[{"imageTag": "v2"}],
        )
        image = self.ecr.batch_get_image(repositoryName="clients/web", imageIds=[{"imageDigest": digest}])
        again = self.ecr.put_image(
            repositoryName="clients/web",
            imageManifest=image["images"][0]["imageManifest"],
            imageTag="another",
        )
        self.assertEqual(again["image"]["imageId"]["imageDigest"], digest)

    def test_110_secrets_are_versioned(self):
        created = self.secrets.create_secret(Name="clients/key", SecretString="first")
        self.assertIn(":secret:clients/key-", created["ARN"])
        self.refused("ResourceExistsException", self.secrets.create_secret, Name="clients/key", SecretString="x")
        self.secrets.put_secret_value(SecretId="clients/key", SecretString="second")
        stages = self.secrets.describe_secret(SecretId="clients/key")["VersionIdsToStages"]
        self.assertCountEqual(sum(stages.values(), []), ["AWSCURRENT", "AWSPREVIOUS"])

    def test_120_pages_cover_everything_once(self):
        for number in range(7):
            self.logs.create_log_group(logGroupName=f"/pages/{number}")
        pages = list(
            self.logs.get_paginator("describe_log_groups").paginate(
                logGroupNamePrefix="/pages/", PaginationConfig={"PageSize": 3}
            )
        )
        names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
        self.assertEqual(names, [f"/pages/{number}" for number in range(7)])
        self.assertEqual(len(pages), 3)

    def paged(self, client, operation, key, size, **arguments):
        """Everything that the paginator of an operation finds, and in how many pages."""
        pages = list(client.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **arguments))
        return [one for page in pages for one in page[key]], len(pages)

    def test_130_every_service_pages_its_lists(self):
        for number in range(3):
            push(f"paged {number}", tags=[f"paged-{number}"])
            self.secrets.create_secret(Name=f"pages/{number}", SecretString="x")
            self.ecs.register_task_definition(
                family=f"pages-{number}",
                cpu="256",
                memory="512",
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                containerDefinitions=[{"name": "c", "image": "nginx"}],
            )
            self.ecs.create_cluster(clusterName=f"pages-{number}")
        images, pages = self.paged(self.ecr, "describe_images", "imageDetails", 2, repositoryName="clients/web")
        self.assertEqual((len({image["imageDigest"] for image in images}), pages), (4, 2))
        secrets, pages = self.paged(self.secrets, "list_secrets", "SecretList", 2)
        self.assertEqual((len({secret["ARN"] for secret in secrets}), pages), (4, 2))
        definitions, pages = self.paged(self.ecs, "list_task_definitions", "taskDefinitionArns", 2)
        self.assertEqual((len(set(definitions)), pages), (3, 2))
        clusters, pages = self.paged(self.ecs, "list_clusters", "clusterArns", 2)
        self.assertEqual((len(set(clusters)), pages), (3, 2))
        for number in range(3):
            self.ecs.delete_cluster(cluster=f"pages-{number}")
        self.refused("InvalidParameterException", self.ecs.list_clusters, nextToken="made up")
        done = cli("ecs", "list-task-definitions", "--max-items", "2", "--page-size", "1", "--query", "NextToken")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("null", done.stdout)

    def test_140_templates_are_validated(self):
        valid = self.cfn.validate_template(TemplateBody=TEMPLATE)
        self.assertEqual(valid["Capabilities"], ["CAPABILITY_IAM"])
        self.assertIn("ImageDigest", {one["ParameterKey"] for one in valid["Parameters"]})
        summary = self.cfn.get_template_summary(TemplateBody=TEMPLATE)
        self.assertIn("AWS::ECS::Service", summary["ResourceTypes"])
        broken = "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}}"
        message = self.refused("ValidationError", self.cfn.validate_template, TemplateBody=broken)
        self.assertIn("Unresolved resource dependencies [B]", message)

    def test_150_a_type_that_is_not_modelled_is_named(self):
        template = "Resources: {Table: {Type: AWS::DynamoDB::Table}}"
        for call in (self.cfn.create_stack, self.cfn.create_change_set):
            arguments = {"StackName": "unmodelled", "TemplateBody": template}
            if call == self.cfn.create_change_set:
                arguments |= {"ChangeSetName": "first", "ChangeSetType": "CREATE"}
            message = self.refused("NotModelled", call, **arguments)
            self.assertEqual(message, "not modelled: resource type AWS::DynamoDB::Table (resource Table)")
        self.refused("ValidationError", self.cfn.describe_stacks, StackName="unmodelled")

    # The stack.

    def test_200_a_change_set_creates_the_stack(self):
        self.refused(
            "InsufficientCapabilitiesException",
            self.cfn.create_change_set,
            StackName=STACK,
            ChangeSetName="early",
            ChangeSetType="CREATE",
            TemplateBody=TEMPLATE,
            Parameters=parameters(push("one")),
        )
        created = self.cfn.create_change_set(
            StackName=STACK,
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=TEMPLATE,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=parameters(push("one")),
            Tags=[{"Key": "Project", "Value": "clients"}],
        )
        self.cfn.get_waiter("change_set_create_complete").wait(
            StackName=STACK, ChangeSetName="first", WaiterConfig=WAIT
        )
        found = self.cfn.describe_change_set(ChangeSetName=created["Id"])
        self.assertEqual((found["Status"], found["ExecutionStatus"]), ("CREATE_COMPLETE", "AVAILABLE"))
        self.assertEqual({change["ResourceChange"]["Action"] for change in found["Changes"]}, {"Add"})
        self.assertEqual(self.stack()["StackStatus"], "REVIEW_IN_PROGRESS")
        self.cfn.execute_change_set(StackName=STACK, ChangeSetName="first", DisableRollback=False)
        self.cfn.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        stack = self.stack()
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        self.assertEqual({output["OutputKey"] for output in stack["Outputs"]}, {"Address", "Subnets"})
        self.assertEqual(stack["Tags"], [{"Key": "Project", "Value": "clients"}])
        self.assertEqual(stack["CreationTime"].year, 2026)

    def test_210_everything_that_was_created_is_described(self):
        service = self.service()
        self.assertEqual((service["status"], service["runningCount"], service["desiredCount"]), ("ACTIVE", 1, 1))
        self.assertEqual([one["rolloutState"] for one in service["deployments"]], ["COMPLETED"])
        self.ecs.get_waiter("services_stable").wait(cluster="clients", services=["web"], WaiterConfig=WAIT)

        tasks = self.ecs.list_tasks(cluster="clients", serviceName="web")["taskArns"]
        task = self.ecs.describe_tasks(cluster="clients", tasks=tasks)["tasks"][0]
        self.assertEqual((task["lastStatus"], task["containers"][0]["imageDigest"]), ("RUNNING", push("one")))

        definition = self.ecs.describe_task_definition(taskDefinition="clients-web")["taskDefinition"]
        self.assertEqual(definition["taskDefinitionArn"], service["taskDefinition"])
        deployments = self.ecs.list_service_deployments(cluster="clients", service="web")["serviceDeployments"]
        found = self.ecs.describe_service_deployments(
            serviceDeploymentArns=[deployments[0]["serviceDeploymentArn"]]
        )["serviceDeployments"][0]
        self.assertEqual(found["status"], "SUCCESSFUL")
        revision = self.ecs.describe_service_revisions(
            serviceRevisionArns=[found["targetServiceRevision"]["arn"]]
        )["serviceRevisions"][0]
        self.assertEqual(revision["containerImages"][0]["imageDigest"], push("one"))

        group = service["loadBalancers"][0]["targetGroupArn"]
        self.elb.get_waiter("target_in_service").wait(TargetGroupArn=group, WaiterConfig=WAIT)
        health = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.assertEqual([one["TargetHealth"]["State"] for one in health], ["healthy"])
        attributes = self.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        self.assertIn({"Key": "deregistration_delay.timeout_seconds", "Value": "15"}, attributes)

        alarm = self.cloudwatch.describe_alarms(AlarmNames=["clients-errors"])["MetricAlarms"][0]
        self.assertEqual((alarm["Threshold"], alarm["Period"]), (10.0, 60))
        self.assertEqual(alarm["StateUpdatedTimestamp"].year, 2026)

    def test_220_events_and_resources_are_paged(self):
        events = list(self.cfn.get_paginator("describe_stack_events").paginate(StackName=STACK))
        events = [event for page in events for event in page["StackEvents"]]
        self.assertEqual(len({event["EventId"] for event in events}), len(events))
        self.assertEqual(events[0]["ResourceStatus"], "CREATE_COMPLETE")
        times = [event["Timestamp"] for event in events]
        self.assertEqual(times, sorted(times, reverse=True))
        pages = self.cfn.get_paginator("list_stack_resources").paginate(StackName=STACK)
        resources = [one for page in pages for one in page["StackResourceSummaries"]]
        self.assertEqual(len(resources), 15)
        self.assertEqual({one["ResourceStatus"] for one in resources}, {"CREATE_COMPLETE"})

    def test_230_users_reach_the_service_through_the_balancer(self):
        address = next(o["OutputValue"] for o in self.stack()["Outputs"] if o["OutputKey"] == "Address")
        request = urllib.request.Request(f"{ENDPOINT}/health", headers={"Host": address})
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(answer.status, 200)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/", headers={"Host": "nobody.example"}))

    def test_240_the_same_again_is_no_change(self):
        self.cfn.create_change_set(
            StackName=STACK,
            ChangeSetName="same",
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "UsePreviousValue": True} for key in ("ImageDigest", "DesiredCount", "Path")
            ],
            Tags=[{"Key": "Project", "Value": "clients"}],
        )
        with self.assertRaises(WaiterError):
            self.cfn.get_waiter("change_set_create_complete").wait(
                StackName=STACK, ChangeSetName="same", WaiterConfig=WAIT
            )
        found = self.cfn.describe_change_set(StackName=STACK, ChangeSetName="same")
        self.assertEqual((found["Status"], found["Changes"]), ("FAILED", []))
        self.assertIn("didn't contain changes", found["StatusReason"])
        self.cfn.delete_change_set(StackName=STACK, ChangeSetName="same")
        self.refused(
            "ChangeSetNotFound", self.cfn.describe_change_set, StackName=STACK, ChangeSetName="same"
        )

    def test_250_an_update_rolls_the_service(self):
        digest = push("two")
        self.cfn.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=parameters(digest, DesiredCount="2"),
        )
        self.cfn.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        self.assertIn("Several", {output["OutputKey"] for output in self.stack()["Outputs"]})
        self.assertEqual(self.service()["runningCount"], 2)
        tasks = self.ecs.list_tasks(cluster="clients", serviceName="web")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster="clients", tasks=tasks)["tasks"]
        self.assertEqual({task["containers"][0]["imageDigest"] for task in tasks}, {digest})

    def test_260_a_bad_image_is_rolled_back(self):
        crashing = push("crashing", {"crash": {"after_secs": 1.0, "exit_code": 3, "log": ["no configuration"]}})
        before = self.service()["taskDefinition"]
        self.cfn.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=parameters(crashing, DesiredCount="2"),
        )
        with self.assertRaises(WaiterError):
            self.cfn.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        self.cfn.get_waiter("stack_rollback_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        self.assertEqual(self.stack()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.service()["taskDefinition"], before)
        events = self.cfn.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        self.assertTrue(any("Circuit Breaker was triggered" in reason for reason in reasons), reasons)
        stopped = self.ecs.list_tasks(cluster="clients", serviceName="web", desiredStatus="STOPPED")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster="clients", tasks=stopped)["tasks"]
        self.assertIn(3, {task["containers"][0].get("exitCode") for task in tasks})
        lines = self.logs.filter_log_events(logGroupName="/clients/web", filterPattern='"no configuration"')
        self.assertTrue(lines["events"])

    def test_270_a_stuck_rollback_is_continued(self):
        local("POST", "faults", {"fault": "rollback-fails:web"})
        try:
            self.cfn.update_stack(
                StackName=STACK,
                UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_IAM"],
                Parameters=parameters(push("three"), DesiredCount="2"),
            )
            with self.assertRaises(WaiterError):
                self.cfn.get_waiter("stack_rollback_complete").wait(StackName=STACK, WaiterConfig=WAIT)
            self.assertEqual(self.stack()["StackStatus"], "UPDATE_ROLLBACK_FAILED")
        finally:
            local("DELETE", "faults")
        self.refused("ValidationError", self.cfn.cancel_update_stack, StackName=STACK)
        self.refused(
            "ValidationError", self.cfn.continue_update_rollback, StackName=STACK, ResourcesToSkip=["Network"]
        )
        self.cfn.continue_update_rollback(StackName=STACK, ResourcesToSkip=["Service"])
        self.cfn.get_waiter("stack_rollback_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        self.assertEqual(self.stack()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")

    def test_280_drift_is_detected(self):
        self.ecs.update_service(cluster="clients", service="web", desiredCount=3)
        detection = self.cfn.detect_stack_drift(StackName=STACK)["StackDriftDetectionId"]
        local("POST", "clock", {"advance_secs": 600})
        found = self.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        self.assertEqual((found["DetectionStatus"], found["StackDriftStatus"]), ("DETECTION_COMPLETE", "DRIFTED"))
        drifts = self.cfn.describe_stack_resource_drifts(
            StackName=STACK, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )["StackResourceDrifts"]
        differences = {one["LogicalResourceId"]: one["PropertyDifferences"] for one in drifts}
        self.assertEqual(
            [(one["PropertyPath"], one["ExpectedValue"], one["ActualValue"]) for one in differences["Service"]],
            [("/DesiredCount", "2", "3")],
        )
        self.ecs.update_service(cluster="clients", service="web", desiredCount=2)

    def test_290_exports_are_listed(self):
        exporter = 'Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: "1", Export: {Name: one}}}'
        importer = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue one}}}"
        for name, template in (("exporter", exporter), ("importer", importer)):
            self.cfn.create_stack(StackName=name, TemplateBody=template)
            self.cfn.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
        exports = list(self.cfn.get_paginator("list_exports").paginate())[0]["Exports"]
        self.assertEqual([(one["Name"], one["Value"]) for one in exports], [("one", "1")])
        self.assertEqual(self.cfn.list_imports(ExportName="one")["Imports"], ["importer"])
        for name in ("importer", "exporter"):
            self.cfn.delete_stack(StackName=name)
            self.cfn.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=WAIT)

    def test_295_a_nested_stack_follows_its_parent(self):
        bucket = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: templates}}}"
        topic = (
            "Parameters: {Label: {Type: String}}\n"
            "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Label}}}\n"
            "Outputs: {Said: {Value: !Ref Label}}"
        )
        url = f"https://templates.s3.{REGION}.amazonaws.com/topic.yaml"
        parent = (
            "Resources:\n"
            "  Inner:\n"
            "    Type: AWS::CloudFormation::Stack\n"
            f"    Properties: {{TemplateURL: '{url}', Parameters: {{Label: LABEL}}}}\n"
            "Outputs: {Said: {Value: !GetAtt Inner.Outputs.Said}}"
        )
        created, updated, deleted = (
            self.cfn.get_waiter(f"stack_{end}_complete") for end in ("create", "update", "delete")
        )
        self.cfn.create_stack(StackName="bucket", TemplateBody=bucket)
        created.wait(StackName="bucket", WaiterConfig=WAIT)
        client("s3").put_object(Bucket="templates", Key="topic.yaml", Body=topic)
        self.cfn.create_stack(StackName="parent", TemplateBody=parent.replace("LABEL", "one"))
        created.wait(StackName="parent", WaiterConfig=WAIT)
        self.cfn.update_stack(StackName="parent", TemplateBody=parent.replace("LABEL", "two"))
        updated.wait(StackName="parent", WaiterConfig=WAIT)
        stack = self.cfn.describe_stacks(StackName="parent")["Stacks"][0]
        self.assertEqual(stack["Outputs"][0]["OutputValue"], "two")
        resource = self.cfn.describe_stack_resource(StackName="parent", LogicalResourceId="Inner")
        inner = resource["StackResourceDetail"]["PhysicalResourceId"]
        nested = self.cfn.describe_stacks(StackName=inner)["Stacks"][0]
        self.assertEqual((nested["ParentId"], nested["RootId"]), (stack["StackId"], stack["StackId"]))
        self.assertEqual(nested["StackStatus"], "UPDATE_COMPLETE")
        self.cfn.delete_stack(StackName="parent")
        deleted.wait(StackName="parent", WaiterConfig=WAIT)
        self.assertEqual(self.cfn.describe_stacks(StackName=inner)["Stacks"][0]["StackStatus"], "DELETE_COMPLETE")

    # The service, past CloudFormation.

    def test_298_waiters_end_where_aws_says(self):
        created = self.cfn.get_waiter("stack_create_complete")
        # A stack that was created and then failed to be updated was created.
        self.assertEqual(self.stack()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        created.wait(StackName=STACK, WaiterConfig=WAIT)
        with self.assertRaises(WaiterError):
            created.wait(StackName="nobody", WaiterConfig=WAIT)
        queue = "{Type: AWS::SQS::Queue, Properties: {QueueName: one}}"
        self.cfn.create_stack(StackName="twice", TemplateBody=f"Resources: {{Q: {queue}, R: {queue}}}")
        with self.assertRaises(WaiterError) as caught:
            created.wait(StackName="twice", WaiterConfig=WAIT)
        self.assertEqual(caught.exception.last_response["Stacks"][0]["StackStatus"], "ROLLBACK_COMPLETE")
        self.cfn.delete_stack(StackName="twice")
        with self.assertRaises(WaiterError):
            self.ecs.get_waiter("services_stable").wait(cluster="clients", services=["nobody"], WaiterConfig=WAIT)

    def test_300_update_service_starts_a_deployment(self):
        updated = self.ecs.update_service(cluster="clients", service="web", forceNewDeployment=True)["service"]
        self.assertEqual(len(updated["deployments"]), 2)
        self.ecs.get_waiter("services_stable").wait(cluster="clients", services=["web"], WaiterConfig=WAIT)
        self.assertEqual(len(self.service()["deployments"]), 1)
        self.refused("ServiceNotFoundException", self.ecs.update_service, cluster="clients", service="nobody")
        missing = self.ecs.describe_services(cluster="clients", services=["nobody"])
        self.assertEqual([failure["reason"] for failure in missing["failures"]], ["MISSING"])

    def test_310_a_task_runs_to_its_end(self):
        push_once = {"commands": [{"contains": "migrate", "duration_secs": 20.0, "exit_code": 4, "log": ["boom"]}]}
        digest = push("tasks", push_once)
        definition = self.ecs.describe_task_definition(taskDefinition="clients-web")["taskDefinition"]
        image = definition["containerDefinitions"][0]["image"].split("@")[0]
        registered = self.ecs.register_task_definition(
            family="clients-task",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=definition["executionRoleArn"],
            containerDefinitions=[{"name": "task", "image": f"{image}@{digest}", "essential": True}],
        )["taskDefinition"]
        self.assertEqual(registered["revision"], 1)
        subnets = next(o["OutputValue"] for o in self.stack()["Outputs"] if o["OutputKey"] == "Subnets")
        network = {"awsvpcConfiguration": {"subnets": subnets.split(","), "assignPublicIp": "ENABLED"}}
        started = self.ecs.run_task(
            cluster="clients",
            taskDefinition="clients-task",
            launchType="FARGATE",
            networkConfiguration=network,
            overrides={"containerOverrides": [{"name": "task", "command": ["migrate"]}]},
        )
        self.assertEqual(started["failures"], [])
        task = started["tasks"][0]["taskArn"]
        self.ecs.get_waiter("tasks_stopped").wait(cluster="clients", tasks=[task], WaiterConfig=WAIT)
        stopped = self.ecs.describe_tasks(cluster="clients", tasks=[task])["tasks"][0]
        self.assertEqual((stopped["lastStatus"], stopped["containers"][0]["exitCode"]), ("STOPPED", 4))
        self.assertEqual(stopped["stopCode"], "EssentialContainerExited")

    def test_320_a_task_is_waited_for_until_it_runs(self):
        subnets = next(o["OutputValue"] for o in self.stack()["Outputs"] if o["OutputKey"] == "Subnets")
        started = self.ecs.run_task(
            cluster="clients",
            taskDefinition="clients-web",
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets.split(",")}},
        )
        task = started["tasks"][0]["taskArn"]
        running = self.ecs.get_waiter("tasks_running")
        running.wait(cluster="clients", tasks=[task], WaiterConfig=WAIT)
        found = self.ecs.describe_tasks(cluster="clients", tasks=[task])["tasks"][0]
        self.assertEqual(found["lastStatus"], "RUNNING")
        self.ecs.stop_task(cluster="clients", task=task)
        self.ecs.get_waiter("tasks_stopped").wait(cluster="clients", tasks=[task], WaiterConfig=WAIT)
        for gone in (task, task[:-4] + "0000"):
            with self.assertRaises(WaiterError):
                running.wait(cluster="clients", tasks=[gone], WaiterConfig=WAIT)

    # Who may do what, and when the API itself fails.

    def test_400_a_role_is_held_to_its_policies(self):
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.iam.create_role(
            RoleName="reader",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        grant = {"Effect": "Allow", "Action": ["ecs:Describe*", "cloudformation:DescribeStacks"], "Resource": "*"}
        self.iam.put_role_policy(
            RoleName="reader",
            PolicyName="read",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [grant]}),
        )
        reader = client("ecs", "role/reader")
        self.assertEqual(reader.describe_services(cluster="clients", services=["web"])["failures"], [])
        message = self.refused("AccessDeniedException", reader.update_service, cluster="clients", service="web")
        self.assertRegex(message, r"^User: arn:aws:sts::\d{12}:assumed-role/reader/\S+ is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:us-west-2:\d{12}:service/clients/web because")
        self.refused("AccessDenied", client("cloudformation", "role/reader").delete_stack, StackName=STACK)

    def test_410_throttled_calls_are_retried(self):
        local("POST", "faults", {"fault": "throttled"})
        try:
            for _ in range(3):
                answer = self.cfn.describe_stacks(StackName=STACK)
                self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 200)
            self.assertGreater(answer["ResponseMetadata"]["RetryAttempts"], 0)
            self.assertTrue(self.ecs.list_clusters()["clusterArns"])
            self.assertTrue(self.cloudwatch.describe_alarms()["MetricAlarms"])
        finally:
            local("DELETE", "faults")

    # The command line.

    def test_500_the_cli_reads_the_same(self):
        done = cli("cloudformation", "describe-stacks", "--stack-name", STACK, "--query", "Stacks[0].StackStatus")
        self.assertEqual((done.returncode, done.stdout.strip()), (0, '"UPDATE_ROLLBACK_COMPLETE"'), done.stderr)
        done = cli("ecs", "wait", "services-stable", "--cluster", "clients", "--services", "web")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = cli("elbv2", "describe-rules", "--listener-arn", self.listener(), "--output", "text")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = cli("cloudwatch", "describe-alarms", "--output", "json")
        self.assertEqual(json.loads(done.stdout)["MetricAlarms"][0]["AlarmName"], "clients-errors", done.stderr)
        done = cli("logs", "filter-log-events", "--log-group-name", "/clients/web", "--output", "text")
        self.assertIn("no configuration", done.stdout, done.stderr)

    def test_510_the_cli_understands_refusals(self):
        done = cli("ecs", "describe-clusters", "--clusters", "nobody", "--query", "failures[0].reason")
        self.assertEqual(done.stdout.strip(), '"MISSING"')
        done = cli("cloudformation", "describe-stacks", "--stack-name", "nobody")
        self.assertEqual(done.returncode, 255)
        self.assertIn("(ValidationError)", done.stderr)
        done = cli("ecr", "describe-images", "--repository-name", "nobody")
        self.assertIn("(RepositoryNotFoundException)", done.stderr)

    def test_520_the_cli_changes_and_waits(self):
        def must(*args):
            done = cli(*args)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout) if done.stdout.strip() else None

        service = ("--cluster", "clients", "--service", "web")
        updated = must("ecs", "update-service", *service, "--force-new-deployment")["service"]
        self.assertEqual(updated["deployments"][0]["rolloutState"], "IN_PROGRESS")
        # The command line's waiters sleep in wall time: what they wait for has happened when they look.
        local("POST", "clock", {"advance_secs": 900})
        must("ecs", "wait", "services-stable", "--cluster", "clients", "--services", "web")

        subnets = next(o["OutputValue"] for o in self.stack()["Outputs"] if o["OutputKey"] == "Subnets")
        network = f"awsvpcConfiguration={{subnets=[{subnets}],assignPublicIp=ENABLED}}"
        started = must(
            "ecs", "run-task", "--cluster", "clients", "--task-definition", "clients-task", "--launch-type", "FARGATE",
            "--network-configuration", network,
            "--overrides", '{"containerOverrides": [{"name": "task", "command": ["migrate"]}]}',
        )
        task = started["tasks"][0]["taskArn"]
        local("POST", "clock", {"advance_secs": 300})
        must("ecs", "wait", "tasks-stopped", "--cluster", "clients", "--tasks", task)
        described = must("ecs", "describe-tasks", "--cluster", "clients", "--tasks", task)
        self.assertEqual(described["tasks"][0]["containers"][0]["exitCode"], 4)

        values = [f"ParameterKey={key},UsePreviousValue=true" for key in ("ImageDigest", "Path")]
        must(
            "cloudformation", "create-change-set", "--stack-name", STACK, "--change-set-name", "smaller",
            "--use-previous-template", "--capabilities", "CAPABILITY_IAM",
            "--parameters", *values, "ParameterKey=DesiredCount,ParameterValue=1",
        )
        named = ("--stack-name", STACK, "--change-set-name", "smaller")
        must("cloudformation", "wait", "change-set-create-complete", *named)
        changes = must("cloudformation", "describe-change-set", *named)["Changes"]
        self.assertEqual([one["ResourceChange"]["LogicalResourceId"] for one in changes], ["Service"])
        must("cloudformation", "execute-change-set", *named)
        local("POST", "clock", {"advance_secs": 1800})
        must("cloudformation", "wait", "stack-update-complete", "--stack-name", STACK)
        self.assertEqual(self.service()["desiredCount"], 1)

        template = str(pathlib.Path(__file__).with_name("stack.yaml"))
        done = cli(
            "cloudformation", "deploy", "--stack-name", STACK, "--template-file", template,
            "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", "DesiredCount=2", "--no-execute-changeset",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        done = cli("cloudformation", "validate-template", "--template-body", "Resources: {}")
        self.assertIn("(ValidationError)", done.stderr)

    def listener(self):
        balancer = self.elb.describe_load_balancers(Names=["clients"])["LoadBalancers"][0]
        listeners = self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        return listeners[0]["ListenerArn"]

    # The end.

    def test_900_the_stack_is_deleted(self):
        self.cfn.update_termination_protection(StackName=STACK, EnableTerminationProtection=True)
        self.refused("ValidationError", self.cfn.delete_stack, StackName=STACK)
        self.cfn.update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
        stack_id = self.stack()["StackId"]
        self.cfn.delete_stack(StackName=STACK)
        self.cfn.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        self.assertEqual(self.cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"], "DELETE_COMPLETE")
        self.assertEqual(self.ecs.list_clusters()["clusterArns"], [])
        self.refused("LoadBalancerNotFound", self.elb.describe_load_balancers, Names=["clients"])
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"], [])


if __name__ == "__main__":
    if not ENDPOINT:
        sys.exit("LOCAL_AWS_ENDPOINT is not set: start `cargo xtask local serve --speed 300` and name its address")
    unittest.main(verbosity=2, failfast=True)
